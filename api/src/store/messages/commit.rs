//! Committing: the statements of the committer.

use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::result::{DatabaseErrorKind, Error as DieselError, QueryResult};
use diesel::sql_types::{
    Array, BigInt, Binary, Integer, Jsonb, Nullable, SmallInt, Text, Timestamptz, Uuid as SqlUuid,
};
use diesel_async::RunQueryDsl;
use protocol::ids::{ClientId, ConversationId, UserId};

use crate::committer::{Draft, Extra, Verdict};
use crate::store::Conn;
use crate::store::sql::sql;

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
    /// 5
    Stale,
}

impl CommitRow {
    /// What happened.
    #[must_use]
    pub fn status(&self) -> Status {
        match self.o_status {
            1 => Status::Committed,
            2 => Status::Exists,
            4 => Status::Blocked,
            5 => Status::Stale,
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
            (Status::Stale, ..) => Verdict::Stale,
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
/// conversation, sender and `client_id`, or the same file.
pub async fn commit(conn: &mut Conn, drafts: &[&Draft]) -> QueryResult<Vec<CommitRow>> {
    if let [draft] = drafts
        && draft.extra.is_none()
    {
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
    // Plain messages alone need not carry what the others have: a sixth to a twentieth of the time.
    let is_plain = drafts.iter().all(|draft| draft.extra.is_none());
    let text = if is_plain {
        "SELECT o_i, o_status, o_seq, o_rev, o_hash, o_at, o_outbox, o_keys, o_frame \
         FROM commit_batch({}, {}, {}, {}, {}, {}, {}, {})"
    } else {
        "SELECT o_i, o_status, o_seq, o_rev, o_hash, o_at, o_outbox, o_keys, o_frame \
         FROM commit_batch_2({}, {}, {}, {}, {}, {}, {}, {}, {}, {})"
    };
    let batch = sql(text)
        .bind::<Array<SqlUuid>, _>(column(drafts, |draft| draft.conversation_id.0))
        .bind::<Array<SqlUuid>, _>(column(drafts, |draft| draft.sender_id.0))
        .bind::<Array<SqlUuid>, _>(column(drafts, |draft| draft.client_id.0))
        .bind::<Array<SqlUuid>, _>(column(drafts, |draft| draft.id.0))
        .bind::<Array<Binary>, _>(column(drafts, |draft| &draft.content_hash[..]))
        .bind::<Array<Text>, _>(column(drafts, |draft| draft.body.as_str()))
        .bind::<Array<Text>, _>(column(drafts, |draft| draft.frame_head.as_str()))
        .bind::<Array<Nullable<Text>>, _>(column(drafts, |draft| draft.request_id.as_deref()));
    if is_plain {
        return batch.load(conn).await;
    }
    let attachments = drafts.iter().filter_map(|draft| draft.extra.as_ref());
    let attachments = attachments.flat_map(Extra::attachment_ids).map(|id| id.0);
    batch
        .bind::<Array<Nullable<Jsonb>>, _>(extras(drafts)?)
        .bind::<Array<SqlUuid>, _>(attachments.collect::<Vec<_>>())
        .load(conn)
        .await
}

fn extras(drafts: &[&Draft]) -> QueryResult<Vec<Option<serde_json::Value>>> {
    let extras = drafts.iter().map(|draft| {
        let extra = draft.extra.as_ref().map(serde_json::to_value).transpose();
        extra.map_err(|error| DieselError::SerializationError(error.into()))
    });
    extras.collect()
}

/// What a sender's `client_id` stands for in a conversation that they are in: a place, and the hash
/// of what was sent.
pub async fn sent(
    conn: &mut Conn,
    id: ConversationId,
    sender: UserId,
    client_id: ClientId,
) -> QueryResult<Option<(i64, Vec<u8>)>> {
    #[derive(QueryableByName)]
    struct Sent {
        #[diesel(sql_type = BigInt)]
        seq: i64,
        #[diesel(sql_type = Binary)]
        request_hash: Vec<u8>,
    }
    let rows: Vec<Sent> = sql("SELECT x.seq, x.request_hash FROM members m \
         JOIN conversations c ON c.id = m.conversation_id \
         JOIN messages x ON x.conversation_id = c.id AND x.sender_id = m.user_id AND x.client_id = {} \
         WHERE m.conversation_id = {} AND m.user_id = {}")
    .bind::<SqlUuid, _>(client_id.0)
    .bind::<SqlUuid, _>(id.0)
    .bind::<SqlUuid, _>(sender.0)
    .load(conn)
    .await?;
    Ok(rows
        .into_iter()
        .next()
        .map(|row| (row.seq, row.request_hash)))
}
