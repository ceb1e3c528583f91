//! What ws-servers pass on from clients to the API, through `chat.commands`.

use serde::{Deserialize, Serialize};

use crate::ids::{ConversationId, UserId};
use crate::time::Timestamp;

/// Body of a message on the `receipts` queue: what a ws-server has gathered from its connections.
pub type ReceiptBatch = Vec<ReceiptCommands>;

/// One flush of one connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptCommands {
    /// Whose watermarks.
    pub user_id: UserId,
    /// One for each conversation.
    pub items: Vec<ReceiptCommand>,
}

/// Watermarks of one conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptCommand {
    /// Where.
    pub conversation_id: ConversationId,
    /// Received up to here; 0 says nothing.
    pub delivered_seq: i64,
    /// Read up to here; 0 says nothing.
    pub read_seq: i64,
}

/// Body of a message on the `typing` queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TypingCommand {
    /// Who.
    pub user_id: UserId,
    /// Where.
    pub conversation_id: ConversationId,
    /// Whether they write.
    pub typing: bool,
}

/// Body of a message on the `last_seen` queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastSeenCommands {
    /// One for each user whose last socket left a ws-server.
    pub items: Vec<LastSeen>,
}

/// When a user's last socket left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastSeen {
    /// Who.
    pub user_id: UserId,
    /// When.
    pub at: Timestamp,
}
