-- Committing messages that have more than a text: an answer, files, names.
--
-- p_extra is NULL for a plain message, or:
--     {"reply": [seq, text, characters], "attachments": [as on the wire], "mentions": [user], "all": true}
-- Each part may be missing. What the frame says of an answered message and of files was read before
-- the locks; o_status 5 says that it is no longer so: the answered message does not begin with that
-- text any more, or a file is held or deleted. The caller reads again.
--
-- p_attachment names every file of the batch, and no file twice. A batch of plain messages takes
-- commit_one or commit_batch, as before.

CREATE FUNCTION commit_batch_2(
    p_conversation uuid[], p_sender uuid[], p_client uuid[], p_id uuid[],
    p_hash bytea[], p_body text[], p_head text[], p_request text[], p_extra jsonb[], p_attachment uuid[]
) RETURNS SETOF commit_result LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    v_at timestamptz;
BEGIN
    PERFORM 1 FROM conversations WHERE id = ANY (p_conversation) ORDER BY id FOR NO KEY UPDATE;
    IF cardinality(p_attachment) > 0 THEN
        -- Members come before attachments in the order of locks.
        PERFORM 1 FROM members
        WHERE (conversation_id, user_id) IN (SELECT * FROM unnest(p_conversation, p_sender))
        ORDER BY conversation_id, user_id FOR NO KEY UPDATE;
        PERFORM 1 FROM attachments WHERE id = ANY (p_attachment) ORDER BY id FOR NO KEY UPDATE;
    END IF;
    -- After the wait for the locks: now() would be the time before it.
    v_at := date_trunc('milliseconds', clock_timestamp());
    RETURN QUERY
    WITH request AS MATERIALIZED (
        SELECT * FROM unnest(p_conversation, p_sender, p_client, p_id, p_hash, p_body, p_head, p_request, p_extra)
            WITH ORDINALITY AS r (conversation_id, sender_id, client_id, id, hash, body, head, request_id, extra, i)
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
            r.extra IS NULL OR (
                (NOT r.extra ? 'reply' OR coalesce(
                    left(t.body, (r.extra->'reply'->>2)::integer) = r.extra->'reply'->>1, false))
                AND (NOT r.extra ? 'attachments' OR jsonb_array_length(r.extra->'attachments') = (
                    SELECT count(*) FROM jsonb_array_elements(r.extra->'attachments') e
                    JOIN attachments a ON a.id = (e->>'id')::uuid
                    WHERE a.uploader_id = r.sender_id AND a.message_id IS NULL AND a.deleted_at IS NULL))
            ) AS is_current,
            CASE c.kind WHEN 1 THEN ARRAY['user.' || c.direct_low, 'user.' || c.direct_high]
                        ELSE ARRAY['group.' || c.group_id] END AS keys,
            c.last_seq, c.rev
        FROM request r
        LEFT JOIN conversations c ON c.id = r.conversation_id
        LEFT JOIN member m ON m.conversation_id = r.conversation_id AND m.user_id = r.sender_id
        LEFT JOIN messages o ON o.conversation_id = r.conversation_id
            AND o.sender_id = r.sender_id AND o.client_id = r.client_id
        LEFT JOIN messages t ON t.conversation_id = r.conversation_id AND t.seq = (r.extra->'reply'->>0)::bigint
    ), numbered AS MATERIALIZED (
        SELECT j.i, j.conversation_id, j.sender_id, j.client_id, j.id, j.hash, j.body, j.head,
            j.request_id, j.extra, j.keys,
            j.last_seq + row_number() OVER w AS new_seq, j.rev + row_number() OVER w AS new_rev
        FROM judged j WHERE j.is_member AND j.old_seq IS NULL AND NOT j.is_blocked AND j.is_current
        WINDOW w AS (PARTITION BY j.conversation_id ORDER BY j.i)
    ), inserted AS (
        INSERT INTO messages (conversation_id, seq, rev, id, client_id, sender_id, kind, request_hash, body, created_at,
            reply_to_seq, mentions, mentions_all, attachments)
        SELECT conversation_id, new_seq, new_rev, id, client_id, sender_id, 1, hash, body, v_at,
            (extra->'reply'->>0)::bigint,
            CASE WHEN extra ? 'mentions'
                 THEN ARRAY(SELECT jsonb_array_elements_text(extra->'mentions')::uuid) ELSE '{}' END,
            coalesce((extra->>'all')::boolean, false), extra->'attachments'
        FROM numbered
    ), named AS (
        INSERT INTO mentions (conversation_id, user_id, seq)
        SELECT n.conversation_id, u::uuid, n.new_seq
        FROM numbered n CROSS JOIN LATERAL jsonb_array_elements_text(n.extra->'mentions') u
        WHERE n.extra ? 'mentions'
    ), claimed AS (
        UPDATE attachments a SET conversation_id = n.conversation_id, message_id = n.id
        FROM numbered n CROSS JOIN LATERAL jsonb_array_elements(n.extra->'attachments') e
        WHERE n.extra ? 'attachments' AND a.id = (e->>'id')::uuid
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
        CASE WHEN NOT j.is_member THEN 3 WHEN j.old_seq IS NOT NULL THEN 2 WHEN j.is_blocked THEN 4 ELSE 5 END::smallint,
        j.old_seq, j.old_rev, j.old_id, j.old_hash, j.old_at, NULL::bigint, NULL::text[], NULL::text
    FROM judged j WHERE NOT j.is_member OR j.old_seq IS NOT NULL OR j.is_blocked OR NOT j.is_current;
END $$;
