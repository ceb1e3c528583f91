DROP INDEX conversations_direct_high_idx;
DROP TABLE friend_requests, friendships, contacts;
