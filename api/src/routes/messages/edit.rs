//! Giving a message another text.

use std::time::Duration;

use actix_web::{HttpResponse, web};
use chrono::Utc;
use diesel_async::AsyncConnection;
use protocol::ids::{ConversationId, MessageId};
use protocol::message::{EditMessageRequest, Message};

use crate::app::State;
use crate::domain::fields::Fields;
use crate::domain::mentions::Mentions;
use crate::domain::message::parse_body;
use crate::error::{ApiError, Result};
use crate::events::Pending;
use crate::extract::{Caller, Json, Path};
use crate::messages::{self, News, Subject};
use crate::policy::messages as policy;
use crate::store::Conn;
use crate::store::messages::changing::{self, Edit};

pub async fn edit_message(
    state: web::Data<State>,
    caller: Caller,
    Path((id, message)): Path<(ConversationId, MessageId)>,
    Json(request): Json<EditMessageRequest>,
) -> Result<HttpResponse> {
    let window = state.config.messages.edit_window;
    let mut conn = state.db.get().await?;
    let (message, event) = conn
        .transaction::<_, ApiError, _>(async |conn| {
            let subject = Subject::lock(conn, caller.user_id, id, message).await?;
            policy::may_edit(subject.relation(), age(&subject.message), window)?;
            edit(conn, subject, &request.body).await
        })
        .await?;
    state.events.publish(event);
    Ok(HttpResponse::Ok().json(message))
}

fn age(message: &Message) -> Duration {
    let sent: chrono::DateTime<Utc> = message.created_at.into();
    // A clock behind the database's: it was sent just now.
    (Utc::now() - sent).to_std().unwrap_or_default()
}

/// Writes a new text; the same one changes nothing and is not told.
async fn edit(conn: &mut Conn, subject: Subject, body: &str) -> Result<(Message, Option<Pending>)> {
    let mut fields = Fields::default();
    let has_files = !subject.message.attachments.is_empty();
    let body = fields.take("body", parse_body(body, has_files));
    let body = fields.finish(body)?;
    if body == subject.message.body {
        return Ok((subject.message, None));
    }
    let (change, sender) = (subject.change(), subject.message.sender_id);
    let (mentions, already) = (Mentions::of(&body), &subject.message.mentions);
    let named =
        messages::name(conn, change.id, (sender, subject.seat()), mentions, already).await?;
    let new = Edit {
        body,
        mentions: named.users,
        mentions_all: named.all,
    };
    changing::edit(conn, change, &new).await?;
    let (message, event) = subject.tell(conn, News::Updated).await?;
    Ok((message, Some(event)))
}
