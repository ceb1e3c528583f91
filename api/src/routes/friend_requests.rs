//! Asking to be friends, and answering.

use actix_web::{HttpResponse, web};
use diesel_async::AsyncConnection;
use protocol::ids::FriendRequestId;
use protocol::page::Page;
use protocol::people::{CreateFriendRequest, FriendRequestStatus};

use crate::app::State;
use crate::domain::cursor;
use crate::error::{ApiError, Result};
use crate::extract::params::PageQuery;
use crate::extract::{Caller, Json, Path, Query};
use crate::people::{self, News};
use crate::store::friend_requests::{self, RequestRow};

pub async fn create_friend_request(
    state: web::Data<State>,
    caller: Caller,
    Json(request): Json<CreateFriendRequest>,
) -> Result<HttpResponse> {
    let id = request.id.unwrap_or_default();
    let mut conn = state.db.get().await?;
    let (request, new, events) = conn
        .transaction::<_, ApiError, _>(async |conn| {
            let mut news = News::default();
            let (request, new) =
                people::ask(conn, caller.user_id, request.user_id, id, &mut news).await?;
            Ok((request, new, news.record(conn).await?))
        })
        .await?;
    state.events.publish(events);
    let mut answer = if new {
        HttpResponse::Created()
    } else {
        HttpResponse::Ok()
    };
    Ok(answer.json(request))
}

pub async fn list_friend_requests(
    state: web::Data<State>,
    caller: Caller,
    Query(query): Query<PageQuery>,
) -> Result<HttpResponse> {
    let (limit, before) = (query.limit()?, query.before()?);
    let mut conn = state.db.get().await?;
    let rows =
        friend_requests::list_pending(&mut conn, caller.user_id, before, limit as i64 + 1).await?;
    let position = |row: &RequestRow| (row.created_at, row.id);
    let page = cursor::page(rows, limit, position, std::convert::identity);
    Ok(HttpResponse::Ok().json(Page {
        items: friend_requests::complete(&mut conn, page.items).await?,
        next_cursor: page.next_cursor,
    }))
}

pub async fn accept_friend_request(
    state: web::Data<State>,
    caller: Caller,
    Path(id): Path<FriendRequestId>,
) -> Result<HttpResponse> {
    answer(&state, caller, id, FriendRequestStatus::Accepted).await
}

pub async fn decline_friend_request(
    state: web::Data<State>,
    caller: Caller,
    Path(id): Path<FriendRequestId>,
) -> Result<HttpResponse> {
    answer(&state, caller, id, FriendRequestStatus::Declined).await
}

async fn answer(
    state: &State,
    caller: Caller,
    id: FriendRequestId,
    status: FriendRequestStatus,
) -> Result<HttpResponse> {
    let mut conn = state.db.get().await?;
    let (request, events) = conn
        .transaction::<_, ApiError, _>(async |conn| {
            let mut news = News::default();
            let request = people::answer(conn, caller.user_id, id, status, &mut news).await?;
            Ok((request, news.record(conn).await?))
        })
        .await?;
    state.events.publish(events);
    Ok(HttpResponse::Ok().json(request))
}

pub async fn cancel_friend_request(
    state: web::Data<State>,
    caller: Caller,
    Path(id): Path<FriendRequestId>,
) -> Result<HttpResponse> {
    let mut conn = state.db.get().await?;
    let events = conn
        .transaction::<_, ApiError, _>(async |conn| {
            let mut news = News::default();
            people::cancel(conn, caller.user_id, id, &mut news).await?;
            news.record(conn).await
        })
        .await?;
    state.events.publish(events);
    Ok(HttpResponse::NoContent().finish())
}
