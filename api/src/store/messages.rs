//! Committing and reading messages.

use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::result::{DatabaseErrorKind, Error as DieselError, QueryResult};
use diesel::sql_types::{
    Array, BigInt, Binary, Bool, Integer, Jsonb, Nullable, SmallInt, Text, Timestamptz,
    Uuid as SqlUuid,
};
use diesel_async::RunQueryDsl;
use protocol::ids::{ConversationId, MessageId, UserId};
use protocol::message::{Message, MessageKind};
use uuid::Uuid;

use super::Conn;
use super::sql::sql;
use crate::committer::{Draft, Verdict};

/// What a commit function says of one message.
#[derive(Debug, QueryableByName)]
pub struct CommitRow {
    #[diesel(sql_type = Integer)]
    o_i: i32,
    #[diesel(sql_type = SmallInt)]
    o_status: i16,
    #[diesel(sql_type = Nullable<BigInt>)]
    o_seq: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    o_rev: Option<i64>,
    #[diesel(sql_type = Nullable<Binary>)]
    o_hash: Option<Vec<u8>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    o_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<BigInt>)]
    o_outbox: Option<i64>,
    #[diesel(sql_type = Nullable<Array<Text>>)]
    o_keys: Option<Vec<String>>,
    #[diesel(sql_type = Nullable<Text>)]
    o_frame: Option<String>,
}

/// `o_status` of the commit functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// 1
    Committed,
    /// 2
    Exists,
    /// 3
    NotMember,
    /// 4
    Blocked,
}

impl CommitRow {
    /// What happened.
    #[must_use]
    pub fn status(&self) -> Status {
        match self.o_status {
            1 => Status::Committed,
            2 => Status::Exists,
            4 => Status::Blocked,
            _ => Status::NotMember,
        }
    }

    /// Its place in the batch, from 0.
    #[must_use]
    pub fn index(&self) -> usize {
        usize::try_from(self.o_i - 1).unwrap_or(usize::MAX)
    }

    /// The conversation's revision.
    #[must_use]
    pub fn rev(&self) -> Option<i64> {
        self.o_rev
    }

    /// What the sender is told, who sent content with this hash.
    #[must_use]
    pub fn verdict(&self, content_hash: &[u8]) -> Verdict {
        match (self.status(), self.o_seq, self.o_rev, self.o_at) {
            (Status::Committed, Some(seq), Some(rev), Some(at)) => {
                Verdict::Committed { seq, rev, at }
            }
            (Status::Exists, Some(seq), ..) => Verdict::Exists {
                seq,
                same_content: self.o_hash.as_deref() == Some(content_hash),
            },
            (Status::Blocked, ..) => Verdict::Blocked,
            _ => Verdict::NotMember,
        }
    }

    /// Its event: the row in the outbox, the routing keys, the frame.
    #[must_use]
    pub fn into_event(self) -> Option<(i64, Vec<String>, String)> {
        Some((self.o_outbox?, self.o_keys?, self.o_frame?))
    }
}

/// Commits a batch in one statement and one transaction. No two of it may have the same
/// conversation, sender and `client_id`.
pub async fn commit(conn: &mut Conn, drafts: &[&Draft]) -> QueryResult<Vec<CommitRow>> {
    if let [draft] = drafts {
        match commit_one(conn, draft).await {
            Err(error) if is_out_of_the_ordinary(&error) => {}
            result => return result,
        }
    }
    commit_batch(conn, drafts).await
}

/// The one-row function undoes itself when anything speaks against the message.
fn is_out_of_the_ordinary(error: &DieselError) -> bool {
    match error {
        DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, info) => {
            info.constraint_name() == Some("messages_client_id_key")
        }
        DieselError::DatabaseError(_, info) => info.message() == "out of the ordinary",
        _ => false,
    }
}

async fn commit_one(conn: &mut Conn, draft: &Draft) -> QueryResult<Vec<CommitRow>> {
    sql(
        "SELECT o_i, o_status, o_seq, o_rev, o_hash, o_at, o_outbox, o_keys, o_frame \
         FROM commit_one({}, {}, {}, {}, {}, {}, {}, {})",
    )
    .bind::<SqlUuid, _>(draft.conversation_id.0)
    .bind::<SqlUuid, _>(draft.sender_id.0)
    .bind::<SqlUuid, _>(draft.client_id.0)
    .bind::<SqlUuid, _>(draft.id.0)
    .bind::<Binary, _>(&draft.content_hash[..])
    .bind::<Text, _>(draft.body.as_str())
    .bind::<Text, _>(draft.frame_head.as_str())
    .bind::<Nullable<Text>, _>(draft.request_id.as_deref())
    .load(conn)
    .await
}

