//! Roles, and whose a group is.

use protocol::frame::ServerFrame;
use protocol::group::{Member, Role};
use protocol::ids::{GroupId, UserId};
use protocol::problem::Code;
use protocol::routing::Route;
use uuid::Uuid;

use super::{lock, updated, updated_for};
use crate::error::{ApiError, Result};
use crate::events::{self, Event, Pending};
use crate::people;
use crate::policy::groups::Action;
use crate::store::groups::{self as rows, GroupRow, Move, members};
use crate::store::{Conn, accounts};

/// The caller gives a member another role. Making them the owner hands the group over: the caller
/// becomes an admin.
///
/// # Errors
/// What the policy says; 404 if they are not a member; 409 if an owner would leave the group ownerless.
pub async fn set_role(
    conn: &mut Conn,
    caller: UserId,
    id: GroupId,
    who: UserId,
    role: Role,
) -> Result<(Member, Vec<Pending>)> {
    people::lock(conn, caller, who).await?;
    lock(conn, id, caller, Action::ChangeRole).await?;
    let member = find(conn, id, who).await?;
    if member.role == role {
        return Ok((member, Vec::new()));
    }
    if who == caller {
        return Err(ApiError::new(
            Code::OwnerMustTransfer,
            "Make somebody else the owner: you become an admin.",
        ));
    }
    let mut changed = vec![(id, who)];
    if role == Role::Owner {
        // There is one owner at any time: first none, then the new one.
        members::set_roles(conn, Role::Admin, &[(id, caller)]).await?;
        members::set_owners(conn, &changed).await?;
        members::set_roles(conn, Role::Owner, &changed).await?;
        changed.push((id, caller));
    } else {
        members::set_roles(conn, role, &changed).await?;
    }
    let group = rows::step_one(conn, id, Move::default()).await?;
    let mut events = tell_roles(conn, &[&group], &changed).await?;
    if role == Role::Owner {
        events.push(updated(&group));
    }
    let events = events::record_all(conn, events).await?;
    Ok((find(conn, id, who).await?, events))
}

async fn find(conn: &mut Conn, id: GroupId, who: UserId) -> Result<Member> {
    let member = members::find(conn, id, who).await?;
    member.ok_or_else(ApiError::not_found)
}

/// Everyone in the groups hears of these members' roles; their own devices also that what they may
/// do has changed.
pub(super) async fn tell_roles(
    conn: &mut Conn,
    groups: &[&GroupRow],
    changed: &[(GroupId, UserId)],
) -> Result<Vec<Event>> {
    let mut users: Vec<Uuid> = changed.iter().map(|(_, user)| user.0).collect();
    users.sort_unstable();
    users.dedup();
    let before = accounts::advance_account_revs(conn, &users).await?;
    let mut events = Vec::new();
    for row in members::of(conn, changed).await? {
        let Some(group) = groups.iter().find(|group| group.id() == row.group()) else {
            continue;
        };
        let member = row.member();
        let user = member.user.id;
        if let Some(before) = before.get(&user) {
            events.push(updated_for(user, group, before + 1));
        }
        let frame = ServerFrame::MemberUpdated {
            group_id: group.id(),
            member,
            version: group.version,
        };
        events.push(Event::frame(&[Route::Group(group.id())], &frame));
    }
    Ok(events)
}
