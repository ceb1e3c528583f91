//! Who is online.

use serde::{Deserialize, Serialize};

use crate::ids::UserId;
use crate::time::Timestamp;

/// Whether a user holds a live socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// At least one live socket, on any server.
    Online,
    /// None, or not for the asker to know.
    Offline,
}

/// One user's presence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Presence {
    /// Whose.
    pub user_id: UserId,
    /// Now.
    pub status: Status,
    /// When their last socket left, as far as the asker may know.
    pub last_seen_at: Option<Timestamp>,
}

/// The answer of `GET /v1/presence`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Presences {
    /// One for each user asked for, in their order.
    pub presences: Vec<Presence>,
}