async fn commit_batch(conn: &mut Conn, drafts: &[&Draft]) -> QueryResult<Vec<CommitRow>> {
    fn column<'a, T>(drafts: &[&'a Draft], value: impl Fn(&'a Draft) -> T) -> Vec<T> {
        drafts.iter().map(|draft| value(draft)).collect()
    }
    sql(
        "SELECT o_i, o_status, o_seq, o_rev, o_hash, o_at, o_outbox, o_keys, o_frame \
         FROM commit_batch({}, {}, {}, {}, {}, {}, {}, {})",
    )
    .bind::<Array<SqlUuid>, _>(column(drafts, |draft| draft.conversation_id.0))
    .bind::<Array<SqlUuid>, _>(column(drafts, |draft| draft.sender_id.0))
    .bind::<Array<SqlUuid>, _>(column(drafts, |draft| draft.client_id.0))
    .bind::<Array<SqlUuid>, _>(column(drafts, |draft| draft.id.0))
    .bind::<Array<Binary>, _>(column(drafts, |draft| &draft.content_hash[..]))
    .bind::<Array<Text>, _>(column(drafts, |draft| draft.body.as_str()))
    .bind::<Array<Text>, _>(column(drafts, |draft| draft.frame_head.as_str()))
    .bind::<Array<Nullable<Text>>, _>(column(drafts, |draft| draft.request_id.as_deref()))
    .load(conn)
    .await
}

/// A message's row.
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
    system: Option<serde_json::Value>,
    #[diesel(sql_type = Array<SqlUuid>)]
    mentions: Vec<Uuid>,
    #[diesel(sql_type = Bool)]
    mentions_all: bool,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pinned_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    edited_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    deleted_at: Option<DateTime<Utc>>,
}

impl MessageRow {
    /// Where it stands.
    #[must_use]
    pub fn conversation(&self) -> ConversationId {
        self.conversation_id.into()
    }

    /// The message in its present state.
    #[must_use]
    pub fn message(self) -> Message {
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
            // Only this service writes it, from the same type.
            system: self
                .system
                .and_then(|event| serde_json::from_value(event).ok()),
            reply_to: None,
            attachments: Vec::new(),
            reactions: Vec::new(),
            mentions: self.mentions.into_iter().map(UserId).collect(),
            mentions_all: self.mentions_all,
            pinned: self.pinned_at.is_some(),
            created_at: self.created_at.into(),
            edited_at: self.edited_at.map(Into::into),
            deleted_at: self.deleted_at.map(Into::into),
        }
    }
}

/// One message by its place.
pub async fn by_seq(conn: &mut Conn, id: ConversationId, seq: i64) -> QueryResult<MessageRow> {
    sql("SELECT * FROM messages WHERE conversation_id = {} AND seq = {}")
        .bind::<SqlUuid, _>(id.0)
        .bind::<BigInt, _>(seq)
        .get_result(conn)
        .await
}

/// Messages with `from <= seq`, the first ones, ascending.
pub async fn ascending(
    conn: &mut Conn,
    id: ConversationId,
    from: i64,
    limit: i64,
) -> QueryResult<Vec<MessageRow>> {
    sql("SELECT * FROM messages WHERE conversation_id = {} AND seq >= {} ORDER BY seq LIMIT {}")
        .bind::<SqlUuid, _>(id.0)
        .bind::<BigInt, _>(from)
        .bind::<BigInt, _>(limit)
        .load(conn)
        .await
}

/// Messages with `above < seq < before`, the last ones, ascending.
pub async fn last_before(
    conn: &mut Conn,
    id: ConversationId,
    above: i64,
    before: i64,
    limit: i64,
) -> QueryResult<Vec<MessageRow>> {
    let mut rows: Vec<MessageRow> = sql(
        "SELECT * FROM messages WHERE conversation_id = {} AND seq > {} AND seq < {} ORDER BY seq DESC LIMIT {}",
    )
    .bind::<SqlUuid, _>(id.0)
    .bind::<BigInt, _>(above)
    .bind::<BigInt, _>(before)
    .bind::<BigInt, _>(limit)
    .load(conn)
    .await?;
    rows.reverse();
    Ok(rows)
}
