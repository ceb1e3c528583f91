//! Pinned messages.

use chrono::{DateTime, Utc};
use diesel::result::QueryResult;
use diesel::sql_types::{BigInt, Bool, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use protocol::ids::{ConversationId, UserId};

use super::changing::Change;
use super::{MessageRow, message_sql, not_hidden, read};
use crate::store::Conn;
use crate::store::sql::sql;

/// Pins or unpins a message, in a locked conversation.
pub async fn set(conn: &mut Conn, change: Change, pinned: bool) -> QueryResult<()> {
    sql(
        "UPDATE messages SET rev = {}, pinned_at = CASE WHEN {} THEN clock_timestamp() END \
         WHERE conversation_id = {} AND seq = {}",
    )
    .bind::<BigInt, _>(change.rev)
    .bind::<Bool, _>(pinned)
    .bind::<SqlUuid, _>(change.id.0)
    .bind::<BigInt, _>(change.seq)
    .execute(conn)
    .await?;
    Ok(())
}

/// A conversation's pinned messages that the reader sees, the newest pin first, before `before`.
pub async fn list(
    conn: &mut Conn,
    reader: UserId,
    id: ConversationId,
    cleared_seq: i64,
    before: (DateTime<Utc>, i64),
    limit: i64,
) -> QueryResult<Vec<MessageRow>> {
    let text = concat!(
        message_sql!(concat!(
            "SELECT y.* FROM messages y WHERE y.conversation_id = {} AND y.pinned_at IS NOT NULL \
                 AND (y.pinned_at, y.seq) < ({}, {}) AND y.seq > {} AND ",
            not_hidden!(),
            " ORDER BY y.pinned_at DESC, y.seq DESC LIMIT {}"
        )),
        " ORDER BY x.pinned_at DESC, x.seq DESC"
    );
    read(text, reader)
        .bind::<SqlUuid, _>(id.0)
        .bind::<Timestamptz, _>(before.0)
        .bind::<BigInt, _>(before.1)
        .bind::<BigInt, _>(cleared_seq)
        .bind::<BigInt, _>(limit)
        .load(conn)
        .await
}
