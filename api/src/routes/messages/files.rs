//! What was sent to a conversation besides words.

use actix_web::{HttpResponse, web};
use protocol::ids::ConversationId;

use crate::app::State;
use crate::domain::cursor;
use crate::error::{ApiError, Result};
use crate::extract::params::PageQuery;
use crate::extract::{Caller, Path, Query};
use crate::store::messages::{MessageRow, files, seats};

pub async fn list_files(
    state: web::Data<State>,
    caller: Caller,
    Path(id): Path<ConversationId>,
    Query(query): Query<PageQuery>,
) -> Result<HttpResponse> {
    let limit = query.limit()?;
    let below: i64 = match &query.cursor {
        Some(text) => cursor::decode(text)?,
        None => i64::MAX,
    };
    let mut conn = state.db.get().await?;
    let mut snapshot = conn.build_transaction().repeatable_read().read_only();
    let rows = snapshot
        .run::<_, ApiError, _>(async |conn| {
            let seat = seats::of(conn, id, caller.user_id).await?;
            let cleared_seq = seat.ok_or_else(ApiError::not_found)?.cleared_seq;
            let more = limit as i64 + 1;
            Ok(files::list(conn, caller.user_id, id, cleared_seq, below, more).await?)
        })
        .await?;
    let position = |row: &MessageRow| row.seq;
    Ok(HttpResponse::Ok().json(cursor::page(rows, limit, position, MessageRow::message)))
}
