//! Ways into a group.

use actix_web::{HttpResponse, web};
use diesel_async::AsyncConnection;
use protocol::group::{CreateInviteRequest, InvitePreview};
use protocol::ids::{GroupId, UserId};
use protocol::limits;

use super::taken;
use crate::app::State;
use crate::domain::cursor;
use crate::domain::invite::{InviteCode, NewInvite};
use crate::error::{ApiError, Result};
use crate::extract::params::PageQuery;
use crate::extract::{Caller, ClientAddress, Json, Path, Query};
use crate::groups::{self, Way};
use crate::policy;
use crate::policy::groups::Action;
use crate::store::Conn;
use crate::store::groups::invites::{self, InviteRow};
use crate::store::groups::{self as rows};

pub async fn create_invite(
    state: web::Data<State>,
    caller: Caller,
    Path(group): Path<GroupId>,
    Json(request): Json<CreateInviteRequest>,
) -> Result<HttpResponse> {
    let new = NewInvite::parse(request)?;
    let mut conn = state.db.get().await?;
    let (row, is_new) = conn
        .transaction(async |conn| create(conn, caller.user_id, group, &new).await)
        .await?;
    let mut answer = if is_new {
        HttpResponse::Created()
    } else {
        HttpResponse::Ok()
    };
    Ok(answer.json(row.invite(&state.config.http.public_url)))
}

/// Makes an invite, or finds the one that the group has under this id; whether it is new.
async fn create(
    conn: &mut Conn,
    caller: UserId,
    group: GroupId,
    new: &NewInvite,
) -> Result<(InviteRow, bool)> {
    groups::lock(conn, group, caller, Action::CreateInvite).await?;
    if let Some(row) = invites::find(conn, new.id).await? {
        return if row.group() == group {
            Ok((row, false))
        } else {
            Err(taken())
        };
    }
    let count = invites::count(conn, group).await?;
    policy::below(count, limits::GROUP_INVITES, "working invites of a group")?;
    let row = invites::insert(conn, group, caller, new, &InviteCode::random()).await?;
    Ok((row.ok_or_else(taken)?, true))
}

pub async fn list_invites(
    state: web::Data<State>,
    caller: Caller,
    Path(group): Path<GroupId>,
    Query(query): Query<PageQuery>,
) -> Result<HttpResponse> {
    let limit = query.limit()?;
    let before = query.before()?;
    let mut conn = state.db.get().await?;
    groups::look(&mut conn, group, caller.user_id, Action::ListInvites).await?;
    let rows = invites::list(&mut conn, group, before, limit as i64 + 1).await?;
    let url = &state.config.http.public_url;
    let page = cursor::page(rows, limit, InviteRow::position, |row| row.invite(url));
    Ok(HttpResponse::Ok().json(page))
}

/// What whoever holds the code may know. No token is needed; guessing is limited by address.
pub async fn preview_invite(
    state: web::Data<State>,
    ClientAddress(address): ClientAddress,
    Path(code): Path<String>,
) -> Result<HttpResponse> {
    state.limits.anonymous(address)?;
    let code = InviteCode::parse(&code)?;
    let mut conn = state.db.get().await?;
    let invite = find(&mut conn, &code).await?;
    if !invite.works {
        return Err(groups::invite_gone());
    }
    let group = rows::find(&mut conn, invite.group()).await?;
    let group = group.ok_or_else(ApiError::not_found)?.shared();
    Ok(HttpResponse::Ok().json(InvitePreview {
        group_id: group.id,
        name: group.name,
        description: group.description,
        icon_url: group.icon_url,
        member_count: group.member_count,
    }))
}

async fn find(conn: &mut Conn, code: &InviteCode) -> Result<InviteRow> {
    let row = invites::by_code(conn, code).await?;
    row.ok_or_else(ApiError::not_found)
}

pub async fn accept_invite(
    state: web::Data<State>,
    caller: Caller,
    Path(code): Path<String>,
) -> Result<HttpResponse> {
    let code = InviteCode::parse(&code)?;
    let mut conn = state.db.get().await?;
    let invite = find(&mut conn, &code).await?;
    let (group, way) = (invite.group(), Way::Invite(invite.id()));
    let events = conn
        .transaction(async |conn| groups::join(conn, caller.user_id, group, way).await)
        .await?;
    state.events.publish(events);
    Ok(HttpResponse::Ok().json(groups::read(&mut conn, group, caller.user_id).await?))
}

pub async fn delete_invite(
    state: web::Data<State>,
    caller: Caller,
    Path(code): Path<String>,
) -> Result<HttpResponse> {
    let code = InviteCode::parse(&code)?;
    let mut conn = state.db.get().await?;
    conn.transaction::<_, ApiError, _>(async |conn| {
        let invite = find(conn, &code).await?;
        groups::lock(conn, invite.group(), caller.user_id, Action::DeleteInvite).await?;
        Ok(invites::end(conn, invite.id()).await?)
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}
