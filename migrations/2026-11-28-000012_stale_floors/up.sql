-- Floors that follow whatever is killed, and are told once a second however many processes tell.

-- Channels whose lowest watermarks somebody held back who does not count any more: they left, were
-- removed, ended their account, or hide what they read. A row is written with that, and deleted when
-- the floor has been computed. Nobody waits for another's: a channel may be here more than once.
CREATE TABLE stale_floors (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT stale_floors_pkey PRIMARY KEY,
    conversation_id uuid NOT NULL
);

-- As `raise_floors`, but for channels whose floor rose less than `p_pause` ago: these are returned
-- as they are. That is judged under the floor's lock: of two processes that come at once, the second
-- waits here for the first, and finds that it has just risen.
CREATE FUNCTION raise_floors_2(p_conversation uuid[], p_pause interval)
RETURNS TABLE (conversation_id uuid, group_id uuid, delivered_seq bigint, read_seq bigint, rose boolean)
LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
DECLARE
    v_due timestamptz;
BEGIN
    INSERT INTO receipt_floors (conversation_id)
    SELECT c.id FROM conversations c WHERE c.id = ANY (p_conversation) AND c.group_id IS NOT NULL ORDER BY c.id
    ON CONFLICT DO NOTHING;
    PERFORM 1 FROM receipt_floors f WHERE f.conversation_id = ANY (p_conversation)
    ORDER BY f.conversation_id FOR NO KEY UPDATE;
    v_due := clock_timestamp() - p_pause;
    RETURN QUERY
    SELECT f.conversation_id, c.group_id, f.delivered_seq, f.read_seq, false
    FROM receipt_floors f JOIN conversations c ON c.id = f.conversation_id
    WHERE f.conversation_id = ANY (p_conversation) AND f.raised_at > v_due;
    RETURN QUERY
    UPDATE receipt_floors f SET
        delivered_seq = greatest(f.delivered_seq, l.delivered),
        read_seq = greatest(f.read_seq, l.read),
        raised_at = clock_timestamp()
    FROM (
        -- Where nobody counts, nobody is waited for.
        SELECT c.id, c.group_id, coalesce(w.delivered, c.last_seq) AS delivered, coalesce(w.read, c.last_seq) AS read
        FROM receipt_floors k JOIN conversations c ON c.id = k.conversation_id CROSS JOIN LATERAL (
            SELECT min(m.delivered_seq) AS delivered, min(m.public_read_seq) FILTER (WHERE u.id IS NULL) AS read
            FROM members m LEFT JOIN users u ON u.id = m.user_id AND u.hide_read_receipts
            WHERE m.conversation_id = c.id
        ) w
        WHERE k.conversation_id = ANY (p_conversation) AND k.raised_at <= v_due
    ) l
    WHERE f.conversation_id = l.id AND (l.delivered > f.delivered_seq OR l.read > f.read_seq)
    RETURNING f.conversation_id, l.group_id, f.delivered_seq, f.read_seq, true;
END $$;
