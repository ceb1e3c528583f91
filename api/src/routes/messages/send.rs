//! Sending a message.

use actix_web::{HttpResponse, web};
use protocol::ids::{ConversationId, UserId};
use protocol::message::{Message, SendMessageRequest};
use protocol::problem::Code;

use crate::app::State;
use crate::committer::Verdict;
use crate::domain::message::Send;
use crate::error::{ApiError, Result};
use crate::extract::{Json, Path, Sender};
use crate::messages::{self, Drafted};
use crate::observe;
use crate::store::messages as rows;
use crate::store::messages::commit;

/// How often what a message answers, or its files, may change between reading and committing.
const TRIES: usize = 3;

pub async fn send_message(
    state: web::Data<State>,
    sender: Sender,
    Path(id): Path<ConversationId>,
    Json(request): Json<SendMessageRequest>,
) -> Result<HttpResponse> {
    let send = Send::parse(request)?;
    for _ in 0..TRIES {
        let Drafted { draft, message } =
            match messages::draft(&state.db, sender.user_id, id, &send).await {
                Ok(drafted) => drafted,
                Err(refusal) => return repeated(&state, sender.user_id, id, &send, refusal).await,
            };
        return match state.committer.commit(draft).await? {
            Verdict::Committed { seq, rev, at } => {
                observe::set_message(id, message.id);
                Ok(HttpResponse::Created().json(message.committed(seq, rev, at.into())))
            }
            Verdict::Exists { seq, same_content } => {
                let message = existing(&state, sender.user_id, id, seq, same_content).await?;
                Ok(HttpResponse::Ok().json(message))
            }
            Verdict::NotMember => Err(ApiError::not_found()),
            Verdict::Blocked => Err(ApiError::new(Code::Blocked, "One of you blocks the other.")),
            Verdict::Stale => continue,
            Verdict::Unknown => Err(ApiError::unavailable()),
        };
    }
    Err(ApiError::unavailable())
}

/// A message that cannot be made (any more), unless it was made before: then its files are its own.
async fn repeated(
    state: &State,
    sender: UserId,
    id: ConversationId,
    send: &Send,
    refusal: ApiError,
) -> Result<HttpResponse> {
    if !matches!(refusal.code(), Code::Invalid | Code::LimitReached) {
        return Err(refusal);
    }
    let sent = commit::sent(&mut *state.db.get().await?, id, sender, send.client_id).await?;
    let (seq, hash) = sent.ok_or(refusal)?;
    let same_content = hash == send.content_hash();
    Ok(HttpResponse::Ok().json(existing(state, sender, id, seq, same_content).await?))
}

/// What the `client_id` stands for already.
async fn existing(
    state: &State,
    sender: UserId,
    id: ConversationId,
    seq: i64,
    same_content: bool,
) -> Result<Message> {
    if !same_content {
        return Err(ApiError::new(
            Code::ClientIdReused,
            "This client_id stands for a message with other content.",
        ));
    }
    let row = rows::by_seq(&mut *state.db.get().await?, sender, id, seq).await?;
    Ok(row.message())
}
