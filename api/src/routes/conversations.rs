//! Beginning, listing and reading conversations.

use actix_web::{HttpResponse, web};
use diesel_async::AsyncConnection;
use protocol::conversation::{Conversation, CreateConversationRequest, SharedConversation};
use protocol::frame::ServerFrame;
use protocol::ids::{ConversationId, UserId};
use protocol::routing::Route;
use serde::Deserialize;

use crate::app::State;
use crate::domain::cursor;
use crate::error::{ApiError, Result};
use crate::events::{self, Event, Pending};
use crate::extract::{Caller, Json, Path, Query, params};
use crate::policy;
use crate::store::views::{self, ListPosition, ViewRow};
use crate::store::{Conn, accounts, blocks, conversations};

pub async fn create_conversation(
    state: web::Data<State>,
    caller: Caller,
    Json(request): Json<CreateConversationRequest>,
) -> Result<HttpResponse> {
    let (me, other) = (caller.user_id, request.user_id);
    let mut conn = state.db.get().await?;
    let (id, event) = match find(&mut conn, me, other).await? {
        Some(id) => (id, None),
        None => {
            conn.transaction(async |conn| begin(conn, me, other).await)
                .await?
        }
    };
    let mut answer = if event.is_some() {
        HttpResponse::Created()
    } else {
        HttpResponse::Ok()
    };
    state.events.publish(event);
    Ok(answer.json(read_snapshot(&mut conn, me, id).await?))
}

/// The chat the two have already, if they may write to each other: the common case needs no lock.
async fn find(conn: &mut Conn, me: UserId, other: UserId) -> Result<Option<ConversationId>> {
    if blocks::between(conn, me, other).await? {
        return Ok(None);
    }
    Ok(conversations::find_direct(conn, me, other).await?)
}

/// Begins a chat, or finds the one that another request has just begun.
async fn begin(
    conn: &mut Conn,
    me: UserId,
    other: UserId,
) -> Result<(ConversationId, Option<Pending>)> {
    let users = accounts::lock(conn, &[me.0, other.0]).await?;
    let exists = users
        .into_iter()
        .any(|user| user.id == other.0 && !user.user().deleted);
    let blocked = blocks::between(conn, me, other).await?;
    policy::may_approach(policy::Pair {
        same: me == other,
        exists,
        blocked,
    })?;
    if let Some(id) = conversations::find_direct(conn, me, other).await? {
        return Ok((id, None));
    }
    let id = conversations::insert_direct(conn, me, other).await?;
    let row = views::one(conn, me, id)
        .await?
        .ok_or_else(ApiError::not_found)?;
    Ok((id, Some(tell_both(conn, me, other, &row.shared()).await?)))
}

async fn tell_both(
    conn: &mut Conn,
    me: UserId,
    other: UserId,
    shared: &SharedConversation,
) -> Result<Pending> {
    let frame = ServerFrame::ConversationCreated {
        rev: shared.rev,
        conversation: shared.clone(),
    };
    let event = Event::frame(&[Route::User(me), Route::User(other)], &frame)
        .of_conversation(shared.id, shared.rev);
    Ok(events::record(conn, event).await?)
}

/// A conversation as the caller sees it, from one snapshot.
pub(super) async fn read_snapshot(
    conn: &mut Conn,
    caller: UserId,
    id: ConversationId,
) -> Result<Conversation> {
    let mut snapshot = conn.build_transaction().repeatable_read().read_only();
    snapshot
        .run(async |conn| {
            let row = views::one(conn, caller, id)
                .await?
                .ok_or_else(ApiError::not_found)?;
            let complete = views::complete(conn, vec![row]).await?;
            complete.into_iter().next().ok_or_else(ApiError::not_found)
        })
        .await
}

pub async fn get_conversation(
    state: web::Data<State>,
    caller: Caller,
    Path(id): Path<ConversationId>,
) -> Result<HttpResponse> {
    let mut conn = state.db.get().await?;
    Ok(HttpResponse::Ok().json(read_snapshot(&mut conn, caller.user_id, id).await?))
}

/// Which conversations, and where the page begins.
#[derive(Debug, Deserialize)]
pub struct ListQuery {
    archived: Option<bool>,
    limit: Option<usize>,
    cursor: Option<String>,
}

pub async fn list_conversations(
    state: web::Data<State>,
    caller: Caller,
    Query(query): Query<ListQuery>,
) -> Result<HttpResponse> {
    let limit = params::limit(query.limit)?;
    let after = match &query.cursor {
        Some(text) => ListPosition::decode(text)?,
        None => ListPosition::START,
    };
    let archived = query.archived.unwrap_or(false);
    let mut conn = state.db.get().await?;
    let mut snapshot = conn.build_transaction().repeatable_read().read_only();
    let (rows, next_cursor) = snapshot
        .run::<_, ApiError, _>(async |conn| {
            let rows = views::list(conn, caller.user_id, archived, after, limit as i64 + 1).await?;
            let page = cursor::page(rows, limit, ViewRow::list_position, std::convert::identity);
            Ok((views::complete(conn, page.items).await?, page.next_cursor))
        })
        .await?;
    Ok(HttpResponse::Ok().json(protocol::page::Page {
        items: rows,
        next_cursor,
    }))
}
