-- $messages messages in the direct chat $conversation, by its two people in turn.

INSERT INTO messages (conversation_id, seq, rev, id, client_id, sender_id, kind, request_hash, body, created_at)
SELECT c.id, n, n, gen_random_uuid(), gen_random_uuid(), CASE n % 2 WHEN 0 THEN c.direct_low ELSE c.direct_high END,
    1, '\x00', 'message ' || n || ' of a long conversation, of sixty-four bytes or so',
    date_trunc('milliseconds', timestamptz '2026-01-01' + n * interval '1 second')
FROM conversations c, generate_series(c.last_seq + 1, $messages) n
WHERE c.id = '$conversation';

UPDATE conversations SET last_seq = greatest(last_seq, $messages), rev = greatest(rev, $messages)
WHERE id = '$conversation';

ANALYZE messages;
