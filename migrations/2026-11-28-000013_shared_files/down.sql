DROP INDEX messages_files_idx;
ALTER TABLE attachments DROP COLUMN placeholder;
