//! Sending and reading messages.

use actix_web::{HttpResponse, web};
use protocol::ids::{ConversationId, MessageId, UserId};
use protocol::message::{Message, MessageDraft, MessageKind, MessagePage, SendMessageRequest};
use protocol::problem::Code;
use serde::Deserialize;

use crate::app::State;
use crate::committer::{Draft, Verdict};
use crate::domain::message::Send;
use crate::error::{ApiError, Result};
use crate::events;
use crate::extract::{Caller, Json, Path, Query, Sender, params};
use crate::observe;
use crate::store::messages::{self, MessageRow};
use crate::store::views::ViewRow;
use crate::store::{Conn, views};

pub async fn send_message(
    state: web::Data<State>,
    sender: Sender,
    Path(id): Path<ConversationId>,
    Json(request): Json<SendMessageRequest>,
) -> Result<HttpResponse> {
    let send = Send::parse(request)?;
    let draft = draft(sender.user_id, id, &send);
    let message_id = draft.id;
    match state.committer.commit(draft).await? {
        Verdict::Committed { seq, rev, at } => {
            observe::set_message(id, message_id);
            Ok(HttpResponse::Created().json(message(
                sender.user_id,
                id,
                message_id,
                send,
                (seq, rev, at),
            )))
        }
        Verdict::Exists {
            seq,
            same_content: true,
        } => {
            let row = messages::by_seq(&mut *state.db.get().await?, id, seq).await?;
            Ok(HttpResponse::Ok().json(row.message()))
        }
        Verdict::Exists {
            same_content: false,
            ..
        } => Err(ApiError::new(
            Code::ClientIdReused,
            "This client_id stands for a message with other content.",
        )),
        Verdict::NotMember => Err(ApiError::not_found()),
        Verdict::Blocked => Err(ApiError::new(Code::Blocked, "One of you blocks the other.")),
        Verdict::Unknown => Err(ApiError::unavailable()),
    }
}

fn draft(sender_id: UserId, conversation_id: ConversationId, send: &Send) -> Draft {
    let id = MessageId::new();
    let frame_head = MessageDraft {
        id,
        conversation_id,
        client_id: send.client_id,
        sender_id,
        kind: MessageKind::Text,
        body: &send.body,
        system: None,
        reply_to: None,
        attachments: &[],
        reactions: &[],
        mentions: &[],
        mentions_all: false,
        pinned: false,
        edited_at: None,
        deleted_at: None,
    }
    .frame_head();
    Draft {
        conversation_id,
        sender_id,
        client_id: send.client_id,
        id,
        content_hash: send.content_hash(),
        body: send.body.clone(),
        frame_head,
        request_id: events::present_request(),
    }
}

fn message(
    sender_id: UserId,
    conversation_id: ConversationId,
    id: MessageId,
    send: Send,
    (seq, rev, at): (i64, i64, chrono::DateTime<chrono::Utc>),
) -> Message {
    Message {
        id,
        conversation_id,
        seq,
        rev,
        client_id: send.client_id,
        sender_id,
        kind: MessageKind::Text,
        body: send.body,
        system: None,
        reply_to: None,
        attachments: Vec::new(),
        reactions: Vec::new(),
        mentions: Vec::new(),
        mentions_all: false,
        pinned: false,
        created_at: at.into(),
        edited_at: None,
        deleted_at: None,
    }
}

/// Which part of the timeline.
#[derive(Debug, Deserialize)]
pub struct TimelineQuery {
    before: Option<i64>,
    after: Option<i64>,
    around: Option<i64>,
    limit: Option<usize>,
}

enum Place {
    Newest,
    Before(i64),
    After(i64),
    Around(i64),
}

impl TimelineQuery {
    fn place(&self) -> Result<Place> {
        match (self.before, self.after, self.around) {
            (None, None, None) => Ok(Place::Newest),
            (Some(seq), None, None) => Ok(Place::Before(seq)),
            (None, Some(seq), None) => Ok(Place::After(seq)),
            (None, None, Some(seq)) => Ok(Place::Around(seq)),
            _ => Err(ApiError::malformed(
                "before, after, around: at most one of them.",
            )),
        }
    }
}

pub async fn list_messages(
    state: web::Data<State>,
    caller: Caller,
    Path(id): Path<ConversationId>,
    Query(query): Query<TimelineQuery>,
) -> Result<HttpResponse> {
    let limit = i64::try_from(params::limit(query.limit)?).unwrap_or(i64::MAX);
    let place = query.place()?;
    let mut conn = state.db.get().await?;
    let mut snapshot = conn.build_transaction().repeatable_read().read_only();
    let page = snapshot
        .run::<_, ApiError, _>(async |conn| {
            let view = views::one(conn, caller.user_id, id)
                .await?
                .ok_or_else(ApiError::not_found)?;
            let rows = read_place(conn, id, &view, &place, limit).await?;
            Ok(page(&view, &place, rows))
        })
        .await?;
    Ok(HttpResponse::Ok().json(page))
}

/// What the caller has cleared does not exist for them.
async fn read_place(
    conn: &mut Conn,
    id: ConversationId,
    view: &ViewRow,
    place: &Place,
    limit: i64,
) -> Result<Vec<MessageRow>> {
    let cleared = view.cleared_seq;
    let first = cleared.saturating_add(1);
    Ok(match *place {
        Place::Newest => messages::last_before(conn, id, cleared, i64::MAX, limit).await?,
        Place::Before(seq) => messages::last_before(conn, id, cleared, seq, limit).await?,
        Place::After(seq) => {
            messages::ascending(conn, id, seq.saturating_add(1).max(first), limit).await?
        }
        Place::Around(seq) => {
            // Half of the page up to and with `seq`, the rest after it.
            let upto = (limit + 1) / 2;
            let mut rows =
                messages::last_before(conn, id, cleared, seq.saturating_add(1), upto).await?;
            let rest = limit - i64::try_from(rows.len()).unwrap_or(limit);
            rows.extend(
                messages::ascending(conn, id, seq.saturating_add(1).max(first), rest).await?,
            );
            rows
        }
    })
}

fn page(view: &ViewRow, place: &Place, rows: Vec<MessageRow>) -> MessagePage {
    // The timeline has no gaps: the ends of the page say what lies beyond.
    let (low, high) = match (rows.first(), rows.last()) {
        (Some(first), Some(last)) => (first.seq, last.seq),
        _ => {
            let at = match *place {
                Place::Newest => view.last_seq.saturating_add(1),
                Place::Before(seq) => seq.clamp(1, view.last_seq.saturating_add(1)),
                Place::After(seq) | Place::Around(seq) => {
                    seq.clamp(0, view.last_seq).saturating_add(1)
                }
            };
            (at, at.saturating_sub(1))
        }
    };
    MessagePage {
        has_before: low > view.cleared_seq.saturating_add(1),
        has_after: high < view.last_seq,
        rev: view.rev,
        items: rows.into_iter().map(MessageRow::message).collect(),
    }
}
