-- What people are to each other.

CREATE TABLE contacts (
    owner_id uuid NOT NULL CONSTRAINT contacts_owner_fkey REFERENCES users (id) ON DELETE CASCADE,
    user_id uuid NOT NULL CONSTRAINT contacts_user_fkey REFERENCES users (id) ON DELETE CASCADE,
    alias text,
    created_at timestamptz NOT NULL DEFAULT date_trunc('milliseconds', clock_timestamp()),
    CONSTRAINT contacts_pkey PRIMARY KEY (owner_id, user_id)
);
-- In whose address books someone is: they hear of a new name.
CREATE INDEX contacts_user_idx ON contacts (user_id);

-- A row for each pair, the lower id first.
CREATE TABLE friendships (
    low_id uuid NOT NULL CONSTRAINT friendships_low_fkey REFERENCES users (id) ON DELETE CASCADE,
    high_id uuid NOT NULL CONSTRAINT friendships_high_fkey REFERENCES users (id) ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT date_trunc('milliseconds', clock_timestamp()),
    CONSTRAINT friendships_pkey PRIMARY KEY (low_id, high_id),
    CONSTRAINT friendships_order_check CHECK (low_id < high_id)
);
CREATE INDEX friendships_high_idx ON friendships (high_id);

CREATE TABLE friend_requests (
    id uuid CONSTRAINT friend_requests_pkey PRIMARY KEY,
    from_id uuid NOT NULL CONSTRAINT friend_requests_from_fkey REFERENCES users (id) ON DELETE CASCADE,
    to_id uuid NOT NULL CONSTRAINT friend_requests_to_fkey REFERENCES users (id) ON DELETE CASCADE,
    -- 1: pending, 2: accepted, 3: declined. Answered ones are kept for a while, so that a repeated
    -- request finds its own.
    status smallint NOT NULL DEFAULT 1 CONSTRAINT friend_requests_status_check CHECK (status IN (1, 2, 3)),
    created_at timestamptz NOT NULL DEFAULT date_trunc('milliseconds', clock_timestamp()),
    answered_at timestamptz,
    CONSTRAINT friend_requests_self_check CHECK (from_id <> to_id)
);
-- At most one of a pair waits, whoever asked.
CREATE UNIQUE INDEX friend_requests_pending_key ON friend_requests (least(from_id, to_id), greatest(from_id, to_id))
    WHERE status = 1;
-- Answered ones too: they go with the account of either side.
CREATE INDEX friend_requests_from_idx ON friend_requests (from_id, status, created_at, id);
CREATE INDEX friend_requests_to_idx ON friend_requests (to_id, status, created_at, id);
CREATE INDEX friend_requests_answered_idx ON friend_requests (answered_at) WHERE status <> 1;

-- With whom someone has a chat: the key of pairs finds those with a higher id, this one the others.
CREATE INDEX conversations_direct_high_idx ON conversations (direct_high) WHERE direct_high IS NOT NULL;
