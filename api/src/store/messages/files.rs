//! Messages that hold files.

use diesel::result::QueryResult;
use diesel::sql_types::{BigInt, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use protocol::ids::{ConversationId, UserId};

use super::{MessageRow, message_sql, not_hidden, read};
use crate::store::Conn;

/// A conversation's messages with files that the reader sees, the newest first, below `below`.
pub async fn list(
    conn: &mut Conn,
    reader: UserId,
    id: ConversationId,
    cleared_seq: i64,
    below: i64,
    limit: i64,
) -> QueryResult<Vec<MessageRow>> {
    let text = concat!(
        message_sql!(concat!(
            "SELECT y.* FROM messages y WHERE y.conversation_id = {} AND y.attachments IS NOT NULL \
                 AND y.seq < {} AND y.seq > {} AND ",
            not_hidden!(),
            " ORDER BY y.seq DESC LIMIT {}"
        )),
        " ORDER BY x.seq DESC"
    );
    read(text, reader)
        .bind::<SqlUuid, _>(id.0)
        .bind::<BigInt, _>(below)
        .bind::<BigInt, _>(cleared_seq)
        .bind::<BigInt, _>(limit)
        .load(conn)
        .await
}
