-- What people have sent to each other, and how a picture looks before it is there.

-- The base64 of a ThumbHash, of pictures.
ALTER TABLE attachments ADD COLUMN placeholder text;

-- The messages of a conversation that hold files, in their order. No release is out whose table could
-- have grown, so it is built here.
CREATE INDEX messages_files_idx ON messages (conversation_id, seq) WHERE attachments IS NOT NULL;
