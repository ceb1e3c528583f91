//! "Look again": what every ws-server hears through `chat.control`.
//!
//! A control message names whom it concerns, not what is true: the ws-server asks the API. So it
//! does no harm when two of them arrive in the wrong order.

use serde::{Deserialize, Serialize};

use crate::ids::{GroupId, SessionId, UserId};

/// Body of a message on `chat.control`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Control {
    /// A session has ended: its sockets close with 4403.
    SessionEnded {
        /// Whose.
        user_id: UserId,
        /// Which.
        session_id: SessionId,
    },
    /// A user's groups or flags changed: ask for the routes again.
    RoutesChanged {
        /// Whose.
        user_id: UserId,
    },
    /// A user was removed from a group: drop the binding at once, then ask again.
    MemberRemoved {
        /// Who.
        user_id: UserId,
        /// From where.
        group_id: GroupId,
    },
    /// A group is gone.
    GroupRemoved {
        /// Which.
        group_id: GroupId,
    },
    /// Who may see whom changed between two users: filter presence subscriptions again.
    VisibilityChanged {
        /// The two, in no order.
        user_ids: [UserId; 2],
    },
}

impl Control {
    /// The message as the text that travels.
    ///
    /// # Panics
    /// Never: it is plain data.
    #[must_use]
    pub fn encode(&self) -> String {
        serde_json::to_string(self).expect("a control message is plain data")
    }
}
