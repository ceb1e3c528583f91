DROP TABLE attachments, reactions, message_hides, mentions;
ALTER TABLE messages DROP COLUMN reply_to_seq, DROP COLUMN mentions, DROP COLUMN mentions_all,
    DROP COLUMN attachments, DROP COLUMN reactions, DROP COLUMN pinned_at;
