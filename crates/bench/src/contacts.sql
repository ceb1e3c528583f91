-- In $owner's address book, so many people from $first on.

INSERT INTO contacts (owner_id, user_id)
SELECT ('be9c0000-0000-7000-8000-' || lpad(to_hex($owner), 12, '0'))::uuid,
    ('be9c0000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid
FROM generate_series($first, $first + $contacts - 1) n
ON CONFLICT DO NOTHING;
