DROP FUNCTION raise_floors(uuid[]);
DROP INDEX users_hide_read_receipts_idx;
