DROP TABLE unshown_pictures;
ALTER TABLE groups DROP COLUMN icon_key;
ALTER TABLE users DROP COLUMN avatar_key;
