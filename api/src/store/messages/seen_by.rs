//! Who has received and read a message.

use diesel::QueryableByName;
use diesel::result::QueryResult;
use diesel::sql_types::{BigInt, Bool, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use protocol::ids::{ConversationId, UserId};
use protocol::message::SeenBy;
use uuid::Uuid;

use crate::store::Conn;
use crate::store::sql::sql;

#[derive(QueryableByName)]
struct SeenRow {
    #[diesel(sql_type = SqlUuid)]
    user_id: Uuid,
    #[diesel(sql_type = Bool)]
    delivered: bool,
    #[diesel(sql_type = Bool)]
    read: bool,
}

/// A message, and who asks about it.
#[derive(Clone, Copy, Debug)]
pub struct Question {
    /// Where.
    pub id: ConversationId,
    /// Its place.
    pub seq: i64,
    /// Who wrote it: they are not asked for.
    pub sender: UserId,
    /// Who asks: they see their own mark as it is.
    pub caller: UserId,
}

/// Members after `after`, and whether they have a message. Who hides what they read has not read it.
pub async fn list(
    conn: &mut Conn,
    of: Question,
    after: Uuid,
    limit: i64,
) -> QueryResult<Vec<SeenBy>> {
    let rows: Vec<SeenRow> = sql("SELECT m.user_id, m.delivered_seq >= {} AS delivered, \
             CASE WHEN m.user_id = {} THEN m.read_seq ELSE m.public_read_seq END >= {} \
                 AND (m.user_id = {} OR NOT u.hide_read_receipts) AS read \
         FROM ( \
             SELECT * FROM members WHERE conversation_id = {} AND user_id > {} AND user_id <> {} \
             ORDER BY user_id LIMIT {} \
         ) m JOIN users u ON u.id = m.user_id ORDER BY m.user_id")
    .bind::<BigInt, _>(of.seq)
    .bind::<SqlUuid, _>(of.caller.0)
    .bind::<BigInt, _>(of.seq)
    .bind::<SqlUuid, _>(of.caller.0)
    .bind::<SqlUuid, _>(of.id.0)
    .bind::<SqlUuid, _>(after)
    .bind::<SqlUuid, _>(of.sender.0)
    .bind::<BigInt, _>(limit)
    .load(conn)
    .await?;
    let seen = rows.into_iter().map(|row| SeenBy {
        user_id: row.user_id.into(),
        delivered: row.delivered,
        read: row.read,
    });
    Ok(seen.collect())
}
