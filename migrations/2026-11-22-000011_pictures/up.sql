-- Avatars and icons: one square picture each, named by an unguessable key.

ALTER TABLE users ADD COLUMN avatar_key text;
ALTER TABLE groups ADD COLUMN icon_key text;

-- Pictures that nobody shows: not yet, or no longer. The sweeper removes their files and their rows.
-- A picture is noted here before its file is written, so that none is ever forgotten.
CREATE TABLE unshown_pictures (
    key text CONSTRAINT unshown_pictures_pkey PRIMARY KEY,
    since timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX unshown_pictures_since_idx ON unshown_pictures (since);
