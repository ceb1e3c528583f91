-- Searching messages by their words.
--
-- The words are made from the body by a trigger, in the language that the writing session is set to
-- (default_text_search_config; WARREN_SEARCH_LANGUAGE): whichever statement writes, edits or empties
-- a body, what is found stays what is there. System messages are not searched.

-- For conversation_id in the same index as the words. A trusted extension: the database's owner may
-- make it. It is made once in a database, whichever schema the tables are in; IF NOT EXISTS alone
-- fails when two do at once.
SELECT pg_advisory_xact_lock(hashtextextended('warren extension btree_gin', 0));
CREATE EXTENSION IF NOT EXISTS btree_gin SCHEMA public;

ALTER TABLE messages ADD COLUMN words tsvector;

CREATE FUNCTION message_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.words := CASE WHEN NEW.kind = 1 AND NEW.body <> '' THEN to_tsvector(NEW.body) END;
    RETURN NEW;
END $$;
CREATE TRIGGER messages_words BEFORE INSERT OR UPDATE OF body ON messages
    FOR EACH ROW EXECUTE FUNCTION message_words();

UPDATE messages SET words = to_tsvector(body) WHERE kind = 1 AND body <> '';

-- No pending list: merging it stalls a writer for a quarter of a second while it holds locks.
CREATE INDEX messages_words_idx ON messages USING gin (conversation_id, words) WITH (fastupdate = off);

-- What a person typed, as a query: quotes, OR and - as on the web. Where that leaves nothing to look
-- up (only exclusions), the plain words.
CREATE FUNCTION search_query(typed text) RETURNS tsquery LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN querytree(web) IN ('', 'T') THEN plainto_tsquery(typed) ELSE web END
    FROM websearch_to_tsquery(typed) AS web
$$;

-- Where the words stand, as HTML: escaped first, so that the marks are its only tags. A cut falls
-- between tokens, and the parser takes an entity for one.
CREATE FUNCTION search_excerpt(body text, query tsquery) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT ts_headline(
        replace(replace(replace(replace(body, '&', '&amp;'), '<', '&lt;'), '>', '&gt;'), '"', '&quot;'),
        query, 'StartSel=<mark>, StopSel=</mark>, MaxWords=30, MinWords=15')
$$;
