//! Messages: drafting new ones, and what all operations on them share.
//!
//! An operation is one transaction: the conversation is locked, what the caller is in it and the
//! message are read behind the lock, the policy is asked, the change is written, and the message in
//! its new state is told to everyone as the conversation's next revision.

mod drafting;
mod naming;

use protocol::frame::ServerFrame;
use protocol::ids::{ConversationId, MessageId, UserId};
use protocol::message::{Message, MessageKind};

pub use drafting::{Drafted, draft};
pub use naming::name;

use crate::error::{ApiError, Result};
use crate::events::{self, Event, Pending};
use crate::policy::messages::Relation;
use crate::store::Conn;
use crate::store::messages::changing::{self, Change};
use crate::store::messages::seats::{self, Seat};
use crate::store::messages::{self, MessageRow};

/// A message that a member of its conversation sees, or has seen.
#[derive(Debug)]
pub struct Subject {
    caller: UserId,
    seat: Seat,
    /// As the caller is answered.
    pub message: Message,
}

/// How a change is told.
#[derive(Clone, Copy, Debug)]
pub enum News {
    /// The message is another.
    Updated,
    /// A tombstone is left.
    Deleted,
}

impl Subject {
    /// A message that the caller sees, as it is.
    ///
    /// # Errors
    /// 404 if there is none.
    pub async fn look(
        conn: &mut Conn,
        caller: UserId,
        id: ConversationId,
        message: MessageId,
    ) -> Result<Self> {
        let seat = seats::of(conn, id, caller).await?;
        let seat = seat.ok_or_else(ApiError::not_found)?;
        let row = messages::visible(conn, caller, id, message, seat.cleared_seq).await?;
        Self::of(caller, seat, row)
    }

    /// The same to be changed: its conversation is locked.
    ///
    /// # Errors
    /// 404 if there is none.
    pub async fn lock(
        conn: &mut Conn,
        caller: UserId,
        id: ConversationId,
        message: MessageId,
    ) -> Result<Self> {
        let seat = seats::lock(conn, id, caller).await?;
        let seat = seat.ok_or_else(ApiError::not_found)?;
        let row = messages::visible(conn, caller, id, message, seat.cleared_seq).await?;
        Self::of(caller, seat, row)
    }

    /// The same, also if the caller does not see the message any more: who deleted it for themselves
    /// may still delete it for everyone.
    ///
    /// # Errors
    /// 404 if there is none.
    pub async fn lock_stored(
        conn: &mut Conn,
        caller: UserId,
        id: ConversationId,
        message: MessageId,
    ) -> Result<Self> {
        let seat = seats::lock(conn, id, caller).await?;
        let seat = seat.ok_or_else(ApiError::not_found)?;
        let row = messages::stored(conn, caller, id, message).await?;
        Self::of(caller, seat, row)
    }

    fn of(caller: UserId, seat: Seat, row: Option<MessageRow>) -> Result<Self> {
        let row = row.ok_or_else(ApiError::not_found)?;
        Ok(Self {
            caller,
            seat,
            message: row.message(),
        })
    }

    /// What the policy goes by.
    #[must_use]
    pub fn relation(&self) -> Relation {
        Relation {
            author: self.message.sender_id == self.caller,
            role: self.seat.role(),
            system: self.message.kind == MessageKind::System,
            deleted: self.message.deleted_at.is_some(),
            blocked: self.seat.blocked,
        }
    }

    /// What the caller is in the conversation.
    #[must_use]
    pub const fn seat(&self) -> &Seat {
        &self.seat
    }

    /// The change that the message is about to go through.
    #[must_use]
    pub const fn change(&self) -> Change {
        Change {
            id: self.message.conversation_id,
            seq: self.message.seq,
            rev: self.seat.rev + 1,
        }
    }

    /// Makes a written change the conversation's newest, and records what everyone is told; the
    /// message as it is now.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn tell(self, conn: &mut Conn, news: News) -> Result<(Message, Pending)> {
        let Change { id, seq, rev } = self.change();
        changing::advance(conn, self.change()).await?;
        let row = messages::by_seq(conn, self.caller, id, seq).await?;
        let message = Box::new(row.clone().shared());
        let conversation_id = id;
        let frame = match news {
            News::Updated => ServerFrame::MessageUpdated {
                conversation_id,
                rev,
                message,
            },
            News::Deleted => ServerFrame::MessageDeleted {
                conversation_id,
                rev,
                message,
            },
        };
        let event = Event {
            message_id: Some(self.message.id.0),
            ..Event::frame(&self.seat.routes(), &frame).of_conversation(id, rev)
        };
        Ok((row.message(), events::record(conn, event).await?))
    }
}
