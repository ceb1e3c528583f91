-- A database of a chosen size (settings `seed.*`), computed from numbers alone.
--
-- The draws are a hash of what they are for, so that a second run makes the same rows.

CREATE FUNCTION pg_temp.amount(name text) RETURNS integer LANGUAGE sql STABLE AS
$$ SELECT current_setting('seed.' || name)::integer $$;

-- See `seed.rs`: like a version 7, in the order of n.
CREATE FUNCTION pg_temp.id(kind integer, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS
$$ SELECT (lpad(to_hex(1767225600000 + n), 12, '0') || '7' || lpad(to_hex(kind), 3, '0')
    || '8' || lpad(to_hex(n), 15, '0'))::uuid $$;

-- A message's: its time is what a search goes by.
CREATE FUNCTION pg_temp.id_at(at timestamptz, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS
$$ SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7005'
    || '8' || lpad(to_hex(n), 15, '0'))::uuid $$;

-- 0 to below `below`, evenly, and always the same for the same number.
CREATE FUNCTION pg_temp.draw(what bigint, below bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS
$$ SELECT (hashint8extended(what, 42) & 4611686018427387903) % greatest(below, 1) $$;

BEGIN;

INSERT INTO users (id, username, display_name, about, password_hash, created_at)
SELECT pg_temp.id(1, n), 'seed.' || lpad(n::text, 5, '0'),
    (ARRAY['Ada','Ben','Cleo','Dan','Eve','Finn','Gita','Hal','Iris','Jon'])[1 + n % 10] || ' '
        || (ARRAY['Abel','Brandt','Costa','Dias','Ekman','Fox','Grant'])[1 + n % 7] || ' ' || n,
    '', current_setting('seed.password_hash'), timestamptz '2026-01-01' + n * interval '1 second'
FROM generate_series(1, pg_temp.amount('users')) n;

-- 1: everybody; 2: a hundred channels; the others 5 to 60 members and one to five channels.
CREATE TEMP TABLE seed_groups ON COMMIT DROP AS
SELECT n,
    CASE n WHEN 1 THEN pg_temp.amount('users') WHEN 2 THEN 50 ELSE 5 + pg_temp.draw(n, 56) END AS members,
    CASE n WHEN 1 THEN 4 WHEN 2 THEN 100 ELSE 1 + pg_temp.draw(n + 1000000, 5) END AS channels
FROM generate_series(1, pg_temp.amount('groups')) n;
UPDATE seed_groups SET members = least(members, pg_temp.amount('users'));

-- Its place in the group, from 0, and who that is. Group 1 and 2 begin with person 1.
CREATE TEMP TABLE seed_members ON COMMIT DROP AS
SELECT g.n AS group_n, place::integer,
    (CASE WHEN g.n <= 2 THEN place ELSE (pg_temp.draw(g.n + 2000000, pg_temp.amount('users')) + place * 7) % pg_temp.amount('users') END + 1)::integer AS user_n
FROM seed_groups g, generate_series(0, g.members - 1) place;
DELETE FROM seed_members a USING seed_members b
WHERE a.group_n = b.group_n AND a.user_n = b.user_n AND a.place > b.place;
-- The heavy user's groups are the first two.
DELETE FROM seed_members WHERE user_n = 1 AND group_n > 2 AND place > 0;
UPDATE seed_groups g SET members = m.members FROM
    (SELECT group_n, count(*) AS members FROM seed_members GROUP BY 1) m WHERE m.group_n = g.n;

INSERT INTO groups (id, name, description, tags, public, owner_id, created_by, general_id, member_count, channel_count,
    created_at, active_at, search)
SELECT pg_temp.id(2, g.n), v.name, v.description, ARRAY[v.tag], g.n % 3 <> 0, pg_temp.id(1, m.user_n), pg_temp.id(1, m.user_n),
    pg_temp.id(3, g.n * 100), g.members, g.channels,
    timestamptz '2026-01-02' + g.n * interval '1 minute', timestamptz '2026-11-01' + g.n * interval '1 minute',
    to_tsvector('simple', v.name || ' ' || v.tag || ' ' || v.description)
FROM seed_groups g
JOIN seed_members m ON m.group_n = g.n AND m.place = 0
CROSS JOIN LATERAL (SELECT
    (ARRAY['Design','Kitchen','Release','Running','Music','Support','Garden','Reading'])[1 + g.n % 8] || ' ' || g.n AS name,
    'Everything about it' AS description,
    (ARRAY['work','fun','news','help'])[1 + g.n % 4] AS tag) v;

INSERT INTO group_members (group_id, user_id, role, joined_at)
SELECT pg_temp.id(2, group_n), pg_temp.id(1, user_n), CASE WHEN place = 0 THEN 1 WHEN place <= 2 THEN 2 ELSE 3 END,
    timestamptz '2026-01-03' + place * interval '1 second'
FROM seed_members;

-- Conversations, with how many messages each will hold: a fifth of all in the first group's
-- `general`, a tenth in the hundred channels, a quarter in direct chats, the rest in the others.
CREATE TEMP TABLE seed_conversations ON COMMIT DROP AS
SELECT pg_temp.id(3, g.n * 100 + place) AS id, g.n AS group_n, g.members, place::integer,
    NULL::integer AS low_n, NULL::integer AS high_n, NULL::integer AS messages
FROM seed_groups g, generate_series(0, g.channels - 1) place;
INSERT INTO seed_conversations
SELECT pg_temp.id(4, row_number() OVER (ORDER BY low_n, high_n)), NULL, 2, 0, low_n, high_n
FROM (
    SELECT 1 AS low_n, n AS high_n FROM generate_series(2, least(97, pg_temp.amount('users'))) n
    UNION
    SELECT n, (n + 1 + pg_temp.draw(n, 19))::integer FROM generate_series(2, pg_temp.amount('users') - 20, 2) n
) pairs;
UPDATE seed_conversations c SET messages = greatest(1, round(pg_temp.amount('messages') * CASE
    WHEN c.group_n IS NULL THEN 0.25 / counts.direct
    WHEN c.group_n = 2 THEN 0.1 / counts.second
    WHEN c.group_n = 1 AND c.place = 0 THEN 0.2
    ELSE 0.45 / counts.others END))
FROM (SELECT count(*) FILTER (WHERE group_n IS NULL) AS direct, count(*) FILTER (WHERE group_n = 2) AS second,
    count(*) FILTER (WHERE group_n <> 2) - 1 AS others FROM seed_conversations) counts;

INSERT INTO conversations (id, kind, direct_low, direct_high, group_id, name, category, position, last_seq, rev, created_at, active_at)
SELECT id, CASE WHEN group_n IS NULL THEN 1 ELSE 2 END,
    CASE WHEN group_n IS NULL THEN pg_temp.id(1, low_n) END, CASE WHEN group_n IS NULL THEN pg_temp.id(1, high_n) END,
    CASE WHEN group_n IS NOT NULL THEN pg_temp.id(2, group_n) END,
    CASE WHEN group_n IS NOT NULL THEN CASE place WHEN 0 THEN 'general' ELSE 'room-' || place END END,
    CASE WHEN place >= 10 THEN 'More' END, CASE WHEN group_n IS NOT NULL THEN place END,
    messages, messages, timestamptz '2026-01-04',
    timestamptz '2026-11-20' - pg_temp.draw(hashtext(id::text), 8640000) * interval '1 second'
FROM seed_conversations;

-- Everybody has read all but the last few; who reads little holds the floor.
INSERT INTO members (conversation_id, user_id, delivered_seq, read_seq, public_read_seq)
SELECT id, user_id, greatest(0, messages - behind / 2), greatest(0, messages - behind), greatest(0, messages - behind)
FROM (
    SELECT c.id, pg_temp.id(1, m.user_n) AS user_id, c.messages, pg_temp.draw(m.user_n + 7919 * m.group_n, 60) AS behind
    FROM seed_conversations c JOIN seed_members m USING (group_n)
    UNION ALL
    SELECT c.id, pg_temp.id(1, side.n), c.messages, pg_temp.draw(side.n + 104729 * c.low_n, 20)
    FROM seed_conversations c CROSS JOIN LATERAL (VALUES (c.low_n), (c.high_n)) side (n) WHERE c.group_n IS NULL
) placed;

INSERT INTO receipt_floors (conversation_id, delivered_seq, read_seq)
SELECT m.conversation_id, min(m.delivered_seq), min(m.public_read_seq)
FROM members m JOIN conversations c ON c.id = m.conversation_id AND c.kind = 2 GROUP BY 1;

INSERT INTO messages (conversation_id, seq, rev, id, client_id, sender_id, kind, request_hash, body, created_at)
SELECT c.id, seq, seq, pg_temp.id_at(placed.at, c.base + seq), pg_temp.id(6, c.base + seq),
    CASE WHEN c.group_n IS NULL THEN pg_temp.id(1, CASE WHEN pg_temp.draw(c.base + seq, 2) = 0 THEN c.low_n ELSE c.high_n END)
         ELSE pg_temp.id(1, s.user_n) END,
    1, '\x00', words.body, placed.at
FROM (SELECT s.*, v.active_at, sum(s.messages) OVER (ORDER BY s.id) - s.messages AS base
    FROM seed_conversations s JOIN conversations v ON v.id = s.id) c
CROSS JOIN LATERAL generate_series(1, c.messages) seq
CROSS JOIN LATERAL (SELECT c.active_at - (c.messages - seq) * interval '1 minute' AS at) placed
LEFT JOIN (SELECT *, row_number() OVER (PARTITION BY group_n ORDER BY place) - 1 AS rank FROM seed_members) s
    ON s.group_n = c.group_n AND s.rank = pg_temp.draw(c.base + seq, c.members)
CROSS JOIN LATERAL (SELECT string_agg(word, ' ' ORDER BY k) AS body FROM (
    SELECT k, (ARRAY['the','meeting','moved','to','friday','please','look','at','this','release','when','you','can',
        'thanks','for','lunch','design','review','is','ready','deploy','went','well','who','has','time','tomorrow',
        'morning','coffee','train','late','again','numbers','report','good','work'])[1 + pg_temp.draw((c.base + seq) * 16 + k, 36)] AS word
    FROM generate_series(1, 3 + pg_temp.draw(c.base + seq + 5, 12)) k
    -- What a search meets seldom, and what it hardly ever meets.
    UNION ALL SELECT 97, 'hundredth' WHERE pg_temp.draw(c.base + seq + 17, 100) = 0
    UNION ALL SELECT 98, 'thousandth' WHERE pg_temp.draw(c.base + seq + 23, 1000) = 0
    UNION ALL SELECT 99, 'word' || pg_temp.draw(c.base + seq + 11, 20000)
) drawn) words;

-- Address books and friends, a few each.
INSERT INTO contacts (owner_id, user_id, alias)
SELECT pg_temp.id(1, n), pg_temp.id(1, o), CASE WHEN o % 3 = 0 THEN 'Number ' || o END
FROM generate_series(1, pg_temp.amount('users')) n, LATERAL (
    SELECT DISTINCT 1 + (n + pg_temp.draw(n * 31 + k, 400)) % pg_temp.amount('users') AS o
    FROM generate_series(1, CASE n WHEN 1 THEN 300 ELSE 10 END) k) other
WHERE o <> n;
INSERT INTO friendships (low_id, high_id)
SELECT pg_temp.id(1, n), pg_temp.id(1, n + d)
FROM generate_series(1, pg_temp.amount('users')) n, generate_series(1, 3) d WHERE n + d <= pg_temp.amount('users');

COMMIT;

ANALYZE;
