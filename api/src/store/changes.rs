//! What happened since a revision.

use diesel::QueryableByName;
use diesel::result::QueryResult;
use diesel::sql_types::{Array, BigInt, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::Conn;
use super::messages::MessageRow;
use super::sql::sql;

/// Where to look for changes.
#[derive(Clone, Copy, Debug)]
pub struct Since {
    /// The conversation.
    pub id: Uuid,
    /// The revision the client has applied.
    pub rev: i64,
    /// What the caller has cleared stays gone.
    pub cleared_seq: i64,
    /// Messages at most.
    pub limit: i64,
}

/// Messages changed in each conversation after its revision, by ascending revision.
pub async fn of(conn: &mut Conn, since: &[Since]) -> QueryResult<Vec<MessageRow>> {
    if since.is_empty() {
        return Ok(Vec::new());
    }
    sql("SELECT x.* FROM unnest({}, {}, {}, {}) AS s (id, rev, cleared_seq, max) CROSS JOIN LATERAL ( \
             SELECT * FROM messages y WHERE y.conversation_id = s.id AND y.rev > s.rev AND y.seq > s.cleared_seq \
             ORDER BY y.rev LIMIT s.max) x \
         ORDER BY x.conversation_id, x.rev")
    .bind::<Array<SqlUuid>, _>(since.iter().map(|s| s.id).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(since.iter().map(|s| s.rev).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(since.iter().map(|s| s.cleared_seq).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(since.iter().map(|s| s.limit).collect::<Vec<_>>())
    .load(conn)
    .await
}

/// Of these conversations, the ones that the user cannot read. A deleted channel is gone before its
/// members' rows are.
pub async fn unreadable(conn: &mut Conn, user: Uuid, ids: &[Uuid]) -> QueryResult<Vec<Uuid>> {
    #[derive(QueryableByName)]
    struct Id {
        #[diesel(sql_type = SqlUuid)]
        id: Uuid,
    }
    let rows: Vec<Id> = sql("SELECT k.id FROM unnest({}) AS k (id) \
         LEFT JOIN (members m JOIN conversations c ON c.id = m.conversation_id) \
             ON m.conversation_id = k.id AND m.user_id = {} \
         WHERE m.user_id IS NULL")
    .bind::<Array<SqlUuid>, _>(ids)
    .bind::<SqlUuid, _>(user)
    .load(conn)
    .await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}
