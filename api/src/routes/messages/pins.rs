//! Pinning messages in their conversation.

use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use diesel_async::AsyncConnection;
use protocol::ids::{ConversationId, MessageId};

use crate::app::State;
use crate::domain::cursor;
use crate::error::{ApiError, Result};
use crate::events::Pending;
use crate::extract::params::PageQuery;
use crate::extract::{Caller, Path, Query};
use crate::messages::{News, Subject};
use crate::policy::messages::{may_continue, may_mark};
use crate::store::Conn;
use crate::store::messages::{MessageRow, pins, seats};

pub async fn pin_message(
    state: web::Data<State>,
    caller: Caller,
    Path((id, message)): Path<(ConversationId, MessageId)>,
) -> Result<HttpResponse> {
    let mut conn = state.db.get().await?;
    let event = conn
        .transaction::<_, ApiError, _>(async |conn| {
            let subject = Subject::lock(conn, caller.user_id, id, message).await?;
            may_mark(subject.relation())?;
            set(conn, subject, true).await
        })
        .await?;
    state.events.publish(event);
    Ok(HttpResponse::NoContent().finish())
}

pub async fn unpin_message(
    state: web::Data<State>,
    caller: Caller,
    Path((id, message)): Path<(ConversationId, MessageId)>,
) -> Result<HttpResponse> {
    let mut conn = state.db.get().await?;
    let event = conn
        .transaction::<_, ApiError, _>(async |conn| {
            let subject = Subject::lock(conn, caller.user_id, id, message).await?;
            may_continue(subject.relation())?;
            set(conn, subject, false).await
        })
        .await?;
    state.events.publish(event);
    Ok(HttpResponse::NoContent().finish())
}

/// Pins or unpins, unless it is so already.
async fn set(conn: &mut Conn, subject: Subject, pinned: bool) -> Result<Option<Pending>> {
    if subject.message.pinned == pinned {
        return Ok(None);
    }
    pins::set(conn, subject.change(), pinned).await?;
    Ok(Some(subject.tell(conn, News::Updated).await?.1))
}

pub async fn list_pins(
    state: web::Data<State>,
    caller: Caller,
    Path(id): Path<ConversationId>,
    Query(query): Query<PageQuery>,
) -> Result<HttpResponse> {
    let limit = query.limit()?;
    let before: (DateTime<Utc>, i64) = match &query.cursor {
        Some(text) => cursor::decode_moment(text)?,
        None => (DateTime::<Utc>::MAX_UTC, i64::MAX),
    };
    let mut conn = state.db.get().await?;
    let mut snapshot = conn.build_transaction().repeatable_read().read_only();
    let rows = snapshot
        .run::<_, ApiError, _>(async |conn| {
            let seat = seats::of(conn, id, caller.user_id).await?;
            let cleared_seq = seat.ok_or_else(ApiError::not_found)?.cleared_seq;
            let more = limit as i64 + 1;
            Ok(pins::list(conn, caller.user_id, id, cleared_seq, before, more).await?)
        })
        .await?;
    let position = |row: &MessageRow| (row.pinned_at, row.seq);
    Ok(HttpResponse::Ok().json(cursor::page(rows, limit, position, MessageRow::message)))
}
