//! The broker's topology: exchanges, queues, keys and headers.

use crate::ids::{GroupId, UserId};

/// Topic exchange of frames for clients; keys are `user.<id>` and `group.<id>`.
///
/// Topic, not direct: before RabbitMQ 3.11 a direct exchange scans all bindings for a publish
/// with several keys.
pub const EVENTS_EXCHANGE: &str = "chat.events";
/// Fanout exchange of "look again" messages for ws-servers.
pub const CONTROL_EXCHANGE: &str = "chat.control";
/// Direct exchange of what ws-servers pass on from clients to the API.
pub const COMMANDS_EXCHANGE: &str = "chat.commands";
/// Durable queue (and its key) of watermarks.
pub const RECEIPTS_QUEUE: &str = "receipts";
/// Queue (and its key) of typing notices; transient, dropped when nobody works.
pub const TYPING_QUEUE: &str = "typing";
/// Durable queue (and its key) of when users were last seen.
pub const LAST_SEEN_QUEUE: &str = "last_seen";

/// Further keys of a publish, as RabbitMQ's sender-selected distribution reads them.
pub const CC_HEADER: &str = "CC";
/// The request that caused an event.
pub const REQUEST_ID_HEADER: &str = "x-request-id";

/// Keys one publish may carry: beyond, matching them costs the broker more than two publishes.
pub const KEYS_PER_PUBLISH: usize = 16;

/// Where an event goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Route {
    /// To every socket of a user.
    User(UserId),
    /// To every socket of a group's members.
    Group(GroupId),
}

impl Route {
    /// The routing key.
    #[must_use]
    pub fn key(self) -> String {
        match self {
            Self::User(id) => format!("user.{id}"),
            Self::Group(id) => format!("group.{id}"),
        }
    }

    /// Reads a routing key.
    #[must_use]
    pub fn parse(key: &str) -> Option<Self> {
        let (kind, id) = key.split_once('.')?;
        match kind {
            "user" => id.parse().ok().map(Self::User),
            "group" => id.parse().ok().map(Self::Group),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_routing_key_reads_back_as_its_route() {
        for route in [Route::User(UserId::new()), Route::Group(GroupId::new())] {
            assert_eq!(Route::parse(&route.key()), Some(route));
        }
        assert_eq!(Route::parse("user.#"), None);
        assert_eq!(Route::parse("shard.7"), None);
    }
}
