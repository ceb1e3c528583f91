//! Who may not come back into a group.

use actix_web::{HttpResponse, web};
use diesel_async::AsyncConnection;
use protocol::ids::{GroupId, UserId};

use crate::app::State;
use crate::domain::cursor;
use crate::error::{ApiError, Result};
use crate::extract::params::PageQuery;
use crate::extract::{Caller, Path, Query};
use crate::groups::{self, Removal};
use crate::policy::groups::Action;
use crate::store::groups::bans::{self, BanRow};

pub async fn ban_user(
    state: web::Data<State>,
    caller: Caller,
    Path((id, who)): Path<(GroupId, UserId)>,
) -> Result<HttpResponse> {
    if who == caller.user_id {
        let rule = "must be someone else";
        return Err(ApiError::field("user_id", "oneself", rule));
    }
    let mut conn = state.db.get().await?;
    let events = conn
        .transaction(async |conn| groups::remove(conn, caller.user_id, id, who, Removal::Ban).await)
        .await?;
    state.events.publish(events);
    Ok(HttpResponse::NoContent().finish())
}

pub async fn unban_user(
    state: web::Data<State>,
    caller: Caller,
    Path((id, who)): Path<(GroupId, UserId)>,
) -> Result<HttpResponse> {
    let mut conn = state.db.get().await?;
    conn.transaction::<_, ApiError, _>(async |conn| {
        groups::lock(conn, id, caller.user_id, Action::Unban).await?;
        Ok(bans::delete(conn, id, who).await?)
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

pub async fn list_bans(
    state: web::Data<State>,
    caller: Caller,
    Path(id): Path<GroupId>,
    Query(query): Query<PageQuery>,
) -> Result<HttpResponse> {
    let limit = query.limit()?;
    let before = query.before()?;
    let mut conn = state.db.get().await?;
    groups::look(&mut conn, id, caller.user_id, Action::ListBans).await?;
    let rows = bans::list(&mut conn, id, before, limit as i64 + 1).await?;
    let page = cursor::page(rows, limit, BanRow::position, BanRow::ban);
    Ok(HttpResponse::Ok().json(page))
}
