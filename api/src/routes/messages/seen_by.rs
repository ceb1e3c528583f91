//! Who has received and read a message.

use actix_web::{HttpResponse, web};
use protocol::ids::{ConversationId, MessageId};
use protocol::message::SeenBy;
use uuid::Uuid;

use crate::app::State;
use crate::domain::cursor;
use crate::error::{ApiError, Result};
use crate::extract::params::PageQuery;
use crate::extract::{Caller, Path, Query};
use crate::messages::Subject;
use crate::store::messages::seen_by::{self, Question};

pub async fn list_seen_by(
    state: web::Data<State>,
    caller: Caller,
    Path((id, message)): Path<(ConversationId, MessageId)>,
    Query(query): Query<PageQuery>,
) -> Result<HttpResponse> {
    let limit = query.limit()?;
    let after: Uuid = match &query.cursor {
        Some(text) => cursor::decode(text)?,
        None => Uuid::nil(),
    };
    let mut conn = state.db.get().await?;
    let mut snapshot = conn.build_transaction().repeatable_read().read_only();
    let rows = snapshot
        .run::<_, ApiError, _>(async |conn| {
            let subject = Subject::look(conn, caller.user_id, id, message).await?;
            let question = Question {
                id,
                seq: subject.message.seq,
                sender: subject.message.sender_id,
                caller: caller.user_id,
            };
            Ok(seen_by::list(conn, question, after, limit as i64 + 1).await?)
        })
        .await?;
    let position = |one: &SeenBy| one.user_id;
    Ok(HttpResponse::Ok().json(cursor::page(rows, limit, position, std::convert::identity)))
}
