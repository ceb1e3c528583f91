-- The extension stays: other schemas of the database may use it.
DROP FUNCTION search_excerpt(text, tsquery), search_query(text);
DROP TRIGGER messages_words ON messages;
DROP FUNCTION message_words();
ALTER TABLE messages DROP COLUMN words;
