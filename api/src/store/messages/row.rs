//! A message as it is read: one row, whatever was asked.

use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::sql_types::{
    Array, BigInt, Bool, Jsonb, Nullable, SmallInt, Text, Timestamptz, Uuid as SqlUuid,
};
use protocol::ids::{ConversationId, MessageId, UserId};
use protocol::message::{Message, MessageKind, Reaction, ReplyTo, excerpt};
use serde::de::DeserializeOwned;
use serde_json::Value;
use uuid::Uuid;

/// A message's row, with the reader's own reactions and what it answers.
#[derive(Clone, Debug, QueryableByName)]
pub struct MessageRow {
    #[diesel(sql_type = SqlUuid)]
    conversation_id: Uuid,
    /// Its place in the timeline.
    #[diesel(sql_type = BigInt)]
    pub seq: i64,
    /// The conversation's revision at its last change.
    #[diesel(sql_type = BigInt)]
    pub rev: i64,
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    client_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    sender_id: Uuid,
    #[diesel(sql_type = SmallInt)]
    kind: i16,
    #[diesel(sql_type = Text)]
    body: String,
    #[diesel(sql_type = Nullable<Jsonb>)]
    system: Option<Value>,
    #[diesel(sql_type = Array<SqlUuid>)]
    mentions: Vec<Uuid>,
    #[diesel(sql_type = Bool)]
    mentions_all: bool,
    #[diesel(sql_type = Nullable<Jsonb>)]
    attachments: Option<Value>,
    #[diesel(sql_type = Nullable<Jsonb>)]
    reactions: Option<Value>,
    /// Which of them the reader chose.
    #[diesel(sql_type = Nullable<Array<Text>>)]
    mine: Option<Vec<String>>,
    /// When it was pinned, if it is.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub pinned_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    edited_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    deleted_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<BigInt>)]
    reply_to_seq: Option<i64>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    reply_id: Option<Uuid>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    reply_sender_id: Option<Uuid>,
    #[diesel(sql_type = Nullable<Text>)]
    reply_body: Option<String>,
}

impl MessageRow {
    /// Where it stands.
    #[must_use]
    pub fn conversation(&self) -> ConversationId {
        self.conversation_id.into()
    }

    /// The message in its present state, as its reader is answered.
    #[must_use]
    pub fn message(mut self) -> Message {
        let mine = self.mine.take().unwrap_or_default();
        let mut message = self.shared();
        for reaction in &mut message.reactions {
            reaction.mine = Some(mine.contains(&reaction.emoji));
        }
        message
    }

    /// The message in its present state, as everyone is told.
    #[must_use]
    pub fn shared(self) -> Message {
        let reply_to = self.reply_to();
        Message {
            id: MessageId(self.id),
            conversation_id: self.conversation_id.into(),
            seq: self.seq,
            rev: self.rev,
            client_id: self.client_id.into(),
            sender_id: self.sender_id.into(),
            kind: if self.kind == 2 {
                MessageKind::System
            } else {
                MessageKind::Text
            },
            body: self.body,
            system: read(self.system),
            reply_to,
            attachments: read(self.attachments).unwrap_or_default(),
            reactions: read::<Vec<Reaction>>(self.reactions).unwrap_or_default(),
            mentions: self.mentions.into_iter().map(UserId).collect(),
            mentions_all: self.mentions_all,
            pinned: self.pinned_at.is_some(),
            created_at: self.created_at.into(),
            edited_at: self.edited_at.map(Into::into),
            deleted_at: self.deleted_at.map(Into::into),
        }
    }

    fn reply_to(&self) -> Option<ReplyTo> {
        Some(ReplyTo {
            message_id: self.reply_id?.into(),
            seq: self.reply_to_seq?,
            sender_id: self.reply_sender_id?.into(),
            excerpt: excerpt(self.reply_body.as_deref()?),
        })
    }
}

/// What only this service writes, from the same type.
fn read<T: DeserializeOwned>(json: Option<Value>) -> Option<T> {
    json.and_then(|json| serde_json::from_value(json).ok())
}
