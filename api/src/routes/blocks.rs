//! Blocking people.

use actix_web::{HttpResponse, web};
use diesel_async::AsyncConnection;
use protocol::ids::UserId;

use crate::app::State;
use crate::domain::cursor;
use crate::error::{ApiError, Result};
use crate::extract::params::PageQuery;
use crate::extract::{Caller, Path, Query};
use crate::people::{self, Change, News};
use crate::store::blocks::{self, Blocked};

pub async fn list_blocks(
    state: web::Data<State>,
    caller: Caller,
    Query(query): Query<PageQuery>,
) -> Result<HttpResponse> {
    let (limit, before) = (query.limit()?, query.before()?);
    let mut conn = state.db.get().await?;
    let rows = blocks::list(&mut conn, caller.user_id, before, limit as i64 + 1).await?;
    let position = |row: &Blocked| (row.blocked_at, row.user.id);
    Ok(HttpResponse::Ok().json(cursor::page(rows, limit, position, |row| row.user.user())))
}

pub async fn block_user(
    state: web::Data<State>,
    caller: Caller,
    Path(other): Path<UserId>,
) -> Result<HttpResponse> {
    let me = caller.user_id;
    let mut conn = state.db.get().await?;
    let events = conn
        .transaction::<_, ApiError, _>(async |conn| {
            let [_, user] = people::lock_both(conn, me, other).await?;
            // The committer reads blocks under the conversation's lock: no message slips past one.
            blocks::lock_direct(conn, me, other).await?;
            let mut news = News::default();
            if blocks::insert(conn, me, other).await? {
                news.look_again(me, other);
                news.tell(me, Change::Block(user.user()));
                people::part(conn, me, other, &mut news).await?;
            }
            news.record(conn).await
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
        .transaction::<_, ApiError, _>(async |conn| {
            people::lock(conn, me, other).await?;
            blocks::lock_direct(conn, me, other).await?;
            let mut news = News::default();
            if blocks::delete(conn, me, other).await? {
                news.look_again(me, other);
                news.tell(me, Change::BlockRemoved(other));
            }
            news.record(conn).await
        })
        .await?;
    state.events.publish(events);
    Ok(HttpResponse::NoContent().finish())
}
