//! Blocking people.

use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use diesel_async::AsyncConnection;
use protocol::control::Control;
use protocol::frame::ServerFrame;
use protocol::ids::UserId;
use protocol::routing::Route;
use uuid::Uuid;

use crate::app::State;
use crate::domain::cursor;
use crate::error::{ApiError, Result};
use crate::events::{self, Event, Pending};
use crate::extract::params::PageQuery;
use crate::extract::{Caller, Path, Query};
use crate::store::blocks::{self, Blocked};
use crate::store::{Conn, accounts};

pub async fn list_blocks(
    state: web::Data<State>,
    caller: Caller,
    Query(query): Query<PageQuery>,
) -> Result<HttpResponse> {
    let limit = query.limit()?;
    let before = match &query.cursor {
        Some(text) => cursor::decode_moment(text)?,
        None => (DateTime::<Utc>::MAX_UTC, Uuid::max()),
    };
    let rows = blocks::list(
        &mut *state.db.get().await?,
        caller.user_id,
        before,
        limit as i64 + 1,
    )
    .await?;
    let position = |row: &Blocked| (row.blocked_at, row.user.id);
    Ok(HttpResponse::Ok().json(cursor::page(rows, limit, position, |row| row.user.user())))
}

pub async fn block_user(
    state: web::Data<State>,
    caller: Caller,
    Path(other): Path<UserId>,
) -> Result<HttpResponse> {
    let me = caller.user_id;
    if other == me {
        return Err(ApiError::field("id", "oneself", "must be someone else"));
    }
    let mut conn = state.db.get().await?;
    let events = conn
        .transaction(async |conn| {
            let users = lock(conn, me, other).await?;
            let user = users
                .into_iter()
                .find(|user| user.id == other.0)
                .map(accounts::UserRow::user);
            let user = user
                .filter(|user| !user.deleted)
                .ok_or_else(ApiError::not_found)?;
            if !blocks::insert(conn, me, other).await? {
                return Ok(Vec::new());
            }
            let account_rev = accounts::bump_account_rev(conn, me).await?;
            tell(conn, me, other, &ServerFrame::Block { user, account_rev }).await
        })
        .await?;
    state.events.publish(events);
    Ok(HttpResponse::NoContent().finish())
}

pub async fn unblock_user(
    state: web::Data<State>,
    caller: Caller,
    Path(other): Path<UserId>,
) -> Result<HttpResponse> {
    let me = caller.user_id;
    let mut conn = state.db.get().await?;
    let events = conn
        .transaction(async |conn| {
            lock(conn, me, other).await?;
            if !blocks::delete(conn, me, other).await? {
                return Ok(Vec::new());
            }
            let account_rev = accounts::bump_account_rev(conn, me).await?;
            tell(
                conn,
                me,
                other,
                &ServerFrame::BlockRemoved {
                    user_id: other,
                    account_rev,
                },
            )
            .await
        })
        .await?;
    state.events.publish(events);
    Ok(HttpResponse::NoContent().finish())
}

/// Locks what a block is judged by: both users, then their conversation.
async fn lock(conn: &mut Conn, me: UserId, other: UserId) -> Result<Vec<accounts::UserRow>> {
    let users = accounts::lock(conn, &[me.0, other.0]).await?;
    blocks::lock_direct(conn, me.0.min(other.0), me.0.max(other.0)).await?;
    Ok(users)
}

/// Tells the blocker's devices, and every ws-server that the two may see each other no more or again.
async fn tell(
    conn: &mut Conn,
    me: UserId,
    other: UserId,
    frame: &ServerFrame,
) -> Result<Vec<Pending>> {
    let frame = Event::frame(&[Route::User(me)], frame);
    let control = Event::control(&Control::VisibilityChanged {
        user_ids: [me, other],
    });
    Ok(vec![
        events::record(conn, frame).await?,
        events::record(conn, control).await?,
    ])
}
