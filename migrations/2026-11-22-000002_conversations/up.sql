-- Conversations, each member's own view, messages, and events on their way to the broker.
--
-- Every key of messages starts with the conversation, so that the tables can be partitioned or
-- distributed by it. There are no foreign keys between them: the committer reads what they would
-- check under the conversation's lock, and a lock on users after it would break the lock order.

CREATE TABLE conversations (
    id uuid CONSTRAINT conversations_pkey PRIMARY KEY,
    -- 1: direct, 2: channel.
    kind smallint NOT NULL CONSTRAINT conversations_kind_check CHECK (kind IN (1, 2)),
    -- The two of a direct chat, the lower id first.
    direct_low uuid,
    direct_high uuid,
    group_id uuid,
    name text,
    topic text,
    category text,
    position integer,
    last_seq bigint NOT NULL DEFAULT 0,
    rev bigint NOT NULL DEFAULT 0,
    -- The rev at which name, topic, category or position last changed.
    fields_rev bigint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT date_trunc('milliseconds', clock_timestamp()),
    -- When the newest message was committed, or the conversation began.
    active_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT conversations_direct_pair_key UNIQUE (direct_low, direct_high),
    CONSTRAINT conversations_direct_check CHECK (
        CASE kind WHEN 1 THEN direct_low < direct_high AND group_id IS NULL
                  ELSE group_id IS NOT NULL AND direct_low IS NULL AND direct_high IS NULL END
    )
) WITH (fillfactor = 50); -- Counters change with every message: keep the new row version on its page.

CREATE TABLE members (
    conversation_id uuid NOT NULL,
    user_id uuid NOT NULL,
    delivered_seq bigint NOT NULL DEFAULT 0,
    read_seq bigint NOT NULL DEFAULT 0,
    -- What others see of read_seq: it stays behind while its owner hides read receipts.
    public_read_seq bigint NOT NULL DEFAULT 0,
    receipts_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- The caller's own view; watermarks do not move its version.
    version bigint NOT NULL DEFAULT 1,
    archived boolean NOT NULL DEFAULT false,
    pinned boolean NOT NULL DEFAULT false,
    pin_position integer,
    muted_until timestamptz,
    cleared_seq bigint NOT NULL DEFAULT 0,
    unread_from_seq bigint,
    -- Gone from the owner's list until last_seq is above this.
    deleted_seq bigint,
    CONSTRAINT members_pkey PRIMARY KEY (conversation_id, user_id)
) WITH (fillfactor = 50);
CREATE INDEX members_user_idx ON members (user_id, conversation_id);

CREATE TABLE messages (
    conversation_id uuid NOT NULL,
    seq bigint NOT NULL,
    rev bigint NOT NULL,
    id uuid NOT NULL,
    client_id uuid NOT NULL,
    sender_id uuid NOT NULL,
    -- 1: text, 2: system.
    kind smallint NOT NULL,
    -- SHA-256 of what the client asked for: the same client_id with other content is refused.
    request_hash bytea NOT NULL,
    body text NOT NULL,
    created_at timestamptz NOT NULL,
    edited_at timestamptz,
    deleted_at timestamptz,
    CONSTRAINT messages_pkey PRIMARY KEY (conversation_id, seq),
    CONSTRAINT messages_id_key UNIQUE (conversation_id, id),
    CONSTRAINT messages_client_id_key UNIQUE (conversation_id, sender_id, client_id),
    CONSTRAINT messages_seq_check CHECK (seq > 0 AND rev > 0)
);
CREATE INDEX messages_rev_idx ON messages (conversation_id, rev);
-- Unread counts subtract these instead of counting the others.
CREATE INDEX messages_uncounted_idx ON messages (conversation_id, seq)
    WHERE kind = 2 OR deleted_at IS NOT NULL;

-- Events that the broker has not confirmed. In one conversation the order of ids is the order of
-- revs, because both are taken under the conversation's lock.
CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT outbox_pkey PRIMARY KEY,
    conversation_id uuid,
    rev bigint,
    -- Control messages go first and without the wait.
    control boolean NOT NULL DEFAULT false,
    routing_keys text[] NOT NULL,
    kind text NOT NULL,
    body text NOT NULL,
    message_id uuid,
    request_id text,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX outbox_control_idx ON outbox (id) WHERE control;
