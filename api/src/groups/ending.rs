//! The end of a group.

use protocol::control::Control;
use protocol::frame::ServerFrame;
use protocol::ids::{GroupId, UserId};
use protocol::routing::Route;
use uuid::Uuid;

use super::lock_whole;
use crate::error::Result;
use crate::events::{self, Event, Pending};
use crate::policy::groups::Action;
use crate::store::groups::{self as rows, Move, channels, removed};
use crate::store::{Conn, accounts};

/// The caller deletes a group. Nobody finds it any more; what was said in it is swept later.
///
/// # Errors
/// What the policy says.
pub async fn delete(conn: &mut Conn, caller: UserId, id: GroupId) -> Result<Vec<Pending>> {
    let (_, everyone) = lock_whole(conn, id, caller, Action::Delete).await?;
    channels::lock_all(conn, &[id.0]).await?;
    accounts::advance_account_revs(conn, &everyone).await?;
    let events = end(conn, &[id.0], &everyone).await?;
    Ok(events::record_all(conn, events).await?)
}

/// Ends groups that are locked with their channels, and that these users are in; what they and the
/// ws-servers hear.
///
/// Each member hears it by the route of their own: the control message, which overtakes events,
/// takes the group's away.
pub(super) async fn end(conn: &mut Conn, ids: &[Uuid], everyone: &[Uuid]) -> Result<Vec<Event>> {
    let own: Vec<Route> = everyone.iter().map(|&id| Route::User(id.into())).collect();
    let last = rows::step(conn, ids, Move::default()).await?;
    removed::end(conn, ids).await?;
    let events = last.into_iter().flat_map(|group| {
        let group_id = group.id();
        let removed = ServerFrame::GroupRemoved {
            group_id,
            version: group.version,
            account_rev: None,
        };
        let mut events = Event::frames(&own, &removed);
        events.push(Event::control(&Control::GroupRemoved { group_id }));
        events
    });
    Ok(events.collect())
}
