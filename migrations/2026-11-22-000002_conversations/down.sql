DROP TABLE outbox, messages, members, conversations;
