//! Who is in a group: coming, going, roles.

use actix_web::{HttpResponse, web};
use chrono::{DateTime, Datelike, Utc};
use diesel_async::AsyncConnection;
use protocol::group::PatchMemberRequest;
use protocol::ids::{GroupId, UserId};
use protocol::limits;
use serde::Deserialize;
use uuid::Uuid;

use crate::app::State;
use crate::domain::{cursor, text};
use crate::error::{ApiError, Result};
use crate::extract::{Caller, Json, Path, Query, params};
use crate::groups::{self, Removal, Way};
use crate::policy::groups::Action;
use crate::store::groups::members::{self, MemberRow, Position};

pub async fn join_group(
    state: web::Data<State>,
    caller: Caller,
    Path(id): Path<GroupId>,
) -> Result<HttpResponse> {
    let mut conn = state.db.get().await?;
    let events = conn
        .transaction(async |conn| groups::join(conn, caller.user_id, id, Way::Open).await)
        .await?;
    state.events.publish(events);
    Ok(HttpResponse::Ok().json(groups::read(&mut conn, id, caller.user_id).await?))
}

pub async fn leave_group(
    state: web::Data<State>,
    caller: Caller,
    Path(id): Path<GroupId>,
) -> Result<HttpResponse> {
    let mut conn = state.db.get().await?;
    let events = conn
        .transaction(async |conn| groups::leave(conn, caller.user_id, id).await)
        .await?;
    state.events.publish(events);
    Ok(HttpResponse::NoContent().finish())
}

/// How names begin, and where the page does.
#[derive(Debug, Deserialize)]
pub struct MembersQuery {
    q: Option<String>,
    limit: Option<usize>,
    cursor: Option<String>,
}

pub async fn list_members(
    state: web::Data<State>,
    caller: Caller,
    Path(id): Path<GroupId>,
    Query(query): Query<MembersQuery>,
) -> Result<HttpResponse> {
    let limit = params::limit(query.limit)?;
    let names = 0..=*limits::NAME_CHARS.end();
    let prefix = text::line(query.q.as_deref().unwrap_or_default(), names)
        .map_err(|rule| ApiError::malformed(format!("q: {}.", rule.message)))?;
    let after = match &query.cursor {
        Some(text) => place(text)?,
        None => (0, DateTime::<Utc>::UNIX_EPOCH, Uuid::nil()),
    };
    let mut conn = state.db.get().await?;
    groups::look(&mut conn, id, caller.user_id, Action::ListMembers).await?;
    let asked = limit as i64 + 1;
    let rows = if prefix.is_empty() {
        members::list(&mut conn, id, after, asked).await?
    } else {
        members::search(&mut conn, id, &prefix.to_lowercase(), after, asked).await?
    };
    let page = cursor::page(rows, limit, MemberRow::position, MemberRow::member);
    Ok(HttpResponse::Ok().json(page))
}

/// A place in the list; a year that Postgres cannot hold is none.
fn place(text: &str) -> Result<Position> {
    let place: Position = cursor::decode(text)?;
    match place.1.year() {
        0..=9999 => Ok(place),
        _ => Err(cursor::not_ours()),
    }
}

pub async fn patch_member(
    state: web::Data<State>,
    caller: Caller,
    Path((id, who)): Path<(GroupId, UserId)>,
    Json(request): Json<PatchMemberRequest>,
) -> Result<HttpResponse> {
    let mut conn = state.db.get().await?;
    let (member, events) = conn
        .transaction(async |conn| {
            groups::set_role(conn, caller.user_id, id, who, request.role).await
        })
        .await?;
    state.events.publish(events);
    Ok(HttpResponse::Ok().json(member))
}

/// Removes a member. Removing oneself is leaving.
pub async fn remove_member(
    state: web::Data<State>,
    caller: Caller,
    Path((id, who)): Path<(GroupId, UserId)>,
) -> Result<HttpResponse> {
    let mut conn = state.db.get().await?;
    let events = conn
        .transaction(async |conn| {
            if who == caller.user_id {
                groups::leave(conn, who, id).await
            } else {
                groups::remove(conn, caller.user_id, id, who, Removal::Kick).await
            }
        })
        .await?;
    state.events.publish(events);
    Ok(HttpResponse::NoContent().finish())
}
