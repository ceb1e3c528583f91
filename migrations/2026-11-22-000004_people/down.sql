DROP TABLE friend_requests, friendships, contacts;
