//! What a server says.

use serde::{Deserialize, Serialize};

use crate::account::User;
use crate::conversation::{SharedConversation, View};
use crate::group::{Member, SharedGroup};
use crate::ids::{ConnectionId, ConversationId, FriendRequestId, GroupId, MessageId, UserId};
use crate::message::Message;
use crate::people::{Contact, FriendRequest};
use crate::presence::Status;
use crate::problem::Code;
use crate::time::Timestamp;

/// Why live events flow from here on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReadyReason {
    /// The socket's bindings are in place.
    Connected,
    /// Events may have been missed: a broker link was lost, or a queue overflowed.
    Restored,
    /// The user joined a group on an open socket.
    Joined,
}

/// What a server says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "type")]
pub enum ServerFrame {
    /// Always the first frame.
    #[serde(rename = "hello")]
    Hello {
        /// This connection, as the logs name it.
        connection_id: ConnectionId,
        /// The server that holds it.
        server_id: String,
        /// Whose it is.
        user_id: UserId,
        /// Send something at least this often, in milliseconds.
        heartbeat_ms: u64,
        /// When the access token ends; send `auth` before.
        expires_at: Timestamp,
        /// Changes after a restore or a failover of the database.
        epoch: String,
    },
    /// The bindings are in place and live events flow; the client syncs.
    #[serde(rename = "ready")]
    Ready {
        /// Why.
        reason: ReadyReason,
        /// The group, for `joined`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        group_id: Option<GroupId>,
    },
    /// This server is going away.
    #[serde(rename = "draining")]
    Draining {
        /// The socket closes with 1001 after this many milliseconds.
        reconnect_after_ms: u64,
    },
    /// A new message.
    #[serde(rename = "message.created")]
    MessageCreated {
        /// Where.
        conversation_id: ConversationId,
        /// The conversation's revision.
        rev: i64,
        /// The message.
        message: Box<Message>,
    },
    /// A message was edited, pinned or unpinned, or its reactions changed.
    #[serde(rename = "message.updated")]
    MessageUpdated {
        /// Where.
        conversation_id: ConversationId,
        /// The conversation's revision.
        rev: i64,
        /// The message in its new state.
        message: Box<Message>,
    },
    /// A message was deleted for everyone.
    #[serde(rename = "message.deleted")]
    MessageDeleted {
        /// Where.
        conversation_id: ConversationId,
        /// The conversation's revision.
        rev: i64,
        /// What is left of it.
        message: Box<Message>,
    },
    /// The caller deleted a message for themselves, on this or another device.
    #[serde(rename = "message.hidden")]
    MessageHidden {
        /// Where.
        conversation_id: ConversationId,
        /// Which.
        message_id: MessageId,
        /// The caller's own view, whose version this moved.
        me: View,
    },
    /// One member's watermarks.
    #[serde(rename = "receipt")]
    Receipt {
        /// Where.
        conversation_id: ConversationId,
        /// Whose.
        user_id: UserId,
        /// Received up to here.
        delivered_seq: i64,
        /// Read up to here.
        read_seq: i64,
    },
    /// The lowest watermarks over all members.
    #[serde(rename = "receipts")]
    Receipts {
        /// Where.
        conversation_id: ConversationId,
        /// Everyone has received up to here.
        delivered_seq: i64,
        /// Everyone has read up to here.
        read_seq: i64,
    },
    /// Someone writes, or has stopped.
    #[serde(rename = "typing")]
    Typing {
        /// Where.
        conversation_id: ConversationId,
        /// Who.
        user_id: UserId,
        /// Whether they write; ends 6 s after the last one.
        typing: bool,
    },
    /// A watched user's presence.
    #[serde(rename = "presence")]
    Presence {
        /// Whose.
        user_id: UserId,
        /// Now.
        status: Status,
        /// When their last socket left.
        last_seen_at: Option<Timestamp>,
    },
    /// A conversation began.
    #[serde(rename = "conversation.created")]
    ConversationCreated {
        /// Its revision.
        rev: i64,
        /// What everyone sees of it.
        conversation: SharedConversation,
    },
    /// A channel's name, topic, category or place changed.
    #[serde(rename = "conversation.updated")]
    ConversationUpdated {
        /// Its revision.
        rev: i64,
        /// What everyone sees of it.
        conversation: SharedConversation,
    },
    /// A conversation left the caller's list.
    #[serde(rename = "conversation.removed")]
    ConversationRemoved {
        /// Which.
        conversation_id: ConversationId,
        /// Its revision.
        rev: i64,
    },
    /// The caller's own view or watermark moved, on this or another device.
    #[serde(rename = "conversation.me")]
    ConversationMe {
        /// Where.
        conversation_id: ConversationId,
        /// The view.
        me: View,
    },
    /// A group's own fields changed, or the caller came into it on another device.
    #[serde(rename = "group.updated")]
    GroupUpdated {
        /// Which.
        group_id: GroupId,
        /// What everyone sees of it.
        group: SharedGroup,
        /// Its version.
        version: i64,
        /// The caller's account revision, when it goes to one user alone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        account_rev: Option<i64>,
    },
    /// A group is gone, or gone for the caller.
    #[serde(rename = "group.removed")]
    GroupRemoved {
        /// Which.
        group_id: GroupId,
        /// Its version.
        version: i64,
        /// The caller's account revision, when it goes to one user alone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        account_rev: Option<i64>,
    },
    /// Someone came into a group.
    #[serde(rename = "member.joined")]
    MemberJoined {
        /// Which group.
        group_id: GroupId,
        /// Who, as what.
        member: Member,
        /// The group's version.
        version: i64,
    },
    /// A member's role changed.
    #[serde(rename = "member.updated")]
    MemberUpdated {
        /// Which group.
        group_id: GroupId,
        /// Who, as what.
        member: Member,
        /// The group's version.
        version: i64,
    },
    /// Someone left a group, or was removed from it.
    #[serde(rename = "member.left")]
    MemberLeft {
        /// Which group.
        group_id: GroupId,
        /// Who.
        user_id: UserId,
        /// The group's version.
        version: i64,
    },
    /// A friend request was made, by the caller or to them.
    #[serde(rename = "friend_request")]
    FriendRequest {
        /// The request.
        friend_request: FriendRequest,
        /// The caller's account revision.
        account_rev: i64,
    },
    /// A friend request was answered or taken back.
    #[serde(rename = "friend_request.removed")]
    FriendRequestRemoved {
        /// Which.
        friend_request_id: FriendRequestId,
        /// The caller's account revision.
        account_rev: i64,
    },
    /// Someone is the caller's friend.
    #[serde(rename = "friend")]
    Friend {
        /// Who.
        user: User,
        /// The caller's account revision.
        account_rev: i64,
    },
    /// Someone is the caller's friend no longer.
    #[serde(rename = "friend.removed")]
    FriendRemoved {
        /// Who.
        user_id: UserId,
        /// The caller's account revision.
        account_rev: i64,
    },
    /// The caller took someone into their address book, or renamed them there.
    #[serde(rename = "contact")]
    Contact {
        /// The entry.
        contact: Contact,
        /// The caller's account revision.
        account_rev: i64,
    },
    /// The caller took someone out of their address book.
    #[serde(rename = "contact.removed")]
    ContactRemoved {
        /// Who.
        user_id: UserId,
        /// The caller's account revision.
        account_rev: i64,
    },
    /// The caller blocked someone.
    #[serde(rename = "block")]
    Block {
        /// Whom.
        user: User,
        /// The caller's account revision.
        account_rev: i64,
    },
    /// The caller unblocked someone.
    #[serde(rename = "block.removed")]
    BlockRemoved {
        /// Whom.
        user_id: UserId,
        /// The caller's account revision.
        account_rev: i64,
    },
    /// A person's profile changed.
    #[serde(rename = "user.updated")]
    UserUpdated {
        /// The person.
        user: User,
    },
    /// The client's frame was taken.
    #[serde(rename = "ack")]
    Ack {
        /// The client frame's `ref`.
        r#ref: String,
    },
    /// The client's frame was refused; the connection stays.
    #[serde(rename = "error")]
    Error {
        /// Why, for programs.
        code: Code,
        /// Why, for people.
        detail: String,
        /// The client frame's `ref`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        r#ref: Option<String>,
    },
    /// The answer to `ping`.
    #[serde(rename = "pong")]
    Pong {
        /// The ping's `ref`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        r#ref: Option<String>,
    },
}

