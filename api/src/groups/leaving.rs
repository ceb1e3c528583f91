//! Leaving a group, being removed from it, and leaving all of them with one's account.

use protocol::account::User;
use protocol::control::Control;
use protocol::frame::ServerFrame;
use protocol::group::Role;
use protocol::ids::{GroupId, UserId};
use protocol::routing::Route;
use uuid::Uuid;

use super::ending::end;
use super::{Notice, Seat, announce, lock, lock_caller, lock_seat, owning, updated};
use crate::error::{ApiError, Result};
use crate::events::{self, Event, Pending};
use crate::people;
use crate::policy::groups::Action;
use crate::store::accounts::UserRow;
use crate::store::groups::departures::Leaving;
use crate::store::groups::{self as rows, GroupRow, Move, bans, channels, departures, members};
use crate::store::{Conn, accounts};

/// The caller leaves a group.
///
/// # Errors
/// What the policy says: an owner hands over first.
pub async fn leave(conn: &mut Conn, caller: UserId, id: GroupId) -> Result<Vec<Pending>> {
    let user = lock_caller(conn, caller).await?;
    lock(conn, id, caller, Action::Leave).await?;
    channels::lock_all(conn, &[id.0]).await?;
    let (groups, mut events) = take_out(conn, &user, &[id.0]).await?;
    let left = groups.iter().map(|group| Notice::left(group, &user));
    events.extend(announce(conn, left).await?);
    events.extend(tell_who_left(conn, caller, &groups).await?);
    Ok(events::record_all(conn, events).await?)
}

/// How someone is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removal {
    /// They may come back.
    Kick,
    /// They may not; it need not be a member.
    Ban,
}

/// The caller removes someone else from a group.
///
/// # Errors
/// What the policy says; 404 if there is nobody to remove.
pub async fn remove(
    conn: &mut Conn,
    caller: UserId,
    id: GroupId,
    who: UserId,
    how: Removal,
) -> Result<Vec<Pending>> {
    let pair = people::lock(conn, caller, who).await?;
    let actor = pair.me.user();
    let seat = lock_seat(conn, id, caller).await?;
    let role = judge(conn, &seat, who, how).await?;
    let user = pair.other.ok_or_else(ApiError::not_found)?.user();
    if how == Removal::Ban {
        bans::insert(conn, id, who, caller).await?;
    } else if role.is_none() {
        return Err(ApiError::not_found());
    }
    if role.is_none() {
        return Ok(Vec::new());
    }
    channels::lock_all(conn, &[id.0]).await?;
    let (groups, mut events) = take_out(conn, &user, &[id.0]).await?;
    let removed = groups
        .iter()
        .map(|group| Notice::removed(group, &actor, &user));
    events.extend(announce(conn, removed).await?);
    events.extend(tell_who_left(conn, who, &groups).await?);
    Ok(events::record_all(conn, events).await?)
}

/// May the caller remove them? As what they are in the group.
async fn judge(conn: &mut Conn, seat: &Seat, who: UserId, how: Removal) -> Result<Option<Role>> {
    let relation = members::relation(conn, seat.group.id(), who).await?;
    seat.may(match (relation.role(), how) {
        (Some(Role::Owner), _) => Action::RemoveOwner,
        (Some(Role::Admin), _) => Action::RemoveAdmin,
        (None, Removal::Ban) => Action::BanStranger,
        (Some(Role::Member), _) | (None, Removal::Kick) => Action::RemoveMember,
    })?;
    Ok(relation.role())
}

