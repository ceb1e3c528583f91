//! From what a person sends to what the committer takes.

use protocol::ids::{AttachmentId, ConversationId, MessageId, UserId};
use protocol::limits;
use protocol::message::{Attachment, MessageDraft, MessageKind, ReplyTo, excerpt};

use super::naming::{self, Named};
use crate::committer::{Draft, Extra, Quote};
use crate::domain::mentions::Mentions;
use crate::domain::message::Send;
use crate::error::{ApiError, Result};
use crate::events;
use crate::store::attachments::{self, AttachmentRow};
use crate::store::messages::{self, seats};
use crate::store::{Conn, Db};

/// A message to commit, and as its sender will be answered.
#[derive(Debug)]
pub struct Drafted {
    /// For the committer.
    pub draft: Draft,
    /// For the answer.
    pub message: MessageDraft,
}

/// What stands in the database of what a message is to hold.
#[derive(Default)]
struct Found {
    reply_to: Option<(ReplyTo, Quote)>,
    attachments: Vec<Attachment>,
    named: Named,
}

/// Drafts a message. A plain one asks the database nothing; for the others, what their frame says of
/// the message they answer and of their files is read here, and judged again by the commit.
///
/// # Errors
/// 404 if the sender is not in the conversation, 422 if something the message names is not to be had.
pub async fn draft(db: &Db, sender: UserId, id: ConversationId, send: &Send) -> Result<Drafted> {
    let mentions = Mentions::of(&send.body);
    let is_plain = send.reply_to.is_none()
        && send.attachment_ids.is_empty()
        && mentions == Mentions::default();
    let found = if is_plain {
        Found::default()
    } else {
        look_up(&mut *db.get().await?, sender, id, send, mentions).await?
    };
    Ok(write(sender, id, send, found))
}

async fn look_up(
    conn: &mut Conn,
    sender: UserId,
    id: ConversationId,
    send: &Send,
    mentions: Mentions,
) -> Result<Found> {
    let seat = seats::of(conn, id, sender).await?;
    let seat = seat.ok_or_else(ApiError::not_found)?;
    let reply_to = match send.reply_to {
        Some(message) => Some(answered(conn, sender, id, message, seat.cleared_seq).await?),
        None => None,
    };
    Ok(Found {
        reply_to,
        attachments: files(conn, sender, &send.attachment_ids).await?,
        named: naming::name(conn, id, (sender, &seat), mentions, &[]).await?,
    })
}

/// The message that is answered: one that the sender sees, deleted ones too.
async fn answered(
    conn: &mut Conn,
    sender: UserId,
    id: ConversationId,
    message: MessageId,
    cleared_seq: i64,
) -> Result<(ReplyTo, Quote)> {
    let row = messages::visible(conn, sender, id, message, cleared_seq).await?;
    let unknown = || ApiError::field("reply_to", "unknown", "is no message of this conversation");
    let target = row.ok_or_else(unknown)?.shared();
    let reply_to = ReplyTo {
        message_id: target.id,
        seq: target.seq,
        sender_id: target.sender_id,
        excerpt: excerpt(&target.body),
    };
    let beginning = target.body.chars().take(limits::EXCERPT_CHARS).collect();
    let quote = Quote(target.seq, beginning, limits::EXCERPT_CHARS);
    Ok((reply_to, quote))
}

async fn files(conn: &mut Conn, sender: UserId, ids: &[AttachmentId]) -> Result<Vec<Attachment>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let found = attachments::unheld(conn, sender, ids).await?;
    if found.len() < ids.len() {
        let rule = "must be your own uploads that no message holds";
        return Err(ApiError::field("attachment_ids", "unknown", rule));
    }
    Ok(found.into_iter().map(AttachmentRow::attachment).collect())
}

fn write(sender: UserId, id: ConversationId, send: &Send, found: Found) -> Drafted {
    let (reply_to, reply) = found.reply_to.unzip();
    let extra = Extra {
        reply,
        attachments: found.attachments.clone(),
        mentions: found.named.users.clone(),
        all: found.named.all,
    };
    let message = MessageDraft {
        id: MessageId::new(),
        conversation_id: id,
        client_id: send.client_id,
        sender_id: sender,
        kind: MessageKind::Text,
        body: send.body.clone(),
        system: None,
        reply_to,
        attachments: found.attachments,
        mentions: found.named.users,
        mentions_all: found.named.all,
    };
    let draft = Draft {
        conversation_id: id,
        sender_id: sender,
        client_id: send.client_id,
        id: message.id,
        content_hash: send.content_hash(),
        body: send.body.clone(),
        frame_head: message.frame_head(),
        extra: Some(extra).filter(|extra| *extra != Extra::default()),
        request_id: events::present_request(),
    };
    Drafted { draft, message }
}