impl ServerFrame {
    /// The frame's `type`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Hello { .. } => "hello",
            Self::Ready { .. } => "ready",
            Self::Draining { .. } => "draining",
            Self::MessageCreated { .. } => "message.created",
            Self::MessageUpdated { .. } => "message.updated",
            Self::MessageDeleted { .. } => "message.deleted",
            Self::MessageHidden { .. } => "message.hidden",
            Self::Receipt { .. } => "receipt",
            Self::Receipts { .. } => "receipts",
            Self::Typing { .. } => "typing",
            Self::Presence { .. } => "presence",
            Self::ConversationCreated { .. } => "conversation.created",
            Self::ConversationUpdated { .. } => "conversation.updated",
            Self::ConversationRemoved { .. } => "conversation.removed",
            Self::ConversationMe { .. } => "conversation.me",
            Self::GroupUpdated { .. } => "group.updated",
            Self::GroupRemoved { .. } => "group.removed",
            Self::MemberJoined { .. } => "member.joined",
            Self::MemberUpdated { .. } => "member.updated",
            Self::MemberLeft { .. } => "member.left",
            Self::FriendRequest { .. } => "friend_request",
            Self::FriendRequestRemoved { .. } => "friend_request.removed",
            Self::Friend { .. } => "friend",
            Self::FriendRemoved { .. } => "friend.removed",
            Self::Contact { .. } => "contact",
            Self::ContactRemoved { .. } => "contact.removed",
            Self::Block { .. } => "block",
            Self::BlockRemoved { .. } => "block.removed",
            Self::UserUpdated { .. } => "user.updated",
            Self::Ack { .. } => "ack",
            Self::Error { .. } => "error",
            Self::Pong { .. } => "pong",
        }
    }

    /// The frame as the text that travels.
    ///
    /// # Panics
    /// Never: a frame is plain data with string keys.
    #[must_use]
    pub fn encode(&self) -> String {
        serde_json::to_string(self).expect("a frame is plain data")
    }
}
