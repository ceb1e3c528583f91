//! Who is named.

use diesel::QueryableByName;
use diesel::result::QueryResult;
use diesel::sql_types::{Array, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use protocol::ids::{ConversationId, UserId};
use uuid::Uuid;

use crate::store::Conn;
use crate::store::sql::sql;

/// Those of these names that name someone: members of the conversation but the sender, and whoever
/// the message names already; by id.
pub async fn resolve(
    conn: &mut Conn,
    id: ConversationId,
    sender: UserId,
    names: &[String],
    already: &[UserId],
) -> QueryResult<Vec<UserId>> {
    #[derive(QueryableByName)]
    struct Named {
        #[diesel(sql_type = SqlUuid)]
        id: Uuid,
    }
    let rows: Vec<Named> = sql("SELECT u.id FROM users u WHERE u.username = ANY ({}) AND u.id <> {} \
         AND (u.id = ANY ({}) OR EXISTS ( \
             SELECT FROM members m WHERE m.conversation_id = {} AND m.user_id = u.id)) ORDER BY u.id")
    .bind::<Array<Text>, _>(names)
    .bind::<SqlUuid, _>(sender.0)
    .bind::<Array<SqlUuid>, _>(already.iter().map(|id| id.0).collect::<Vec<_>>())
    .bind::<SqlUuid, _>(id.0)
    .load(conn)
    .await?;
    Ok(rows.into_iter().map(|row| row.id.into()).collect())
}
