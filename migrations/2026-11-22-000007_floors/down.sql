DROP FUNCTION raise_floors(uuid[]);
ALTER TABLE receipt_floors DROP COLUMN raised_at;
DROP INDEX users_hide_read_receipts_idx;
