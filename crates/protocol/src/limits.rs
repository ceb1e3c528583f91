//! The limits of the contract: every number has its unit and its reason there.

use std::time::Duration;

/// Shortest and longest username, in characters.
pub const USERNAME_CHARS: std::ops::RangeInclusive<usize> = 3..=32;
/// Shortest and longest password, in characters.
pub const PASSWORD_CHARS: std::ops::RangeInclusive<usize> = 8..=128;
/// Shortest and longest name of a person, group or channel, in characters.
pub const NAME_CHARS: std::ops::RangeInclusive<usize> = 1..=64;
/// Longest text about a person or a group, in characters.
pub const ABOUT_CHARS: usize = 1024;
/// Longest topic of a channel, in characters.
pub const TOPIC_CHARS: usize = 256;
/// Shortest and longest tag of a group, in characters.
pub const TAG_CHARS: std::ops::RangeInclusive<usize> = 1..=32;
/// Longest message body, in Unicode scalar values, after trimming.
pub const MESSAGE_CHARS: usize = 4000;
/// Files of one message.
pub const ATTACHMENTS: usize = 10;
/// Kinds of emoji under one message.
pub const REACTION_KINDS: usize = 20;
/// People a reaction names: the newest ones; the others are counted.
pub const REACTION_USERS: usize = 20;
/// People one message names.
pub const MENTIONS: usize = 50;
/// Longest excerpt of the message that another one answers, in characters.
pub const EXCERPT_CHARS: usize = 160;
/// Longest text to search for, in characters.
pub const SEARCH_CHARS: usize = 256;
/// Largest upload, in bytes.
pub const UPLOAD_BYTES: usize = 25 * 1024 * 1024;
/// Longest file name, in characters.
pub const FILE_NAME_CHARS: usize = 128;
/// Files one request asks addresses for.
pub const ATTACHMENT_URLS: usize = 100;
/// Longest device name, in characters.
pub const DEVICE_CHARS: usize = 64;

/// Largest request body of the REST API, in bytes.
pub const BODY_BYTES: usize = 64 * 1024;
/// Largest body of `POST /v1/sync`, in bytes.
pub const SYNC_BODY_BYTES: usize = 1024 * 1024;
/// Largest WebSocket frame or message a client may send, in bytes.
pub const FRAME_BYTES: usize = 32 * 1024;
/// Longest `ref` of a client frame, in characters.
pub const REF_CHARS: usize = 64;

/// Entries a page holds when the caller does not say.
pub const PAGE_DEFAULT: usize = 50;
/// Entries a page holds at most.
pub const PAGE_MAX: usize = 100;

/// Conversations one answer of `sync` holds at most.
pub const SYNC_CONVERSATIONS: usize = 200;
/// Changed messages one answer of `sync` holds at most.
pub const SYNC_ITEMS: usize = 1000;
/// A client this many revisions behind loads the newest page instead of the changes.
pub const CHANGES_RESET: i64 = 500;
/// Unread messages are counted up to here.
pub const UNREAD_MAX: i64 = 1000;
/// Unread mentions are counted up to here.
pub const MENTIONS_MAX: i64 = 100;

/// Chats one user may pin.
pub const PINNED_CHATS: usize = 20;
/// People in one user's address book.
pub const CONTACTS: usize = 1000;
/// Friend requests of one user that wait for an answer.
pub const PENDING_REQUESTS: usize = 100;
/// Groups one user is in.
pub const GROUPS_PER_USER: usize = 200;
/// Members of one group.
pub const GROUP_MEMBERS: usize = 10_000;
/// Channels of one group.
pub const GROUP_CHANNELS: usize = 100;
/// Tags of one group.
pub const GROUP_TAGS: usize = 20;
/// Invites of one group that still work.
pub const GROUP_INVITES: usize = 100;
/// Seconds an invite lives at most.
pub const INVITE_SECONDS: i64 = 365 * 24 * 60 * 60;
/// Groups up to this size say in `general` who joined and left: beyond, it would drown the talk.
pub const NOTICE_GROUP: usize = 200;
/// Live sockets of one user on one ws-server.
pub const SOCKETS_PER_USER: usize = 20;
/// Users one presence request names.
pub const PRESENCE_USERS: usize = 200;
/// Users one socket watches.
pub const PRESENCE_SUBSCRIPTIONS: usize = 500;
/// Groups up to this size push each member's receipt and typing.
pub const SMALL_GROUP: usize = 50;

/// Malformed frames after which a socket is closed (4400).
pub const MALFORMED_FRAMES: u32 = 20;
/// How long an access token lives.
pub const ACCESS_TOKEN_LIFE: Duration = Duration::from_secs(15 * 60);
/// How long the previous refresh token still gets the same successor.
pub const REFRESH_GRACE: Duration = Duration::from_secs(10);
