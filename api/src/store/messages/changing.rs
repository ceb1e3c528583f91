//! Changing a message, in a conversation that is locked: the lock orders all changes, so that the
//! message's own row needs none before it is written.

use diesel::result::QueryResult;
use diesel::sql_types::{Array, BigInt, Bool, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use protocol::ids::{ConversationId, UserId};
use uuid::Uuid;

use crate::store::Conn;
use crate::store::sql::sql;

/// A message that changes, and the revision that it gets.
#[derive(Clone, Copy, Debug)]
pub struct Change {
    /// Where.
    pub id: ConversationId,
    /// Its place.
    pub seq: i64,
    /// The conversation's next revision.
    pub rev: i64,
}

/// Makes the change's revision the conversation's.
pub async fn advance(conn: &mut Conn, change: Change) -> QueryResult<()> {
    sql("UPDATE conversations SET rev = {} WHERE id = {}")
        .bind::<BigInt, _>(change.rev)
        .bind::<SqlUuid, _>(change.id.0)
        .execute(conn)
        .await?;
    Ok(())
}

/// A message's new text, and whom it names.
#[derive(Clone, Debug)]
pub struct Edit {
    /// The text.
    pub body: String,
    /// Whom it names.
    pub mentions: Vec<UserId>,
    /// Whether it names everyone.
    pub mentions_all: bool,
}

/// Gives a message another text. Who was named before and still is keeps their row.
pub async fn edit(conn: &mut Conn, change: Change, edit: &Edit) -> QueryResult<()> {
    let named: Vec<Uuid> = edit.mentions.iter().map(|id| id.0).collect();
    sql("WITH edit AS MATERIALIZED ( \
             SELECT {} AS conversation_id, {} AS seq, {} AS rev, {} AS body, {} AS named, {} AS everyone \
         ), gone AS ( \
             DELETE FROM mentions m USING edit e, messages x \
             WHERE x.conversation_id = e.conversation_id AND x.seq = e.seq \
                 AND m.conversation_id = x.conversation_id AND m.user_id = ANY (x.mentions) AND m.seq = x.seq \
                 AND m.user_id <> ALL (e.named) \
         ), come AS ( \
             INSERT INTO mentions (conversation_id, user_id, seq) \
             SELECT e.conversation_id, u, e.seq FROM edit e, unnest(e.named) u ON CONFLICT DO NOTHING \
         ) UPDATE messages x SET rev = e.rev, body = e.body, mentions = e.named, mentions_all = e.everyone, \
               edited_at = date_trunc('milliseconds', clock_timestamp()) \
           FROM edit e WHERE x.conversation_id = e.conversation_id AND x.seq = e.seq")
    .bind::<SqlUuid, _>(change.id.0)
    .bind::<BigInt, _>(change.seq)
    .bind::<BigInt, _>(change.rev)
    .bind::<Text, _>(edit.body.as_str())
    .bind::<Array<SqlUuid>, _>(named)
    .bind::<Bool, _>(edit.mentions_all)
    .execute(conn)
    .await?;
    Ok(())
}

/// Leaves a tombstone: place, sender and times stay, and nothing of what it said or was told.
pub async fn delete(conn: &mut Conn, change: Change) -> QueryResult<()> {
    sql("WITH message AS MATERIALIZED ( \
             SELECT x.conversation_id, x.seq, x.id, x.mentions, {} AS new_rev FROM messages x \
             WHERE x.conversation_id = {} AND x.seq = {} \
         ), unnamed AS ( \
             DELETE FROM mentions n USING message m WHERE n.conversation_id = m.conversation_id \
                 AND n.user_id = ANY (m.mentions) AND n.seq = m.seq \
         ), unloved AS ( \
             DELETE FROM reactions r USING message m \
             WHERE r.conversation_id = m.conversation_id AND r.seq = m.seq \
         ), file AS MATERIALIZED ( \
             SELECT a.id FROM attachments a JOIN message m \
                 ON a.conversation_id = m.conversation_id AND a.message_id = m.id \
             ORDER BY a.id FOR NO KEY UPDATE OF a \
         ), withdrawn AS ( \
             UPDATE attachments SET deleted_at = clock_timestamp() \
             WHERE id IN (SELECT id FROM file) AND deleted_at IS NULL \
         ) UPDATE messages x SET rev = m.new_rev, body = '', system = NULL, reply_to_seq = NULL, mentions = ARRAY[]::uuid[], \
               mentions_all = false, attachments = NULL, reactions = NULL, pinned_at = NULL, edited_at = NULL, \
               deleted_at = date_trunc('milliseconds', clock_timestamp()) \
           FROM message m WHERE x.conversation_id = m.conversation_id AND x.seq = m.seq")
    .bind::<BigInt, _>(change.rev)
    .bind::<SqlUuid, _>(change.id.0)
    .bind::<BigInt, _>(change.seq)
    .execute(conn)
    .await?;
    Ok(())
}
