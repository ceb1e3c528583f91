//! Groups: the transactions that the routes and the end of an account share.
//!
//! Each takes its locks in the order of the house (users, the group, its channels), asks the policy
//! under them, and records what it did. The caller owns the transaction and publishes after it.

mod ending;
mod joining;
mod leaving;
mod notices;
mod owning;
mod reading;

use protocol::account::User;
use protocol::frame::ServerFrame;
use protocol::group::Role;
use protocol::ids::{GroupId, UserId};
use protocol::routing::Route;
use uuid::Uuid;

pub use ending::delete;
pub use joining::{Way, invite_gone, join};
pub use leaving::{Removal, heirs, leave, leave_all, remove};
pub use notices::{Notice, announce};
pub use owning::set_role;
pub use reading::{complete, read};

use crate::error::{ApiError, Result};
use crate::events::Event;
use crate::people;
use crate::policy::groups::{self as policy, Action, Standing};
use crate::store::Conn;
use crate::store::groups::GroupRow;
use crate::store::groups::{self as rows, members};

/// A group, and what the caller is to it.
#[derive(Clone, Debug)]
pub struct Seat {
    /// Which.
    pub group: GroupRow,
    /// As what the caller is in it.
    pub role: Option<Role>,
    standing: Standing,
}

impl Seat {
    /// May the caller do this?
    ///
    /// # Errors
    /// What the policy says.
    pub fn may(&self, action: Action) -> Result<()> {
        policy::may(self.standing, action)
    }

    async fn of(conn: &mut Conn, group: GroupRow, caller: UserId) -> Result<Self> {
        let relation = members::relation(conn, group.id(), caller).await?;
        let role = relation.role();
        Ok(Self {
            standing: Standing::of(group.public, role, relation.banned),
            role,
            group,
        })
    }
}

/// A group as it is, for a caller who may do this to it.
///
/// # Errors
/// 404 if there is none; what the policy says.
pub async fn look(conn: &mut Conn, id: GroupId, caller: UserId, action: Action) -> Result<Seat> {
    let group = rows::find(conn, id)
        .await?
        .ok_or_else(ApiError::not_found)?;
    let seat = Seat::of(conn, group, caller).await?;
    seat.may(action)?;
    Ok(seat)
}

/// The same, locked.
///
/// # Errors
/// 404 if there is none; what the policy says.
pub async fn lock(conn: &mut Conn, id: GroupId, caller: UserId, action: Action) -> Result<Seat> {
    let seat = lock_seat(conn, id, caller).await?;
    seat.may(action)?;
    Ok(seat)
}

/// A locked group, for whoever asks the policy themselves.
///
/// # Errors
/// 404 if there is none.
pub async fn lock_seat(conn: &mut Conn, id: GroupId, caller: UserId) -> Result<Seat> {
    let locked = rows::lock(conn, &[id.0]).await?;
    let group = locked.into_iter().next().ok_or_else(ApiError::not_found)?;
    Seat::of(conn, group, caller).await
}

/// Locks a group with everyone who is in it; who that is.
///
/// Users come before groups in the order of locks, and whoever reads them first may miss one who
/// just comes. So the group's door is shut before: some may leave meanwhile, nobody comes in.
///
/// # Errors
/// 404 if there is none; what the policy says.
pub async fn lock_whole(
    conn: &mut Conn,
    id: GroupId,
    caller: UserId,
    action: Action,
) -> Result<(Seat, Vec<Uuid>)> {
    // Whoever may not do it holds nobody up.
    look(conn, id, caller, action).await?;
    rows::shut_door(conn, id).await?;
    let everyone = members::lock_users(conn, id).await?;
    Ok((lock(conn, id, caller, action).await?, everyone))
}

/// Locks the caller's account, which must not have ended: it would be in the group for ever.
///
/// # Errors
/// 401 if it has ended.
pub async fn lock_caller(conn: &mut Conn, caller: UserId) -> Result<User> {
    Ok(people::lock(conn, caller, caller).await?.me.user())
}

/// Tells everyone in a group how it is now.
#[must_use]
pub fn updated(group: &GroupRow) -> Event {
    let frame = ServerFrame::GroupUpdated {
        group_id: group.id(),
        group: group.shared(),
        version: group.version,
        account_rev: None,
    };
    Event::frame(&[Route::Group(group.id())], &frame)
}

/// Tells one user's devices that what they are in a group has changed.
#[must_use]
pub fn updated_for(user: UserId, group: &GroupRow, account_rev: i64) -> Event {
    let frame = ServerFrame::GroupUpdated {
        group_id: group.id(),
        group: group.shared(),
        version: group.version,
        account_rev: Some(account_rev),
    };
    Event::frame(&[Route::User(user)], &frame)
}
