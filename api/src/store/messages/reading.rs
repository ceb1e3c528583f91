//! The one way to read messages, for one reader, and the places they are asked by.

use diesel::result::QueryResult;
use diesel::sql_types::{Array, BigInt, Integer, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use protocol::ids::{ConversationId, MessageId, UserId};
use protocol::limits;
use uuid::Uuid;

use super::MessageRow;
use crate::store::Conn;
use crate::store::sql::{Bound, Nothing, Sql, sql};

/// Reads messages, given a query for their rows (`SELECT y.* FROM messages y …`), in which
/// `w.reader` is who reads; begin it with [`read`]. What stands behind the macro may go by `x`.
///
/// The rows are found and cut to a page first, then each is completed: with the reader's own
/// reactions, only where there are any, and with what it answers, by primary key.
macro_rules! message_sql {
    ($rows:expr) => {
        concat!(
            "SELECT x.conversation_id, x.seq, x.rev, x.id, x.client_id, x.sender_id, x.kind, x.body, x.system, \
                 x.mentions, x.mentions_all, x.attachments, x.reactions, x.pinned_at, \
                 x.created_at, x.edited_at, x.deleted_at, \
                 CASE WHEN x.reactions IS NOT NULL THEN ARRAY( \
                     SELECT r.emoji FROM reactions r WHERE r.conversation_id = x.conversation_id \
                         AND r.seq = x.seq AND r.user_id = w.reader) END AS mine, \
                 x.reply_to_seq, t.id AS reply_id, t.sender_id AS reply_sender_id, t.body AS reply_body \
             FROM (SELECT {} AS reader, {} AS excerpt_chars) w CROSS JOIN LATERAL (",
            $rows,
            // LIMIT keeps it a look by key for each row: as a join it might read whole conversations.
            ") x LEFT JOIN LATERAL ( \
                 SELECT y.id, y.sender_id, left(y.body, w.excerpt_chars) AS body FROM messages y \
                 WHERE y.conversation_id = x.conversation_id AND y.seq = x.reply_to_seq LIMIT 1 \
             ) t ON true"
        )
    };
}
pub(in crate::store) use message_sql;

/// That the reader has not deleted message `y` for themselves.
///
/// OFFSET keeps it a look by key for each row: as a join it would lose the order of the index that
/// the page is read by.
macro_rules! not_hidden {
    () => {
        "NOT EXISTS (SELECT FROM message_hides h WHERE h.conversation_id = y.conversation_id \
             AND h.user_id = w.reader AND h.seq = y.seq OFFSET 0)"
    };
}
pub(in crate::store) use not_hidden;

/// A statement made by `message_sql`, with its reader.
pub(in crate::store) fn read(
    text: &'static str,
    reader: UserId,
) -> Sql<Bound<Bound<Nothing, SqlUuid, Uuid>, Integer, i32>> {
    sql(text)
        .bind::<SqlUuid, _>(reader.0)
        .bind::<Integer, _>(limits::EXCERPT_CHARS as i32)
}

/// One message by its place, also if the reader has deleted it for themselves.
pub async fn by_seq(
    conn: &mut Conn,
    reader: UserId,
    id: ConversationId,
    seq: i64,
) -> QueryResult<MessageRow> {
    let text =
        message_sql!("SELECT y.* FROM messages y WHERE y.conversation_id = {} AND y.seq = {}");
    read(text, reader)
        .bind::<SqlUuid, _>(id.0)
        .bind::<BigInt, _>(seq)
        .get_result(conn)
        .await
}

/// Messages by their conversations and places, in any order.
pub async fn at(
    conn: &mut Conn,
    reader: UserId,
    places: &[(Uuid, i64)],
) -> QueryResult<Vec<MessageRow>> {
    let text = message_sql!(
        "SELECT y.* FROM unnest({}, {}) AS place (id, seq) \
         JOIN messages y ON y.conversation_id = place.id AND y.seq = place.seq"
    );
    read(text, reader)
        .bind::<Array<SqlUuid>, _>(places.iter().map(|place| place.0).collect::<Vec<_>>())
        .bind::<Array<BigInt>, _>(places.iter().map(|place| place.1).collect::<Vec<_>>())
        .load(conn)
        .await
}

/// One message by its id, also if the reader does not see it any more.
pub async fn stored(
    conn: &mut Conn,
    reader: UserId,
    id: ConversationId,
    message: MessageId,
) -> QueryResult<Option<MessageRow>> {
    let text =
        message_sql!("SELECT y.* FROM messages y WHERE y.conversation_id = {} AND y.id = {}");
    let rows: Vec<MessageRow> = read(text, reader)
        .bind::<SqlUuid, _>(id.0)
        .bind::<SqlUuid, _>(message.0)
        .load(conn)
        .await?;
    Ok(rows.into_iter().next())
}

/// One message by its id, if the reader sees it.
pub async fn visible(
    conn: &mut Conn,
    reader: UserId,
    id: ConversationId,
    message: MessageId,
    cleared_seq: i64,
) -> QueryResult<Option<MessageRow>> {
    let text = message_sql!(concat!(
        "SELECT y.* FROM messages y WHERE y.conversation_id = {} AND y.id = {} AND y.seq > {} AND ",
        not_hidden!()
    ));
    let rows: Vec<MessageRow> = read(text, reader)
        .bind::<SqlUuid, _>(id.0)
        .bind::<SqlUuid, _>(message.0)
        .bind::<BigInt, _>(cleared_seq)
        .load(conn)
        .await?;
    Ok(rows.into_iter().next())
}

/// A part of a timeline: what lies on both sides of a place.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    /// Below this, and from this on.
    pub at: i64,
    /// Messages below it, at most.
    pub below: i64,
    /// Messages from it on, at most.
    pub above: i64,
}

