//! Deleting a message, for oneself or for everyone.

use actix_web::{HttpResponse, web};
use diesel_async::AsyncConnection;
use protocol::frame::ServerFrame;
use protocol::ids::{ConversationId, MessageId, UserId};
use protocol::routing::Route;
use serde::Deserialize;

use crate::app::State;
use crate::error::{ApiError, Result};
use crate::events::{self, Event, Pending};
use crate::extract::{Caller, Path, Query};
use crate::messages::{News, Subject};
use crate::policy::messages as policy;
use crate::store::messages::{changing, hides};
use crate::store::{Conn, conversations, views};

/// For whom a message is to go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Whom {
    /// For the caller alone.
    #[default]
    Me,
    /// For all who see it.
    Everyone,
}

/// How it is to go.
#[derive(Debug, Deserialize)]
pub struct DeleteQuery {
    #[serde(default)]
    r#for: Whom,
}

pub async fn delete_message(
    state: web::Data<State>,
    caller: Caller,
    Path((id, message)): Path<(ConversationId, MessageId)>,
    Query(query): Query<DeleteQuery>,
) -> Result<HttpResponse> {
    let user = caller.user_id;
    let mut conn = state.db.get().await?;
    let event = conn
        .transaction(async |conn| match query.r#for {
            Whom::Me => hide(conn, user, id, message).await,
            Whom::Everyone => delete(conn, user, id, message).await,
        })
        .await?;
    state.events.publish(event);
    Ok(HttpResponse::NoContent().finish())
}

/// Leaves a tombstone; of a tombstone, nothing more.
async fn delete(
    conn: &mut Conn,
    user: UserId,
    id: ConversationId,
    message: MessageId,
) -> Result<Option<Pending>> {
    let subject = Subject::lock_stored(conn, user, id, message).await?;
    let relation = subject.relation();
    policy::may_delete(relation)?;
    if relation.deleted {
        return Ok(None);
    }
    changing::delete(conn, subject.change()).await?;
    let (_, event) = subject.tell(conn, News::Deleted).await?;
    Ok(Some(event))
}

/// Hides a message from the caller, and tells their devices; once.
async fn hide(
    conn: &mut Conn,
    user: UserId,
    id: ConversationId,
    message: MessageId,
) -> Result<Option<Pending>> {
    let member = conversations::lock_membership(conn, user, id).await?;
    member.ok_or_else(ApiError::not_found)?;
    let is_new = hides::hide(conn, user, id, message).await?;
    if !is_new.ok_or_else(ApiError::not_found)? {
        return Ok(None);
    }
    let view = views::one(conn, user, id).await?;
    let frame = ServerFrame::MessageHidden {
        conversation_id: id,
        message_id: message,
        me: view.ok_or_else(ApiError::not_found)?.me(),
    };
    let event = Event {
        message_id: Some(message.0),
        ..Event::frame(&[Route::User(user)], &frame)
    };
    Ok(Some(events::record(conn, event).await?))
}
