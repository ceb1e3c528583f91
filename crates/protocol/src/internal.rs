//! The API's internal routes, on its admin port, with the service credential as bearer token.

use serde::{Deserialize, Serialize};

use crate::ids::{GroupId, SessionId, UserId};

/// `POST`: what a ws-server must bind for its sockets.
pub const ROUTES_PATH: &str = "/internal/routes";
/// `GET ?since=<cursor>`: sessions that ended and members that were removed.
pub const REVOCATIONS_PATH: &str = "/internal/revocations";
/// `POST`: whose presence a user may see.
pub const VISIBLE_PATH: &str = "/internal/visible";

/// Pairs one `/internal/routes` call holds at most.
pub const ROUTES_PER_CALL: usize = 500;

/// A user on one session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SessionRef {
    /// Who.
    pub user_id: UserId,
    /// On which session.
    pub session_id: SessionId,
}

/// Body of `POST /internal/routes`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RoutesRequest {
    /// Up to 500.
    pub sessions: Vec<SessionRef>,
}

/// Answer of `POST /internal/routes`: one for each pair, in their order.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RoutesResponse {
    /// The database's epoch.
    pub epoch: String,
    /// What to bind.
    pub routes: Vec<UserRoutes>,
}

/// What a ws-server must know of one user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserRoutes {
    /// Who.
    pub user_id: UserId,
    /// On which session.
    pub session_id: SessionId,
    /// The session has ended: close with 4403 and bind nothing.
    pub ended: bool,
    /// The groups they are a member of.
    pub groups: Vec<GroupId>,
    /// Never write their presence key.
    pub hide_presence: bool,
}

/// Answer of `GET /internal/revocations`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RevocationsResponse {
    /// The database's epoch.
    pub epoch: String,
    /// Pass it as `since` next time.
    pub cursor: String,
    /// Sessions that ended since.
    pub sessions: Vec<SessionRef>,
    /// Members removed from groups since.
    pub members: Vec<MemberRef>,
}

/// A user in a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MemberRef {
    /// Who.
    pub user_id: UserId,
    /// In which group.
    pub group_id: GroupId,
}

/// Body of `POST /internal/visible`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct VisibleRequest {
    /// Up to 100 watchers.
    pub watchers: Vec<Watcher>,
}

/// A user and whom they want to watch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watcher {
    /// Who watches.
    pub user_id: UserId,
    /// Whom; up to 500.
    pub user_ids: Vec<UserId>,
}

/// Answer of `POST /internal/visible`: one for each watcher, in their order.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct VisibleResponse {
    /// Whom each may see, with when they were last seen.
    pub watchers: Vec<Visible>,
}

/// Whom a watcher may see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visible {
    /// Who watches.
    pub user_id: UserId,
    /// The users they may see.
    pub users: Vec<VisibleUser>,
}

/// A user who may be seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VisibleUser {
    /// Who.
    pub user_id: UserId,
    /// When their last socket left, if that was recorded.
    pub last_seen_at: Option<crate::time::Timestamp>,
}
