-- Groups, who is in them, and the ways in.
--
-- `group_members` says who is in a group and as what; `members` has a row for each of them in each
-- of its channels. Both are written in one transaction, under the locks of the group and of all its
-- channels, so that the committer needs to look at `members` alone.

CREATE TABLE groups (
    id uuid CONSTRAINT groups_pkey PRIMARY KEY,
    name text NOT NULL,
    description text NOT NULL DEFAULT '',
    tags text[] NOT NULL DEFAULT '{}',
    public boolean NOT NULL,
    owner_id uuid NOT NULL,
    -- Who may repeat the request that made it.
    created_by uuid NOT NULL,
    -- The channel that was made with the group, where the system speaks.
    general_id uuid NOT NULL,
    member_count integer NOT NULL,
    channel_count integer NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT date_trunc('milliseconds', clock_timestamp()),
    -- When something was last said in one of its channels, up to a minute behind.
    active_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- Name, tags and description, as they are searched.
    search tsvector NOT NULL,
    CONSTRAINT groups_counts_check CHECK (member_count BETWEEN 0 AND 10000 AND channel_count BETWEEN 0 AND 100)
);
CREATE INDEX groups_search_idx ON groups USING gin (search) WITH (fastupdate = off) WHERE public;
CREATE INDEX groups_by_members_idx ON groups (member_count DESC, id DESC) WHERE public;
CREATE INDEX groups_by_activity_idx ON groups (active_at DESC, id DESC) WHERE public;
CREATE INDEX groups_by_age_idx ON groups (created_at DESC, id DESC) WHERE public;

CREATE TABLE group_members (
    group_id uuid NOT NULL,
    user_id uuid NOT NULL,
    -- 1: owner, 2: admin, 3: member.
    role smallint NOT NULL CONSTRAINT group_members_role_check CHECK (role IN (1, 2, 3)),
    joined_at timestamptz NOT NULL DEFAULT date_trunc('milliseconds', clock_timestamp()),
    CONSTRAINT group_members_pkey PRIMARY KEY (group_id, user_id)
);
-- A user's groups are listed in the order in which they came into them.
CREATE INDEX group_members_user_idx ON group_members (user_id, joined_at, group_id);
-- Members are listed by role, then by how long they have been there.
CREATE INDEX group_members_order_idx ON group_members (group_id, role, joined_at, user_id);
CREATE UNIQUE INDEX group_members_owner_key ON group_members (group_id) WHERE role = 1;

CREATE TABLE bans (
    group_id uuid NOT NULL,
    user_id uuid NOT NULL,
    banned_by uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT date_trunc('milliseconds', clock_timestamp()),
    CONSTRAINT bans_pkey PRIMARY KEY (group_id, user_id)
);
CREATE INDEX bans_created_idx ON bans (group_id, created_at, user_id);

CREATE TABLE invites (
    id uuid CONSTRAINT invites_pkey PRIMARY KEY,
    code text NOT NULL CONSTRAINT invites_code_key UNIQUE,
    group_id uuid NOT NULL,
    created_by uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT date_trunc('milliseconds', clock_timestamp()),
    expires_at timestamptz,
    max_uses integer CONSTRAINT invites_max_check CHECK (max_uses > 0),
    uses integer NOT NULL DEFAULT 0,
    -- When it was deleted or used up: it is kept for a while, so that who comes late hears why.
    ended_at timestamptz,
    CONSTRAINT invites_uses_check CHECK (max_uses IS NULL OR uses <= max_uses)
);
CREATE INDEX invites_group_idx ON invites (group_id, created_at, id);
CREATE INDEX invites_end_idx ON invites (least(expires_at, ended_at));

-- Who lost a membership lately: every ws-server asks, whatever the broker does.
CREATE TABLE removals (
    group_id uuid NOT NULL,
    user_id uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT removals_pkey PRIMARY KEY (group_id, user_id)
);
CREATE INDEX removals_created_idx ON removals (created_at);

CREATE INDEX conversations_group_idx ON conversations (group_id, position, created_at) WHERE group_id IS NOT NULL;

-- The lowest watermarks over a channel's counted members. They only rise.
CREATE TABLE receipt_floors (
    conversation_id uuid CONSTRAINT receipt_floors_pkey PRIMARY KEY,
    delivered_seq bigint NOT NULL DEFAULT 0,
    read_seq bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);

-- Channels and groups that are gone: their ids are not given again. What a channel held is swept
-- away in small pieces.
CREATE TABLE removed_conversations (
    conversation_id uuid CONSTRAINT removed_conversations_pkey PRIMARY KEY,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    swept_at timestamptz
);
CREATE INDEX removed_conversations_unswept_idx ON removed_conversations (created_at) WHERE swept_at IS NULL;

-- Of a system message: what it tells, for programs.
ALTER TABLE messages ADD COLUMN system jsonb;
