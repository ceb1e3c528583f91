ALTER TABLE messages DROP COLUMN system;
DROP TABLE removed_conversations, receipt_floors, removals, invites, bans, group_members, groups;
DROP INDEX conversations_group_idx;
