-- A private group with one channel; its members are the people from $first on.

INSERT INTO groups (id, name, public, owner_id, created_by, general_id, member_count, channel_count, search)
VALUES ('$group', 'Bench', false, ('be9c0000-0000-7000-8000-' || lpad(to_hex($first), 12, '0'))::uuid,
    ('be9c0000-0000-7000-8000-' || lpad(to_hex($first), 12, '0'))::uuid, '$channel', $members, 1,
    to_tsvector('simple', 'Bench'));

INSERT INTO conversations (id, kind, group_id, name, position)
VALUES ('$channel', 2, '$group', 'general', 0);

INSERT INTO group_members (group_id, user_id, role)
SELECT '$group', ('be9c0000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid,
    CASE WHEN n = $first THEN 1 ELSE 3 END
FROM generate_series($first, $first + $members - 1) n;

INSERT INTO members (conversation_id, user_id)
SELECT '$channel', ('be9c0000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid
FROM generate_series($first, $first + $members - 1) n;
