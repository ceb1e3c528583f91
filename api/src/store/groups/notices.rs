//! What the system says in a group's first channel.

use diesel::QueryableByName;
use diesel::result::QueryResult;
use diesel::sql_types::{Array, BigInt, Jsonb, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use protocol::ids::{ClientId, ConversationId, GroupId, MessageId, UserId};
use serde_json::Value;
use uuid::Uuid;

use super::super::Conn;
use super::super::sql::sql;

/// A system message to commit.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Whose channel it is.
    pub group_id: GroupId,
    /// Where.
    pub conversation_id: ConversationId,
    /// Who did what it tells.
    pub sender_id: UserId,
    /// Nobody repeats it, and yet it has one.
    pub client_id: ClientId,
    /// What it will be called.
    pub id: MessageId,
    /// For people.
    pub body: String,
    /// For programs.
    pub system: Value,
    /// Its frame up to `seq` (`protocol::message::MessageDraft::frame_head`).
    pub frame_head: String,
}

/// A system message that was committed.
#[derive(Debug, QueryableByName)]
pub struct Committed {
    #[diesel(sql_type = SqlUuid)]
    group_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    conversation_id: Uuid,
    /// Which.
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    /// The conversation's revision.
    #[diesel(sql_type = BigInt)]
    pub rev: i64,
    /// Its `message.created` frame.
    #[diesel(sql_type = Text)]
    pub frame: String,
}

impl Committed {
    /// Whose channel it is.
    #[must_use]
    pub fn group(&self) -> GroupId {
        self.group_id.into()
    }

    /// Where.
    #[must_use]
    pub fn conversation(&self) -> ConversationId {
        self.conversation_id.into()
    }
}

/// Commits system messages into locked conversations, at most one into each: numbered like any
/// other, and moving their senders' own watermarks. `request_hash` is empty: no send is the same.
pub async fn commit(conn: &mut Conn, drafts: &[Draft]) -> QueryResult<Vec<Committed>> {
    fn column<'a, T>(drafts: &'a [Draft], value: impl Fn(&'a Draft) -> T) -> Vec<T> {
        drafts.iter().map(value).collect()
    }
    sql("WITH notice AS MATERIALIZED ( \
             SELECT * FROM unnest({}, {}, {}, {}, {}, {}, {}, {}) \
                 AS n (group_id, conversation_id, sender_id, client_id, id, body, system, head) \
         ), counted AS ( \
             UPDATE conversations c SET last_seq = c.last_seq + 1, rev = c.rev + 1, \
                 active_at = date_trunc('milliseconds', clock_timestamp()) \
             FROM notice n WHERE c.id = n.conversation_id \
             RETURNING n.*, c.last_seq AS new_seq, c.rev AS new_rev, c.active_at AS at \
         ), inserted AS ( \
             INSERT INTO messages (conversation_id, seq, rev, id, client_id, sender_id, kind, request_hash, \
                 body, system, created_at) \
             SELECT conversation_id, new_seq, new_rev, id, client_id, sender_id, 2, '', body, system, at FROM counted \
         ), moved AS ( \
             UPDATE members m SET delivered_seq = c.new_seq, read_seq = c.new_seq, public_read_seq = c.new_seq, \
                 receipts_at = c.at \
             FROM counted c WHERE m.conversation_id = c.conversation_id AND m.user_id = c.sender_id \
         ) SELECT group_id, conversation_id, id, new_rev AS rev, \
             message_frame(head, new_seq, new_rev, at) AS frame FROM counted")
    .bind::<Array<SqlUuid>, _>(column(drafts, |draft| draft.group_id.0))
    .bind::<Array<SqlUuid>, _>(column(drafts, |draft| draft.conversation_id.0))
    .bind::<Array<SqlUuid>, _>(column(drafts, |draft| draft.sender_id.0))
    .bind::<Array<SqlUuid>, _>(column(drafts, |draft| draft.client_id.0))
    .bind::<Array<SqlUuid>, _>(column(drafts, |draft| draft.id.0))
    .bind::<Array<Text>, _>(column(drafts, |draft| draft.body.as_str()))
    .bind::<Array<Jsonb>, _>(column(drafts, |draft| &draft.system))
    .bind::<Array<Text>, _>(column(drafts, |draft| draft.frame_head.as_str()))
    .load(conn)
    .await
}
