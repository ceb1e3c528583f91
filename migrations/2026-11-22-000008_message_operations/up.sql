-- What people do with messages: reply, mention, react, pin, hide, and attach files.
--
-- A message's row holds what a reader is shown, so that a page of the timeline is one statement:
-- `attachments` and `reactions` are as the wire has them (protocol::message), NULL for none. The
-- tables below hold what is asked by other keys, and change under the same conversation's lock.

ALTER TABLE messages
    ADD COLUMN reply_to_seq bigint,
    ADD COLUMN mentions uuid[] NOT NULL DEFAULT '{}',
    -- Everyone in the conversation is meant: one flag, not a row for each of ten thousand.
    ADD COLUMN mentions_all boolean NOT NULL DEFAULT false,
    ADD COLUMN attachments jsonb,
    ADD COLUMN reactions jsonb,
    ADD COLUMN pinned_at timestamptz;
CREATE INDEX messages_mentions_all_idx ON messages (conversation_id, seq) WHERE mentions_all;
CREATE INDEX messages_pinned_idx ON messages (conversation_id, pinned_at, seq) WHERE pinned_at IS NOT NULL;

-- Who is named where: unread mentions are counted by it.
CREATE TABLE mentions (
    conversation_id uuid NOT NULL,
    user_id uuid NOT NULL,
    seq bigint NOT NULL,
    CONSTRAINT mentions_pkey PRIMARY KEY (conversation_id, user_id, seq)
);

-- Messages that one member deleted for themselves.
CREATE TABLE message_hides (
    conversation_id uuid NOT NULL,
    user_id uuid NOT NULL,
    seq bigint NOT NULL,
    message_id uuid NOT NULL,
    -- The version of the member's view that hid it.
    version bigint NOT NULL,
    CONSTRAINT message_hides_pkey PRIMARY KEY (conversation_id, user_id, seq)
);
CREATE INDEX message_hides_version_idx ON message_hides (conversation_id, user_id, version);

CREATE TABLE reactions (
    conversation_id uuid NOT NULL,
    seq bigint NOT NULL,
    user_id uuid NOT NULL,
    emoji text NOT NULL,
    -- Their order: the newest are shown by name.
    id bigint GENERATED ALWAYS AS IDENTITY,
    CONSTRAINT reactions_pkey PRIMARY KEY (conversation_id, seq, user_id, emoji)
);
CREATE INDEX reactions_order_idx ON reactions (conversation_id, seq, emoji, id);

-- Files: one blob each, named by `id`.
CREATE TABLE attachments (
    id uuid CONSTRAINT attachments_pkey PRIMARY KEY,
    uploader_id uuid NOT NULL,
    name text NOT NULL,
    content_type text NOT NULL,
    size bigint NOT NULL,
    width integer,
    height integer,
    has_thumbnail boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- The one message that holds it, from its commit on.
    conversation_id uuid,
    message_id uuid,
    -- Nobody may read it any more; the blob goes after a grace.
    deleted_at timestamptz,
    CONSTRAINT attachments_message_check CHECK ((conversation_id IS NULL) = (message_id IS NULL))
);
CREATE INDEX attachments_message_idx ON attachments (conversation_id, message_id);
CREATE INDEX attachments_uploader_idx ON attachments (uploader_id, created_at);
-- What the sweeper looks for.
CREATE INDEX attachments_unheld_idx ON attachments (created_at) WHERE message_id IS NULL AND deleted_at IS NULL;
CREATE INDEX attachments_deleted_idx ON attachments (deleted_at) WHERE deleted_at IS NOT NULL;