/// The part of a timeline that the reader sees, ascending; what they have cleared is not there.
pub async fn window(
    conn: &mut Conn,
    reader: UserId,
    id: ConversationId,
    cleared_seq: i64,
    window: Window,
) -> QueryResult<Vec<MessageRow>> {
    let text = concat!(
        message_sql!(concat!(
            "(SELECT y.* FROM messages y WHERE y.conversation_id = {} AND y.seq > {} AND y.seq < {} AND ",
            not_hidden!(),
            " ORDER BY y.seq DESC LIMIT {}) UNION ALL \
             (SELECT y.* FROM messages y WHERE y.conversation_id = {} AND y.seq > {} AND y.seq >= {} AND ",
            not_hidden!(),
            " ORDER BY y.seq LIMIT {})"
        )),
        " ORDER BY x.seq"
    );
    read(text, reader)
        .bind::<SqlUuid, _>(id.0)
        .bind::<BigInt, _>(cleared_seq)
        .bind::<BigInt, _>(window.at)
        .bind::<BigInt, _>(window.below)
        .bind::<SqlUuid, _>(id.0)
        .bind::<BigInt, _>(cleared_seq)
        .bind::<BigInt, _>(window.at)
        .bind::<BigInt, _>(window.above)
        .load(conn)
        .await
}

/// The newest message that the reader sees in each conversation, above what they have cleared there.
pub async fn newest(
    mut conn: &Conn,
    reader: UserId,
    above: &[(ConversationId, i64)],
) -> QueryResult<Vec<MessageRow>> {
    let text = message_sql!(concat!(
        "SELECT n.* FROM unnest({}, {}) AS v (id, cleared_seq) CROSS JOIN LATERAL ( \
             SELECT y.* FROM messages y WHERE y.conversation_id = v.id AND y.seq > v.cleared_seq AND ",
        not_hidden!(),
        " ORDER BY y.seq DESC LIMIT 1) n"
    ));
    read(text, reader)
        .bind::<Array<SqlUuid>, _>(above.iter().map(|(id, _)| id.0).collect::<Vec<_>>())
        .bind::<Array<BigInt>, _>(above.iter().map(|(_, seq)| *seq).collect::<Vec<_>>())
        .load(&mut conn)
        .await
}

/// Where to look for changes.
#[derive(Clone, Copy, Debug)]
pub struct Since {
    /// The conversation.
    pub id: ConversationId,
    /// The revision the client has applied.
    pub rev: i64,
    /// What the caller has cleared stays gone.
    pub cleared_seq: i64,
    /// Messages at most.
    pub limit: i64,
}

/// Messages changed in each conversation after its revision, by ascending revision.
pub async fn changed(
    conn: &mut Conn,
    reader: UserId,
    since: &[Since],
) -> QueryResult<Vec<MessageRow>> {
    if since.is_empty() {
        return Ok(Vec::new());
    }
    let text = concat!(
        message_sql!(concat!(
            "SELECT n.* FROM unnest({}, {}, {}, {}) AS s (id, rev, cleared_seq, max) CROSS JOIN LATERAL ( \
                 SELECT y.* FROM messages y WHERE y.conversation_id = s.id AND y.rev > s.rev \
                     AND y.seq > s.cleared_seq AND ",
            not_hidden!(),
            " ORDER BY y.rev LIMIT s.max) n"
        )),
        " ORDER BY x.conversation_id, x.rev"
    );
    read(text, reader)
        .bind::<Array<SqlUuid>, _>(since.iter().map(|s| s.id.0).collect::<Vec<_>>())
        .bind::<Array<BigInt>, _>(since.iter().map(|s| s.rev).collect::<Vec<_>>())
        .bind::<Array<BigInt>, _>(since.iter().map(|s| s.cleared_seq).collect::<Vec<_>>())
        .bind::<Array<BigInt>, _>(since.iter().map(|s| s.limit).collect::<Vec<_>>())
        .load(conn)
        .await
}
