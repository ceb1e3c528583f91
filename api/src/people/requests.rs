//! Asking to be friends, and answering.

use protocol::ids::{FriendRequestId, UserId};
use protocol::limits;
use protocol::people::{FriendRequest, FriendRequestStatus};
use protocol::problem::Code;

use super::{Change, News, Pair, befriend, lock};
use crate::error::{ApiError, Result};
use crate::policy;
use crate::policy::friend_requests::{Act, Next, judge};
use crate::store::accounts::UserRow;
use crate::store::friend_requests::{self, RequestRow};
use crate::store::{Conn, blocks, friends};

fn conflict(detail: &str) -> ApiError {
    ApiError::new(Code::Conflict, detail)
}

/// Asks someone to be the caller's friend, or makes the two friends if they have asked already. The
/// request, and whether it is new: the same id again gives what exists.
///
/// # Errors
/// 422 with oneself, 404 with nobody, 403 when blocked; 409 if the id stands for another's request,
/// or if there is nothing to ask; 422 `limit_reached`.
pub async fn ask(
    conn: &mut Conn,
    me: UserId,
    other: UserId,
    id: FriendRequestId,
    news: &mut News,
) -> Result<(FriendRequest, bool)> {
    let pair = lock(conn, me, other).await?;
    if let Some(existing) = friend_requests::find(conn, id).await? {
        if existing.from() != me {
            return Err(conflict("This id stands for another request."));
        }
        return Ok((whole(conn, existing).await?, false));
    }
    let blocked = blocks::between(conn, me, other).await?;
    policy::may_approach(policy::Pair {
        same: me == other,
        exists: pair.other.is_some(),
        blocked,
    })?;
    if friends::are(conn, me, other).await? {
        return Err(conflict("You are friends already."));
    }
    let request = match friend_requests::pending_between(conn, me, other).await? {
        Some(mine) if mine.from() == me => {
            return Err(conflict("You have asked already."));
        }
        Some(theirs) => {
            accept(conn, &theirs, pair, news).await?;
            let accepted = FriendRequestStatus::Accepted;
            let mine = friend_requests::insert(conn, id, me, other, accepted).await?;
            whole(conn, mine).await?
        }
        None => {
            let mine = make(conn, me, other, id).await?;
            let request = whole(conn, mine.clone()).await?;
            news.tell_both(&mine, Change::FriendRequest(request.clone()));
            request
        }
    };
    Ok((request, true))
}

async fn make(
    conn: &mut Conn,
    me: UserId,
    other: UserId,
    id: FriendRequestId,
) -> Result<RequestRow> {
    let waiting = friend_requests::count_pending(conn, me).await?;
    policy::below(
        waiting,
        limits::PENDING_REQUESTS,
        "requests that wait for an answer",
    )?;
    let pending = FriendRequestStatus::Pending;
    Ok(friend_requests::insert(conn, id, me, other, pending).await?)
}

/// Answers a request that was made to the caller.
///
/// # Errors
/// 404 for a stranger, 403 for who asked, 409 if it was answered otherwise.
pub async fn answer(
    conn: &mut Conn,
    me: UserId,
    id: FriendRequestId,
    status: FriendRequestStatus,
    news: &mut News,
) -> Result<FriendRequest> {
    let (row, pair) = lock_request(conn, me, id).await?;
    let next = judge(Act::Answer(status), row.from() == me, row.status())?;
    let row = match (next, status) {
        (Next::Done, _) => row,
        (Next::Go, FriendRequestStatus::Accepted) => accept(conn, &row, pair, news).await?,
        (Next::Go, status) => close(conn, &row, status, news).await?,
    };
    whole(conn, row).await
}

/// Takes back a request that the caller made.
///
/// # Errors
/// 404 for a stranger, 403 for who was asked, 409 if it was answered.
pub async fn cancel(
    conn: &mut Conn,
    me: UserId,
    id: FriendRequestId,
    news: &mut News,
) -> Result<()> {
    let (row, _) = lock_request(conn, me, id).await?;
    judge(Act::Cancel, row.from() == me, row.status())?;
    friend_requests::delete(conn, id).await?;
    news.tell_both(&row, Change::FriendRequestRemoved(id));
    Ok(())
}

/// A request of the caller's, with both sides locked.
async fn lock_request(
    conn: &mut Conn,
    me: UserId,
    id: FriendRequestId,
) -> Result<(RequestRow, Pair)> {
    let seen = friend_requests::find(conn, id).await?;
    let other = match seen.map(|row| (row.from(), row.to())) {
        Some((from, to)) if from == me => to,
        Some((from, to)) if to == me => from,
        _ => return Err(ApiError::not_found()),
    };
    let pair = lock(conn, me, other).await?;
    // As it is now that nobody else changes it.
    let row = friend_requests::find(conn, id).await?;
    Ok((row.ok_or_else(ApiError::not_found)?, pair))
}

async fn accept(
    conn: &mut Conn,
    request: &RequestRow,
    pair: Pair,
    news: &mut News,
) -> Result<RequestRow> {
    let other: UserRow = pair.other.ok_or_else(ApiError::not_found)?;
    let row = close(conn, request, FriendRequestStatus::Accepted, news).await?;
    befriend(conn, pair.me, other, news).await?;
    Ok(row)
}

async fn close(
    conn: &mut Conn,
    request: &RequestRow,
    status: FriendRequestStatus,
    news: &mut News,
) -> Result<RequestRow> {
    news.tell_both(request, Change::FriendRequestRemoved(request.id()));
    Ok(friend_requests::answer(conn, request.id(), status).await?)
}

async fn whole(conn: &mut Conn, row: RequestRow) -> Result<FriendRequest> {
    let whole = friend_requests::complete(conn, vec![row]).await?;
    whole.into_iter().next().ok_or_else(ApiError::not_found)
}
