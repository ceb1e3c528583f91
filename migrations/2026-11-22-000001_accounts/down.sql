DROP TABLE blocks, rate_windows, registration_invites, revocations, sessions, users;
