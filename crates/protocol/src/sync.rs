//! Healing a client's copy: `changes` of one conversation, `sync` of all.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::conversation::{Conversation, Receipts, SharedConversation, View};
use crate::ids::{ConversationId, MessageId};
use crate::message::Message;

/// What happened in a conversation since a revision, from one snapshot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Changes {
    /// Changed messages by ascending `rev`, in their present state.
    pub items: Vec<Message>,
    /// The conversation's own fields, when they moved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation: Option<SharedConversation>,
    /// The conversation's revision in this snapshot.
    pub rev: i64,
    /// Whether `items` reach up to `rev`; if not, ask again from the last item's `rev`.
    pub complete: bool,
    /// Too far behind: drop this conversation's messages and load the newest page.
    pub reset: bool,
}

/// What a client holds of one conversation.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Known {
    /// The revision it has applied without a hole.
    pub rev: i64,
    /// The version of `me` it holds.
    pub me_version: i64,
    /// The tag over `me` and `receipts` it holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub view: Option<String>,
}

/// Body of `POST /v1/sync`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SyncRequest {
    /// What the client holds, by conversation.
    pub known: BTreeMap<ConversationId, Known>,
    /// The account revision it holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_rev: Option<i64>,
    /// From the previous answer, until that had none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// A conversation's `me` and `receipts`, when the client's tag differs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ViewChange {
    /// The caller's own view.
    pub me: View,
    /// The lowest watermarks over all members.
    pub receipts: Receipts,
    /// Messages deleted for the caller after the `me_version` it holds.
    pub hidden: Vec<MessageId>,
    /// The new tag.
    pub view: String,
}

/// The answer of `POST /v1/sync`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SyncResponse {
    /// Changes after a restore or a failover of the database: then drop the cache.
    pub epoch: String,
    /// The caller's account revision.
    pub account_rev: i64,
    /// Conversations that are new to the client or whose `rev` moved.
    pub conversations: Vec<Conversation>,
    /// What happened in the known ones.
    pub changes: BTreeMap<ConversationId, Changes>,
    /// Views whose tag differs or was not given.
    pub views: BTreeMap<ConversationId, ViewChange>,
    /// Known ids that the caller cannot read.
    pub removed: Vec<ConversationId>,
    /// Ask again with it; null when this was the last answer.
    pub next_cursor: Option<String>,
}
