-- Accounts, sessions and blocks.

CREATE TABLE users (
    id uuid CONSTRAINT users_pkey PRIMARY KEY,
    username text NOT NULL CONSTRAINT users_username_key UNIQUE,
    display_name text NOT NULL,
    about text NOT NULL DEFAULT '',
    -- NULL: nobody can sign in.
    password_hash text,
    hide_presence boolean NOT NULL DEFAULT false,
    hide_read_receipts boolean NOT NULL DEFAULT false,
    -- One more at every change of the user's people, groups and roles.
    account_rev bigint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT date_trunc('milliseconds', clock_timestamp()),
    last_seen_at timestamptz,
    disabled_at timestamptz,
    deleted_at timestamptz
);
-- People are found by how their names begin.
CREATE INDEX users_username_prefix_idx ON users (username text_pattern_ops) WHERE deleted_at IS NULL;
CREATE INDEX users_display_name_prefix_idx ON users (lower(display_name) text_pattern_ops) WHERE deleted_at IS NULL;

CREATE TABLE sessions (
    id uuid CONSTRAINT sessions_pkey PRIMARY KEY,
    user_id uuid NOT NULL CONSTRAINT sessions_user_fkey REFERENCES users (id) ON DELETE CASCADE,
    device text,
    ip text,
    -- Whether the refresh token lives in a cookie.
    cookie boolean NOT NULL,
    -- The number of the present refresh token, and since when it is that.
    generation bigint NOT NULL DEFAULT 1,
    generation_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    last_used_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_at timestamptz
);
CREATE INDEX sessions_user_idx ON sessions (user_id, created_at) WHERE ended_at IS NULL;
CREATE INDEX sessions_last_used_idx ON sessions (last_used_at);

-- Sessions that ended while an access token of theirs may still live.
CREATE TABLE revocations (
    session_id uuid CONSTRAINT revocations_pkey PRIMARY KEY,
    user_id uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX revocations_created_idx ON revocations (created_at);

-- Codes an operator hands out when registration is by invitation.
CREATE TABLE registration_invites (
    code text CONSTRAINT registration_invites_pkey PRIMARY KEY,
    uses_left integer NOT NULL CONSTRAINT registration_invites_uses_check CHECK (uses_left >= 0),
    expires_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Attempts by account and by address, shared by all replicas. Worth nothing after a crash.
CREATE UNLOGGED TABLE rate_windows (
    key text CONSTRAINT rate_windows_pkey PRIMARY KEY,
    ends_at timestamptz NOT NULL,
    count integer NOT NULL
);
CREATE INDEX rate_windows_ends_idx ON rate_windows (ends_at);

CREATE TABLE blocks (
    blocker_id uuid NOT NULL CONSTRAINT blocks_blocker_fkey REFERENCES users (id) ON DELETE CASCADE,
    blocked_id uuid NOT NULL CONSTRAINT blocks_blocked_fkey REFERENCES users (id) ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT blocks_pkey PRIMARY KEY (blocker_id, blocked_id)
);
CREATE INDEX blocks_blocked_idx ON blocks (blocked_id);
