//! The end of an account, and of all that ties others to it.

use std::collections::HashSet;

use protocol::frame::ServerFrame;
use protocol::ids::{SessionId, UserId};
use protocol::people::FriendRequestStatus;
use uuid::Uuid;

use super::{Change, News, lock};
use crate::error::Result;
use crate::events::{self, Event, Pending};
use crate::groups;
use crate::sessions;
use crate::store::sessions::Which;
use crate::store::{Conn, accounts, audience, blocks, contacts, friend_requests, friends};

/// An account that has ended.
#[derive(Debug)]
pub struct Ended {
    /// The sessions that ended with it.
    pub sessions: Vec<SessionId>,
    /// What is to be told.
    pub events: Vec<Pending>,
}

/// Ends an account. `None`, with nothing done, if someone came to be concerned by it while the locks
/// were waited for: they would have to be locked out of order, so the caller begins anew.
///
/// # Errors
/// 401 if it has ended already.
pub async fn end_account(conn: &mut Conn, me: UserId) -> Result<Option<Ended>> {
    if !lock_concerned(conn, me).await? {
        return Ok(None);
    }
    let audience = audience::of_profile(conn, me).await?;
    let mut events = groups::leave_all(conn, me).await?;
    events.extend(sever(conn, me).await?.record(conn).await?);
    let user = accounts::delete(conn, me).await?.user();
    let (sessions, ended) = sessions::end(conn, me, Which::All).await?;
    events.extend(ended);
    let frames = Event::frames(&audience, &ServerFrame::UserUpdated { user });
    events.extend(events::record_all(conn, frames).await?);
    Ok(Some(Ended { sessions, events }))
}

/// Locks a user and everyone concerned; false if there are more by now. Whoever ties themselves to
/// a user locks both, so from then on there will be none.
async fn lock_concerned(conn: &mut Conn, me: UserId) -> Result<bool> {
    let locked = concerned(conn, me).await?;
    let mut ids: Vec<Uuid> = locked.iter().copied().collect();
    ids.push(me.0);
    accounts::lock(conn, &ids).await?;
    lock(conn, me, me).await?;
    Ok(concerned(conn, me).await?.is_subset(&locked))
}

/// Those whose lists name a user, and those to whom the user's groups pass.
async fn concerned(conn: &mut Conn, me: UserId) -> Result<HashSet<Uuid>> {
    let mut ids = HashSet::from_iter(audience::of_account(conn, me).await?);
    ids.extend(groups::heirs(conn, me).await?);
    Ok(ids)
}

/// Takes a user out of everyone's lists, and forgets their own.
async fn sever(conn: &mut Conn, me: UserId) -> Result<News> {
    let mut news = News::default();
    for owner in contacts::delete_all(conn, me).await? {
        news.tell(owner, Change::ContactRemoved(me));
    }
    for friend in friends::delete_all(conn, me).await? {
        news.tell(friend, Change::FriendRemoved(me));
    }
    let requests = friend_requests::delete_all(conn, me).await?;
    for request in requests {
        if request.status() == FriendRequestStatus::Pending {
            let other = if request.from() == me {
                request.to()
            } else {
                request.from()
            };
            news.tell(other, Change::FriendRequestRemoved(request.id()));
        }
    }
    blocks::delete_all(conn, me).await?;
    Ok(news)
}
