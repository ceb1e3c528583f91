//! What people are to each other: the steps that several routes share, each within the caller's
//! transaction. Whoever they concern is locked first, in the order of ids.

mod ending;
mod news;
mod requests;

pub use ending::{Ended, end_account};
pub use news::{Change, News};
pub use requests::{answer, ask, cancel};

use protocol::ids::UserId;

use crate::error::{ApiError, Result};
use crate::policy;
use crate::store::accounts::{self, UserRow};
use crate::store::{Conn, friend_requests, friends};

/// The caller and someone else, as they are until the transaction ends.
#[derive(Debug)]
pub struct Pair {
    /// The caller.
    pub me: UserRow,
    /// The other one, unless there is no such account, or no longer.
    pub other: Option<UserRow>,
}

/// Locks the caller and someone else.
///
/// # Errors
/// 401 if the caller's account has just ended.
pub async fn lock(conn: &mut Conn, me: UserId, other: UserId) -> Result<Pair> {
    let users = accounts::lock(conn, &[me.0, other.0]).await?;
    let find = |id: UserId| {
        let mut alive = users.iter().filter(|user| !user.is_deleted());
        alive.find(|user| user.id == id.0).cloned()
    };
    Ok(Pair {
        me: find(me).ok_or_else(ended)?,
        other: find(other),
    })
}

/// The same, where it takes somebody else with an account.
///
/// # Errors
/// 422 with oneself, 404 with nobody.
pub async fn lock_both(conn: &mut Conn, me: UserId, other: UserId) -> Result<[UserRow; 2]> {
    let pair = lock(conn, me, other).await?;
    policy::may_meet(me == other, pair.other.is_some())?;
    Ok([pair.me, pair.other.ok_or_else(ApiError::not_found)?])
}

fn ended() -> ApiError {
    ApiError::unauthenticated("The account has ended.")
}

/// Makes two locked people friends.
async fn befriend(conn: &mut Conn, one: UserRow, other: UserRow, news: &mut News) -> Result<()> {
    let (one, other) = (one.user(), other.user());
    friends::insert(conn, one.id, other.id).await?;
    news.look_again(one.id, other.id);
    news.tell(one.id, Change::Friend(other.clone()));
    news.tell(other.id, Change::Friend(one));
    Ok(())
}

/// Ends the friendship of two locked people, if they are friends.
///
/// # Errors
/// If the database fails.
pub async fn unfriend(conn: &mut Conn, one: UserId, other: UserId, news: &mut News) -> Result<()> {
    if friends::delete(conn, one, other).await? {
        news.look_again(one, other);
        news.tell(one, Change::FriendRemoved(other));
        news.tell(other, Change::FriendRemoved(one));
    }
    Ok(())
}

/// Ends whatever there is between two locked people that takes both of them: their friendship, and
/// a request that waits.
///
/// # Errors
/// If the database fails.
pub async fn part(conn: &mut Conn, one: UserId, other: UserId, news: &mut News) -> Result<()> {
    unfriend(conn, one, other, news).await?;
    if let Some(request) = friend_requests::pending_between(conn, one, other).await? {
        friend_requests::delete(conn, request.id()).await?;
        news.tell_both(&request, Change::FriendRequestRemoved(request.id()));
    }
    Ok(())
}
