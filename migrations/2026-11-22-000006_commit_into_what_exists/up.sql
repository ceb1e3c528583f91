-- Committing into a channel that was deleted meanwhile: its row in `conversations` is gone at once,
-- its `members` are swept away later. Whoever has only such a row is no member.
--
-- The functions are those of 000003 but for that condition.

CREATE OR REPLACE FUNCTION commit_batch(
    p_conversation uuid[], p_sender uuid[], p_client uuid[], p_id uuid[],
    p_hash bytea[], p_body text[], p_head text[], p_request text[]
) RETURNS SETOF commit_result LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    v_at timestamptz;
BEGIN
    PERFORM 1 FROM conversations WHERE id = ANY (p_conversation) ORDER BY id FOR NO KEY UPDATE;
    -- After the wait for the locks: now() would be the time before it.
    v_at := date_trunc('milliseconds', clock_timestamp());
    RETURN QUERY
    WITH request AS MATERIALIZED (
        SELECT * FROM unnest(p_conversation, p_sender, p_client, p_id, p_hash, p_body, p_head, p_request)
            WITH ORDINALITY AS r (conversation_id, sender_id, client_id, id, hash, body, head, request_id, i)
    ), member AS MATERIALIZED (
        -- Locked in order: the receipts worker locks members too.
        SELECT m.conversation_id, m.user_id FROM members m JOIN conversations c ON c.id = m.conversation_id
        WHERE (m.conversation_id, m.user_id) IN (SELECT conversation_id, sender_id FROM request)
        ORDER BY 1, 2 FOR NO KEY UPDATE OF m
    ), judged AS MATERIALIZED (
        SELECT r.*, o.seq AS old_seq, o.rev AS old_rev, o.id AS old_id, o.request_hash AS old_hash,
            o.created_at AS old_at, m.user_id IS NOT NULL AS is_member,
            EXISTS (SELECT FROM blocks b WHERE (b.blocker_id, b.blocked_id) IN
                ((c.direct_low, c.direct_high), (c.direct_high, c.direct_low))) AS is_blocked,
            CASE c.kind WHEN 1 THEN ARRAY['user.' || c.direct_low, 'user.' || c.direct_high]
                        ELSE ARRAY['group.' || c.group_id] END AS keys,
            c.last_seq, c.rev
        FROM request r
        LEFT JOIN conversations c ON c.id = r.conversation_id
        LEFT JOIN member m ON m.conversation_id = r.conversation_id AND m.user_id = r.sender_id
        LEFT JOIN messages o ON o.conversation_id = r.conversation_id
            AND o.sender_id = r.sender_id AND o.client_id = r.client_id
    ), numbered AS MATERIALIZED (
        SELECT j.i, j.conversation_id, j.sender_id, j.client_id, j.id, j.hash, j.body, j.head,
            j.request_id, j.keys, j.last_seq + row_number() OVER w AS new_seq, j.rev + row_number() OVER w AS new_rev
        FROM judged j WHERE j.is_member AND j.old_seq IS NULL AND NOT j.is_blocked
        WINDOW w AS (PARTITION BY j.conversation_id ORDER BY j.i)
    ), inserted AS (
        INSERT INTO messages (conversation_id, seq, rev, id, client_id, sender_id, kind, request_hash, body, created_at)
        SELECT conversation_id, new_seq, new_rev, id, client_id, sender_id, 1, hash, body, v_at FROM numbered
    ), event AS (
        INSERT INTO outbox (conversation_id, rev, routing_keys, kind, body, message_id, request_id)
        SELECT conversation_id, new_rev, keys, 'message.created', message_frame(head, new_seq, new_rev, v_at), id, request_id
        FROM numbered ORDER BY i
        RETURNING outbox.id, outbox.message_id, outbox.routing_keys, outbox.body
    ), counted AS (
        UPDATE conversations c SET last_seq = c.last_seq + g.n, rev = c.rev + g.n, active_at = v_at
        FROM (SELECT conversation_id, count(*) AS n FROM numbered GROUP BY 1) g WHERE c.id = g.conversation_id
    ), moved AS (
        UPDATE members m SET delivered_seq = g.seq, read_seq = g.seq, public_read_seq = g.seq, receipts_at = v_at
        FROM (SELECT conversation_id, sender_id, max(new_seq) AS seq FROM numbered GROUP BY 1, 2) g
        WHERE m.conversation_id = g.conversation_id AND m.user_id = g.sender_id
    )
    SELECT n.i::integer, 1::smallint, n.new_seq, n.new_rev, n.id, NULL::bytea, v_at, e.id, e.routing_keys, e.body
    FROM numbered n JOIN event e ON e.message_id = n.id
    UNION ALL
    SELECT j.i::integer,
        CASE WHEN NOT j.is_member THEN 3 WHEN j.old_seq IS NOT NULL THEN 2 ELSE 4 END::smallint,
        j.old_seq, j.old_rev, j.old_id, j.old_hash, j.old_at, NULL::bigint, NULL::text[], NULL::text
    FROM judged j WHERE NOT j.is_member OR j.old_seq IS NOT NULL OR j.is_blocked;
END $$;

-- A batch of one that nothing speaks against: plain statements, a third cheaper than the batch.
-- Whatever is out of the ordinary undoes it (WR001, or 23505 for a client_id that exists), and the
-- caller runs commit_batch instead.
CREATE OR REPLACE FUNCTION commit_one(
    p_conversation uuid, p_sender uuid, p_client uuid, p_id uuid,
    p_hash bytea, p_body text, p_head text, p_request text
) RETURNS SETOF commit_result LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    v commit_result;
    v_low uuid;
    v_high uuid;
    v_group uuid;
BEGIN
    UPDATE conversations SET last_seq = last_seq + 1, rev = rev + 1,
        active_at = date_trunc('milliseconds', clock_timestamp())
    WHERE id = p_conversation
    RETURNING last_seq, rev, active_at, direct_low, direct_high, group_id
    INTO v.o_seq, v.o_rev, v.o_at, v_low, v_high, v_group;
    UPDATE members SET delivered_seq = v.o_seq, read_seq = v.o_seq, public_read_seq = v.o_seq, receipts_at = v.o_at
    WHERE conversation_id = p_conversation AND user_id = p_sender AND v.o_seq IS NOT NULL;
    IF NOT FOUND OR EXISTS (SELECT FROM blocks WHERE (blocker_id = v_low AND blocked_id = v_high)
                                                  OR (blocker_id = v_high AND blocked_id = v_low)) THEN
        RAISE EXCEPTION 'out of the ordinary' USING ERRCODE = 'WR001';
    END IF;
    INSERT INTO messages (conversation_id, seq, rev, id, client_id, sender_id, kind, request_hash, body, created_at)
    VALUES (p_conversation, v.o_seq, v.o_rev, p_id, p_client, p_sender, 1, p_hash, p_body, v.o_at);
    v.o_keys := CASE WHEN v_group IS NULL THEN ARRAY['user.' || v_low, 'user.' || v_high] ELSE ARRAY['group.' || v_group] END;
    v.o_frame := message_frame(p_head, v.o_seq, v.o_rev, v.o_at);
    INSERT INTO outbox (conversation_id, rev, routing_keys, kind, body, message_id, request_id)
    VALUES (p_conversation, v.o_rev, v.o_keys, 'message.created', v.o_frame, p_id, p_request)
    RETURNING id INTO v.o_outbox;
    v.o_i := 1;
    v.o_status := 1;
    v.o_id := p_id;
    RETURN NEXT v;
END $$;
