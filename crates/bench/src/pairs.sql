-- $pairs direct chats: of the first two people from $first on, of the next two, and so on. Their ids
-- come from their numbers, because a pair has one chat for ever.

CREATE TEMP TABLE bench_pairs AS
SELECT ('be9c0002-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid AS id,
    ('be9c0000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid AS low,
    ('be9c0000-0000-7000-8000-' || lpad(to_hex(n + 1), 12, '0'))::uuid AS high
FROM generate_series($first, $first + 2 * $pairs - 1, 2) n;

INSERT INTO conversations (id, kind, direct_low, direct_high)
SELECT id, 1, low, high FROM bench_pairs
ON CONFLICT DO NOTHING;

INSERT INTO members (conversation_id, user_id)
SELECT id, side FROM bench_pairs CROSS JOIN LATERAL (VALUES (low), (high)) s (side)
ON CONFLICT DO NOTHING;

DROP TABLE bench_pairs;
