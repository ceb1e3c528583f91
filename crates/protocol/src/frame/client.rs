//! What a client says.

use serde::{Deserialize, Serialize};

use crate::ids::{ConversationId, UserId};

/// What a client says. Each may carry `ref`, which the `ack` or `error` repeats.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "type", deny_unknown_fields)]
pub enum ClientFrame {
    /// A sign of life.
    #[serde(rename = "ping")]
    Ping {
        /// Repeated by the answer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        r#ref: Option<String>,
    },
    /// Everything up to `seq` has been received.
    #[serde(rename = "delivered")]
    Delivered {
        /// Where.
        conversation_id: ConversationId,
        /// Up to here.
        seq: i64,
        /// Repeated by the answer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        r#ref: Option<String>,
    },
    /// Everything up to `seq` has been read, and so received.
    #[serde(rename = "read")]
    Read {
        /// Where.
        conversation_id: ConversationId,
        /// Up to here.
        seq: i64,
        /// Repeated by the answer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        r#ref: Option<String>,
    },
    /// The user writes, or has stopped.
    #[serde(rename = "typing")]
    Typing {
        /// Where.
        conversation_id: ConversationId,
        /// Whether they write.
        typing: bool,
        /// Repeated by the answer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        r#ref: Option<String>,
    },
    /// Watch these users from now on, and no others.
    #[serde(rename = "presence.subscribe")]
    PresenceSubscribe {
        /// Up to 500.
        user_ids: Vec<UserId>,
        /// Repeated by the answer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        r#ref: Option<String>,
    },
    /// A fresh access token of the same session.
    #[serde(rename = "auth")]
    Auth {
        /// The token.
        token: String,
        /// Repeated by the answer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        r#ref: Option<String>,
    },
}
