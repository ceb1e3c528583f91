-- The lowest watermarks of channels, moved up.

-- Few people hide what they read: who does is found without looking at all the others.
CREATE INDEX users_hide_read_receipts_idx ON users (id) WHERE hide_read_receipts;

-- A large group is told at most once a second, whichever process computes.
ALTER TABLE receipt_floors ADD COLUMN raised_at timestamptz NOT NULL DEFAULT '-infinity';

-- Computes the floors of these channels, and returns those that rose.
--
-- Each statement of a VOLATILE function takes a new snapshot: the floors are locked first, and the
-- watermarks read then. Of two transactions that each moved a watermark and do not see the other's,
-- the one that comes second waits here for the first to commit, and counts both.
--
-- Called after the members' locks, never before (docs/database.md, lock order).
CREATE FUNCTION raise_floors(p_conversation uuid[])
RETURNS TABLE (conversation_id uuid, group_id uuid, delivered_seq bigint, read_seq bigint)
LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
BEGIN
    INSERT INTO receipt_floors (conversation_id)
    SELECT c.id FROM conversations c WHERE c.id = ANY (p_conversation) AND c.group_id IS NOT NULL ORDER BY c.id
    ON CONFLICT DO NOTHING;
    PERFORM 1 FROM receipt_floors f WHERE f.conversation_id = ANY (p_conversation)
    ORDER BY f.conversation_id FOR NO KEY UPDATE;
    RETURN QUERY
    UPDATE receipt_floors f SET
        delivered_seq = greatest(f.delivered_seq, l.delivered),
        read_seq = greatest(f.read_seq, l.read),
        raised_at = clock_timestamp()
    FROM (
        -- Where nobody counts, nobody is waited for.
        SELECT c.id, c.group_id, coalesce(w.delivered, c.last_seq) AS delivered, coalesce(w.read, c.last_seq) AS read
        FROM conversations c CROSS JOIN LATERAL (
            SELECT min(m.delivered_seq) AS delivered, min(m.public_read_seq) FILTER (WHERE u.id IS NULL) AS read
            FROM members m LEFT JOIN users u ON u.id = m.user_id AND u.hide_read_receipts
            WHERE m.conversation_id = c.id
        ) w
        WHERE c.id = ANY (p_conversation)
    ) l
    WHERE f.conversation_id = l.id AND (l.delivered > f.delivered_seq OR l.read > f.read_seq)
    RETURNING f.conversation_id, l.group_id, f.delivered_seq, f.read_seq;
END $$;
