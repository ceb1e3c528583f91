//! Watermarks over REST.

use actix_web::{HttpResponse, web};
use protocol::command::{ReceiptCommand, ReceiptCommands};
use protocol::conversation::{MemberReceipt, ReceiptsRequest};
use protocol::ids::ConversationId;
use uuid::Uuid;

use crate::app::State;
use crate::domain::cursor;
use crate::domain::fields::{Fields, Rule};
use crate::error::{ApiError, Result};
use crate::extract::params::PageQuery;
use crate::extract::{Caller, Json, Path, Query};
use crate::receipts;
use crate::store::receipts::{self as rows, Watermarks};
use crate::store::views;

pub async fn post_receipts(
    state: web::Data<State>,
    caller: Caller,
    Path(id): Path<ConversationId>,
    Json(request): Json<ReceiptsRequest>,
) -> Result<HttpResponse> {
    let view = views::one(&mut *state.db.get().await?, caller.user_id, id)
        .await?
        .ok_or_else(ApiError::not_found)?;
    let mut fields = Fields::default();
    let in_timeline = |seq: i64| {
        let rule = || Rule::new("out_of_range", format!("must be 0 to {}", view.last_seq));
        if (0..=view.last_seq).contains(&seq) {
            Ok(seq)
        } else {
            Err(rule())
        }
    };
    let delivered = fields.take_optional("delivered_seq", request.delivered_seq, in_timeline);
    let read = fields.take_optional("read_seq", request.read_seq, in_timeline);
    let (delivered_seq, read_seq) =
        fields.finish(Some((delivered.unwrap_or(0), read.unwrap_or(0))))?;
    let items = vec![ReceiptCommand {
        conversation_id: id,
        delivered_seq,
        read_seq,
    }];
    receipts::advance(
        &state,
        [ReceiptCommands {
            user_id: caller.user_id,
            items,
        }],
    )
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

pub async fn list_receipts(
    state: web::Data<State>,
    caller: Caller,
    Path(id): Path<ConversationId>,
    Query(query): Query<PageQuery>,
) -> Result<HttpResponse> {
    let limit = query.limit()?;
    let after: Uuid = match &query.cursor {
        Some(text) => cursor::decode(text)?,
        None => Uuid::nil(),
    };
    let mut conn = state.db.get().await?;
    views::one(&mut conn, caller.user_id, id)
        .await?
        .ok_or_else(ApiError::not_found)?;
    let rows = rows::list(&mut conn, id, caller.user_id, after, limit as i64 + 1).await?;
    let page = cursor::page(
        rows,
        limit,
        |row: &Watermarks| row.user_id,
        |row| MemberReceipt {
            user_id: row.user_id.into(),
            delivered_seq: row.delivered_seq,
            read_seq: row.read_seq,
            updated_at: row.receipts_at.into(),
        },
    );
    Ok(HttpResponse::Ok().json(page))
}
