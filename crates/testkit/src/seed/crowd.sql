-- A private group of everybody in the first one, with a channel in which nothing has been said
-- (settings `seed.everybody`, `seed.crowd`, `seed.general`).

BEGIN;

INSERT INTO groups (id, name, public, owner_id, created_by, general_id, member_count, channel_count, search)
SELECT current_setting('seed.crowd')::uuid, 'Crowd', false, owner_id, owner_id, current_setting('seed.general')::uuid,
    member_count, 1, ''
FROM groups WHERE id = current_setting('seed.everybody')::uuid;

INSERT INTO group_members (group_id, user_id, role, joined_at)
SELECT current_setting('seed.crowd')::uuid, user_id, role, joined_at
FROM group_members WHERE group_id = current_setting('seed.everybody')::uuid;

INSERT INTO conversations (id, kind, group_id, name, position)
VALUES (current_setting('seed.general')::uuid, 2, current_setting('seed.crowd')::uuid, 'general', 0);

INSERT INTO members (conversation_id, user_id)
SELECT current_setting('seed.general')::uuid, user_id
FROM group_members WHERE group_id = current_setting('seed.crowd')::uuid;

COMMIT;
