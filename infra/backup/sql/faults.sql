-- What cannot be in a database that is whole: a line for each fault, nothing if there is none.
--
-- The counters make it provable. `seq` of a conversation is 1, 2, 3 … up to its last_seq, and its
-- newest change bears its `rev`: a message that is missing leaves a hole, and one missing at the end
-- a counter that nothing reaches. Groups count their members and channels, and everyone in a group
-- has a row in each channel. What lies outside (a deleted channel's rows until they are swept) is
-- known by removed_conversations.

WITH timeline AS MATERIALIZED (
    SELECT conversation_id, count(*) AS messages, min(seq) AS first, max(seq) AS last,
        max(rev) AS newest, count(DISTINCT rev) AS revs
    FROM messages GROUP BY conversation_id
)
SELECT format('conversation %s: last_seq is %s, and there are %s messages, %s to %s',
    c.id, c.last_seq, coalesce(t.messages, 0), coalesce(t.first, 0), coalesce(t.last, 0))
FROM conversations c LEFT JOIN timeline t ON t.conversation_id = c.id
WHERE coalesce(t.messages, 0) <> c.last_seq OR coalesce(t.last, 0) <> c.last_seq OR t.first <> 1
UNION ALL
SELECT format('conversation %s: rev is %s, its fields changed at %s, %s messages have %s revs up to %s',
    c.id, c.rev, c.fields_rev, coalesce(t.messages, 0), coalesce(t.revs, 0), coalesce(t.newest, 0))
FROM conversations c LEFT JOIN timeline t ON t.conversation_id = c.id
WHERE greatest(c.fields_rev, t.newest) <> c.rev OR t.revs <> t.messages
UNION ALL
SELECT format('%s of conversation %s: there is no such conversation', o.what, o.conversation_id)
FROM (SELECT 'messages' AS what, conversation_id FROM timeline
      UNION SELECT 'members', conversation_id FROM members
      UNION SELECT 'receipt_floors', conversation_id FROM receipt_floors) o
WHERE NOT EXISTS (SELECT FROM conversations c WHERE c.id = o.conversation_id)
    AND NOT EXISTS (SELECT FROM removed_conversations r WHERE r.conversation_id = o.conversation_id AND r.swept_at IS NULL)
UNION ALL
SELECT format('member %s of %s: watermarks %s/%s/%s, cleared up to %s, and last_seq is %s',
    m.user_id, m.conversation_id, m.delivered_seq, m.read_seq, m.public_read_seq, m.cleared_seq, c.last_seq)
FROM members m JOIN conversations c ON c.id = m.conversation_id
WHERE greatest(m.delivered_seq, m.cleared_seq) > c.last_seq OR m.read_seq > m.delivered_seq OR m.public_read_seq > m.read_seq
UNION ALL
SELECT format('direct chat %s: its members are %s, not %s and %s', c.id, m.ids, c.direct_low, c.direct_high)
FROM conversations c CROSS JOIN LATERAL (
    SELECT coalesce(array_agg(user_id ORDER BY user_id), '{}') AS ids FROM members WHERE conversation_id = c.id) m
WHERE c.kind = 1 AND m.ids <> ARRAY[c.direct_low, c.direct_high]
UNION ALL
SELECT format('group %s: it counts %s members and %s channels, and there are %s and %s',
    g.id, g.member_count, g.channel_count, m.count, c.count)
FROM groups g
CROSS JOIN LATERAL (SELECT count(*) FROM group_members WHERE group_id = g.id) m
CROSS JOIN LATERAL (SELECT count(*) FROM conversations WHERE group_id = g.id) c
WHERE (g.member_count, g.channel_count) <> (m.count, c.count)
UNION ALL
SELECT format('group %s: its owner %s has no such role', g.id, g.owner_id)
FROM groups g
WHERE NOT EXISTS (SELECT FROM group_members m WHERE m.group_id = g.id AND m.user_id = g.owner_id AND m.role = 1)
UNION ALL
SELECT format('channel %s: %s are in the group %s, %s of them in the channel, and %s others',
    c.id, s.all_of_group, c.group_id, s.here, s.others)
FROM conversations c CROSS JOIN LATERAL (
    SELECT count(g.user_id) AS all_of_group, count(*) FILTER (WHERE g.user_id = m.user_id) AS here,
        count(*) FILTER (WHERE g.user_id IS NULL) AS others
    FROM (SELECT user_id FROM group_members WHERE group_id = c.group_id) g
    FULL JOIN (SELECT user_id FROM members WHERE conversation_id = c.id) m ON m.user_id = g.user_id) s
WHERE c.kind = 2 AND (s.here <> s.all_of_group OR s.others > 0)
UNION ALL
SELECT format('%s of conversation %s: there is no message %s', o.what, o.conversation_id, o.seq)
FROM (SELECT 'mentions' AS what, conversation_id, seq FROM mentions
      UNION SELECT 'reactions', conversation_id, seq FROM reactions
      UNION SELECT 'message_hides', conversation_id, seq FROM message_hides) o
JOIN conversations c ON c.id = o.conversation_id
WHERE NOT EXISTS (SELECT FROM messages m WHERE m.conversation_id = o.conversation_id AND m.seq = o.seq)
UNION ALL
SELECT format('attachment %s: there is no message %s in %s', a.id, a.message_id, a.conversation_id)
FROM attachments a
WHERE a.message_id IS NOT NULL AND a.deleted_at IS NULL
    AND NOT EXISTS (SELECT FROM messages m WHERE m.conversation_id = a.conversation_id AND m.id = a.message_id)
UNION ALL
SELECT format('message %s of %s: its attachment %s is not there', m.id, m.conversation_id, named.attachment ->> 'id')
FROM messages m CROSS JOIN LATERAL jsonb_array_elements(m.attachments) named (attachment)
WHERE m.attachments IS NOT NULL AND m.deleted_at IS NULL
    AND EXISTS (SELECT FROM conversations c WHERE c.id = m.conversation_id)
    AND NOT EXISTS (SELECT FROM attachments a WHERE a.id = (named.attachment ->> 'id')::uuid
        AND a.message_id = m.id AND a.deleted_at IS NULL)
UNION ALL
SELECT format('user %s is named by %s, and is not there', n.user_id, n.what)
FROM (SELECT 'messages' AS what, sender_id AS user_id FROM messages UNION SELECT 'members', user_id FROM members
      UNION SELECT 'group_members', user_id FROM group_members UNION SELECT 'attachments', uploader_id FROM attachments) n
WHERE NOT EXISTS (SELECT FROM users u WHERE u.id = n.user_id);
