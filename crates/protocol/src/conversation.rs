//! Conversations, and each member's own view of them.

use serde::{Deserialize, Serialize};

use crate::account::User;
use crate::ids::{ConversationId, GroupId, UserId};
use crate::message::Message;
use crate::patch::present;
use crate::time::Timestamp;

/// What kind of conversation it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConversationKind {
    /// Between two people.
    Direct,
    /// A room of a group.
    Channel,
}

/// The lowest watermarks over all counted members: the same for everyone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Receipts {
    /// Everyone has received everything up to this `seq`.
    pub delivered_seq: i64,
    /// Everyone has read everything up to this `seq`.
    pub read_seq: i64,
}

/// The caller's own view of a conversation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct View {
    /// One more at every change of this view; watermarks do not move it.
    pub version: i64,
    /// The caller's own devices have received everything up to this `seq`.
    pub delivered_seq: i64,
    /// The caller has read everything up to this `seq`.
    pub read_seq: i64,
    /// Unread messages; saturates at 1000.
    pub unread: i64,
    /// Unread mentions; saturates at 100.
    pub mentions: i64,
    /// Whether it is put aside.
    pub archived: bool,
    /// Whether it stands at the top of the list.
    pub pinned: bool,
    /// Its place among the pinned ones, lowest first.
    pub pin_position: Option<i32>,
    /// No notification until then.
    pub muted_until: Option<Timestamp>,
    /// Everything up to this `seq` is gone for the caller.
    pub cleared_seq: i64,
    /// Marked unread from this `seq` on.
    pub unread_from_seq: Option<i64>,
    /// Whether it is in the caller's list: false after the caller deleted it, until a new message.
    pub listed: bool,
}

/// A conversation as the caller sees it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Conversation {
    /// What everyone sees.
    #[serde(flatten)]
    pub shared: SharedConversation,
    /// The other one, in direct chats.
    pub peer: Option<User>,
    /// The newest message the caller can see.
    pub last_message: Option<Message>,
    /// The lowest watermarks over all members.
    pub receipts: Receipts,
    /// The caller's own view.
    pub me: View,
    /// A short tag over `me` and `receipts`: differs when they differ.
    pub view: String,
}

/// What a conversation is for everyone in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SharedConversation {
    /// Its id.
    pub id: ConversationId,
    /// What kind it is.
    pub kind: ConversationKind,
    /// The group of a channel.
    pub group_id: Option<GroupId>,
    /// A channel's name.
    pub name: Option<String>,
    /// A channel's topic.
    pub topic: Option<String>,
    /// The heading a channel stands under.
    pub category: Option<String>,
    /// A channel's place in its group.
    pub position: Option<i32>,
    /// The newest message's `seq`, 0 while there is none.
    pub last_seq: i64,
    /// One more at every durable change.
    pub rev: i64,
    /// When it began.
    pub created_at: Timestamp,
}

/// Body of `POST /v1/conversations`.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateConversationRequest {
    /// With whom.
    pub user_id: UserId,
}

/// Body of `PATCH /v1/conversations/{id}/me`; what is missing stays, null clears.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PatchViewRequest {
    /// Put it aside, or back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archived: Option<bool>,
    /// To the top of the list, or back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pinned: Option<bool>,
    /// Its place among the pinned ones, lowest first.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(minimum = 0, value_type = Option<i32>)]
    pub pin_position: Option<Option<i32>>,
    /// No notification until then.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(value_type = Option<Timestamp>)]
    pub muted_until: Option<Option<Timestamp>>,
    /// Mark unread from this `seq` on, without moving a receipt.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(minimum = 1, value_type = Option<i64>)]
    pub unread_from_seq: Option<Option<i64>>,
}

/// Body of `POST /v1/conversations/{id}/receipts`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReceiptsRequest {
    /// Everything up to this `seq` has been received.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, example = 12)]
    pub delivered_seq: Option<i64>,
    /// Everything up to this `seq` has been read, and so received.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, example = 12)]
    pub read_seq: Option<i64>,
}

/// One member's watermarks, as others may see them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct MemberReceipt {
    /// Whose.
    pub user_id: UserId,
    /// They have received everything up to this `seq`.
    pub delivered_seq: i64,
    /// They have read everything up to this `seq`.
    pub read_seq: i64,
    /// When one of the two last moved.
    pub updated_at: Timestamp,
}
