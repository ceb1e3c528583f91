-- Every file that can be read: its size where it is known, a tab, and its path in the store
-- (api/src/files/blobs.rs).

\pset fieldsep '\t'

SELECT a.size::text, p.folder || '/original'
FROM attachments a CROSS JOIN LATERAL (SELECT 'attachments/' || right(a.id::text, 2) || '/' || a.id AS folder) p
WHERE a.deleted_at IS NULL
UNION ALL
SELECT '?', 'attachments/' || right(a.id::text, 2) || '/' || a.id || '/thumbnail'
FROM attachments a WHERE a.deleted_at IS NULL AND a.has_thumbnail
UNION ALL
SELECT '?', 'pictures/' || lpad(to_hex(p.shard % 256), 2, '0') || '/' || p.key || '/square'
FROM (
    SELECT k.key, (SELECT sum(get_byte(convert_to(k.key, 'UTF8'), i)) FROM generate_series(0, octet_length(k.key) - 1) i) AS shard
    FROM (SELECT avatar_key FROM users WHERE avatar_key IS NOT NULL
          UNION SELECT icon_key FROM groups WHERE icon_key IS NOT NULL) k (key)
) p
ORDER BY 2;

\pset fieldsep '|'
