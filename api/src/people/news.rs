//! What a transaction changed between people, gathered while it runs and written as events before
//! it commits.

use std::collections::BTreeSet;

use protocol::account::User;
use protocol::control::Control;
use protocol::frame::ServerFrame;
use protocol::ids::{FriendRequestId, UserId};
use protocol::people::{Contact, FriendRequest};
use protocol::routing::Route;
use uuid::Uuid;

use crate::error::Result;
use crate::events::{self, Event, Pending};
use crate::store::friend_requests::RequestRow;
use crate::store::{Conn, accounts};

/// A change in one person's own lists.
#[derive(Clone, Debug)]
pub enum Change {
    /// A contact is new or has another alias.
    Contact(Contact),
    /// A contact is gone.
    ContactRemoved(UserId),
    /// A request was made, by them or to them.
    FriendRequest(FriendRequest),
    /// A request was answered or taken back.
    FriendRequestRemoved(FriendRequestId),
    /// Someone is their friend.
    Friend(User),
    /// Someone is their friend no longer.
    FriendRemoved(UserId),
    /// They blocked someone.
    Block(User),
    /// They unblocked someone.
    BlockRemoved(UserId),
}

impl Change {
    fn frame(self, account_rev: i64) -> ServerFrame {
        match self {
            Self::Contact(contact) => ServerFrame::Contact {
                contact,
                account_rev,
            },
            Self::ContactRemoved(user_id) => ServerFrame::ContactRemoved {
                user_id,
                account_rev,
            },
            Self::FriendRequest(friend_request) => ServerFrame::FriendRequest {
                friend_request,
                account_rev,
            },
            Self::FriendRequestRemoved(friend_request_id) => ServerFrame::FriendRequestRemoved {
                friend_request_id,
                account_rev,
            },
            Self::Friend(user) => ServerFrame::Friend { user, account_rev },
            Self::FriendRemoved(user_id) => ServerFrame::FriendRemoved {
                user_id,
                account_rev,
            },
            Self::Block(user) => ServerFrame::Block { user, account_rev },
            Self::BlockRemoved(user_id) => ServerFrame::BlockRemoved {
                user_id,
                account_rev,
            },
        }
    }
}

/// Everything that one transaction has to tell.
#[derive(Debug, Default)]
pub struct News {
    changes: Vec<(UserId, Change)>,
    sights: BTreeSet<[UserId; 2]>,
}

impl News {
    /// Tells a person's devices of a change. The person is locked.
    pub fn tell(&mut self, to: UserId, change: Change) {
        self.changes.push((to, change));
    }

    /// Tells both sides of a request.
    pub fn tell_both(&mut self, of: &RequestRow, change: Change) {
        self.tell(of.from(), change.clone());
        self.tell(of.to(), change);
    }

    /// Has every ws-server look again whether the two may see each other's presence.
    pub fn look_again(&mut self, one: UserId, other: UserId) {
        self.sights.insert([one.min(other), one.max(other)]);
    }

    /// Writes the events, in the order in which they were told.
    ///
    /// Each change has an account revision of its own: of two under one revision, a client that
    /// missed the second could not know.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn record(self, conn: &mut Conn) -> Result<Vec<Pending>> {
        if self.changes.is_empty() && self.sights.is_empty() {
            return Ok(Vec::new());
        }
        let named: Vec<Uuid> = self.changes.iter().map(|(to, _)| to.0).collect();
        let mut revs = accounts::advance_account_revs(conn, &named).await?;
        let mut events = Vec::with_capacity(self.changes.len() + self.sights.len());
        for (to, change) in self.changes {
            let rev = revs.entry(to).or_default();
            *rev += 1;
            events.push(Event::frame(&[Route::User(to)], &change.frame(*rev)));
        }
        let controls = self.sights.into_iter();
        events.extend(
            controls.map(|user_ids| Event::control(&Control::VisibilityChanged { user_ids })),
        );
        Ok(events::record_all(conn, events).await?)
    }
}
