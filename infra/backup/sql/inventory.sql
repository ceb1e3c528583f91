-- What a database holds: a line for each table, with its rows and a sum over all that is in them,
-- whatever their order, and one for each sequence. Two databases with the same inventory hold the
-- same. Unlogged tables are left out: what is in them is not backed up.

SELECT format($$SELECT %L, count(*), coalesce(sum(('x' || left(md5(t::text), 15))::bit(60)::bigint), 0) FROM %I.%I t$$,
    n.nspname || '.' || c.relname, n.nspname, c.relname)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relpersistence = 'p' AND n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema'
ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C" \gexec

SELECT 'sequence ' || schemaname || '.' || sequencename, last_value FROM pg_sequences
ORDER BY schemaname COLLATE "C", sequencename COLLATE "C";