/// Takes a user out of locked groups whose channels are locked: the groups as they are then, and
/// what those who stay and the ws-servers hear.
async fn take_out(
    conn: &mut Conn,
    user: &User,
    ids: &[Uuid],
) -> Result<(Vec<GroupRow>, Vec<Event>)> {
    departures::delete(conn, user.id, ids).await?;
    let fewer = Move {
        members: -1,
        ..Move::default()
    };
    let groups = rows::step(conn, ids, fewer).await?;
    let events = groups.iter().flat_map(|group| {
        let (group_id, user_id) = (group.id(), user.id);
        let left = ServerFrame::MemberLeft {
            group_id,
            user_id,
            version: group.version,
        };
        [
            Event::control(&Control::MemberRemoved { user_id, group_id }),
            Event::frame(&[Route::Group(group_id)], &left),
        ]
    });
    let events = events.collect();
    Ok((groups, events))
}

/// Tells the devices of who left that the groups are gone for them.
async fn tell_who_left(conn: &mut Conn, user: UserId, groups: &[GroupRow]) -> Result<Vec<Event>> {
    let account_rev = accounts::bump_account_rev(conn, user).await?;
    let frames = groups.iter().map(|group| ServerFrame::GroupRemoved {
        group_id: group.id(),
        version: group.version,
        account_rev: Some(account_rev),
    });
    Ok(frames
        .map(|frame| Event::frame(&[Route::User(user)], &frame))
        .collect())
}

/// To whom a user's groups would pass. Whoever locks users before `leave_all` locks these too.
///
/// # Errors
/// If the database fails.
pub async fn heirs(conn: &mut Conn, user: UserId) -> Result<Vec<Uuid>> {
    let leaving = departures::leaving(conn, user).await?;
    Ok(leaving.iter().filter_map(|one| one.heir_id).collect())
}

/// Takes a user whose account ends out of all their groups. Those that were theirs pass to the
/// longest-standing admin, else to the longest-standing member; one of nobody else ends.
///
/// It locks the user and the heirs, then the groups, then their channels: whoever holds locks of
/// users before holds these too (`heirs`).
///
/// # Errors
/// 503 if the groups change too fast to be left.
pub async fn leave_all(conn: &mut Conn, user: UserId) -> Result<Vec<Pending>> {
    let mut locked = heirs(conn, user).await?;
    locked.push(user.0);
    let users = accounts::lock(conn, &locked).await?;
    let mut users = users.into_iter().map(UserRow::user);
    let account = users.find(|account| account.id == user);
    let account = account.ok_or_else(ApiError::not_found)?;
    // The user's own lock keeps them from coming into another group meanwhile.
    let ids = ids_of(&departures::leaving(conn, user).await?);
    rows::lock(conn, &ids).await?;
    let leaving = departures::leaving(conn, user).await?;
    let heirs: Vec<_> = leaving.iter().filter_map(Leaving::heir).collect();
    if heirs.iter().any(|(_, heir)| !locked.contains(&heir.0)) {
        return Err(ApiError::unavailable());
    }
    channels::lock_all(conn, &ids_of(&leaving)).await?;
    let (ending, staying): (Vec<_>, Vec<_>) = leaving
        .into_iter()
        .partition(|one| one.owned && one.heir_id.is_none());
    let mut events = end(conn, &ids_of(&ending), &[user.0]).await?;
    members::set_owners(conn, &heirs).await?;
    let (groups, told) = take_out(conn, &account, &ids_of(&staying)).await?;
    events.extend(told);
    members::set_roles(conn, Role::Owner, &heirs).await?;
    let inherited = groups.iter().filter(|group| {
        let mut owners = heirs.iter().map(|(inherited, _)| inherited);
        owners.any(|inherited| *inherited == group.id())
    });
    let inherited: Vec<_> = inherited.collect();
    events.extend(owning::tell_roles(conn, &inherited, &heirs).await?);
    events.extend(inherited.into_iter().map(updated));
    let left = groups.iter().map(|group| Notice::left(group, &account));
    events.extend(announce(conn, left).await?);
    Ok(events::record_all(conn, events).await?)
}

fn ids_of(leaving: &[Leaving]) -> Vec<Uuid> {
    leaving.iter().map(|one| one.group_id).collect()
}
