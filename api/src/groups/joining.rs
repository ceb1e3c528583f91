//! Coming into a group.

use protocol::control::Control;
use protocol::frame::ServerFrame;
use protocol::group::{Member, Role};
use protocol::ids::{GroupId, InviteId, UserId};
use protocol::limits;
use protocol::problem::Code;
use protocol::routing::Route;

use super::{Notice, announce, lock, lock_caller, updated_for};
use crate::error::{ApiError, Result};
use crate::events::{self, Event, Pending};
use crate::policy::below;
use crate::policy::groups::Action;
use crate::store::groups::{self as rows, Move, channels, invites, members};
use crate::store::{Conn, accounts};

/// By what way someone comes.
#[derive(Clone, Copy, Debug)]
pub enum Way {
    /// The group is open.
    Open,
    /// They were invited.
    Invite(InviteId),
}

/// Takes the caller into a group.
///
/// # Errors
/// What the policy says, 409 if they are in it; 410 if the invite does not work; 422 at a limit.
pub async fn join(conn: &mut Conn, caller: UserId, id: GroupId, way: Way) -> Result<Vec<Pending>> {
    rows::pass_door(conn, id).await?;
    let user = lock_caller(conn, caller).await?;
    let action = match way {
        Way::Open => Action::Join,
        Way::Invite(_) => Action::AcceptInvite,
    };
    let seat = lock(conn, id, caller, action).await?;
    if let Way::Invite(invite) = way
        && !invites::take_use(conn, invite).await?
    {
        return Err(invite_gone());
    }
    let groups = rows::count_of(conn, caller).await?;
    below(groups, limits::GROUPS_PER_USER, "groups of one person")?;
    let others = i64::from(seat.group.member_count);
    below(others, limits::GROUP_MEMBERS, "members in a group")?;
    channels::lock_all(conn, &[id.0]).await?;
    let joined_at = members::insert(conn, id, caller, Role::Member).await?;
    let more = Move {
        members: 1,
        ..Move::default()
    };
    let group = rows::step_one(conn, id, more).await?;
    // First the notice, then the rows: a newcomer has read of their own coming.
    let mut events = announce(conn, [Notice::joined(&group, &user)]).await?;
    members::enter_channels(conn, id, caller).await?;
    let account_rev = accounts::bump_account_rev(conn, caller).await?;
    let joined = ServerFrame::MemberJoined {
        group_id: id,
        member: Member {
            user,
            role: Role::Member,
            joined_at: joined_at.into(),
        },
        version: group.version,
    };
    events.extend([
        Event::frame(&[Route::Group(id)], &joined),
        updated_for(caller, &group, account_rev),
        Event::control(&Control::RoutesChanged { user_id: caller }),
    ]);
    Ok(events::record_all(conn, events).await?)
}

/// The answer to an invite that was there and does not work any more.
#[must_use]
pub fn invite_gone() -> ApiError {
    ApiError::new(
        Code::InviteGone,
        "The invite is used up, has expired or was deleted.",
    )
}
