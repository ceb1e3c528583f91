//! The caller's friends.

use actix_web::{HttpResponse, web};
use diesel_async::AsyncConnection;
use protocol::ids::UserId;

use crate::app::State;
use crate::domain::cursor;
use crate::error::{ApiError, Result};
use crate::extract::params::PageQuery;
use crate::extract::{Caller, Path, Query};
use crate::people::{self, News};
use crate::store::accounts::UserRow;
use crate::store::friends;

pub async fn list_friends(
    state: web::Data<State>,
    caller: Caller,
    Query(query): Query<PageQuery>,
) -> Result<HttpResponse> {
    let (limit, (name, id)) = (query.limit()?, query.after_name()?);
    let mut conn = state.db.get().await?;
    let after = (name.as_str(), id);
    let rows = friends::list(&mut conn, caller.user_id, after, limit as i64 + 1).await?;
    Ok(HttpResponse::Ok().json(cursor::page(rows, limit, UserRow::position, UserRow::user)))
}

pub async fn delete_friend(
    state: web::Data<State>,
    caller: Caller,
    Path(other): Path<UserId>,
) -> Result<HttpResponse> {
    let me = caller.user_id;
    let mut conn = state.db.get().await?;
    let events = conn
        .transaction::<_, ApiError, _>(async |conn| {
            people::lock(conn, me, other).await?;
            let mut news = News::default();
            people::unfriend(conn, me, other, &mut news).await?;
            news.record(conn).await
        })
        .await?;
    state.events.publish(events);
    Ok(HttpResponse::NoContent().finish())
}
