-- People for load tests, with a session each and no password: they cannot sign in.
-- $people is how many; those who are there already stay.

INSERT INTO users (id, username, display_name, created_at)
SELECT ('be9c0000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'bench.' || lpad(n::text, 5, '0'),
    'Bench ' || n, timestamptz '2026-01-01'
FROM generate_series(1, $people) n
ON CONFLICT DO NOTHING;

INSERT INTO sessions (id, user_id, cookie)
SELECT ('be9c0001-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid,
    ('be9c0000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, false
FROM generate_series(1, $people) n
ON CONFLICT DO NOTHING;
