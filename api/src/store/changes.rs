//! What a client holds and may not read any more.

use diesel::QueryableByName;
use diesel::result::QueryResult;
use diesel::sql_types::{Array, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::Conn;
use super::sql::sql;

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
