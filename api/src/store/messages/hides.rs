//! Messages that one member deleted for themselves.

use diesel::QueryableByName;
use diesel::result::QueryResult;
use diesel::sql_types::{Array, BigInt, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use protocol::ids::{ConversationId, MessageId, UserId};
use uuid::Uuid;

use crate::store::Conn;
use crate::store::sql::sql;

/// Hides a message from a member, whose row is locked, and moves the version of their view; `None` if
/// there is no such message, false if it was hidden already.
pub async fn hide(
    conn: &mut Conn,
    user: UserId,
    id: ConversationId,
    message: MessageId,
) -> QueryResult<Option<bool>> {
    #[derive(QueryableByName)]
    struct Hidden {
        #[diesel(sql_type = BigInt)]
        rows: i64,
    }
    let found: Vec<Hidden> = sql("WITH found AS ( \
             SELECT m.conversation_id, m.user_id, x.seq, x.id, m.version + 1 AS version \
             FROM members m JOIN messages x ON x.conversation_id = m.conversation_id AND x.id = {} \
             WHERE m.conversation_id = {} AND m.user_id = {} \
         ), hidden AS ( \
             INSERT INTO message_hides (conversation_id, user_id, seq, message_id, version) \
             SELECT conversation_id, user_id, seq, id, version FROM found ON CONFLICT DO NOTHING \
             RETURNING conversation_id, user_id, version \
         ), moved AS ( \
             UPDATE members m SET version = h.version FROM hidden h \
             WHERE m.conversation_id = h.conversation_id AND m.user_id = h.user_id \
         ) SELECT (SELECT count(*) FROM hidden) AS rows FROM found")
    .bind::<SqlUuid, _>(message.0)
    .bind::<SqlUuid, _>(id.0)
    .bind::<SqlUuid, _>(user.0)
    .load(conn)
    .await?;
    Ok(found.into_iter().next().map(|hidden| hidden.rows > 0))
}

/// A message that is hidden from someone.
#[derive(Clone, Debug, QueryableByName)]
pub struct Hidden {
    #[diesel(sql_type = SqlUuid)]
    conversation_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    message_id: Uuid,
}

impl Hidden {
    /// Where.
    #[must_use]
    pub fn conversation(&self) -> ConversationId {
        self.conversation_id.into()
    }

    /// Which.
    #[must_use]
    pub fn message(&self) -> MessageId {
        self.message_id.into()
    }
}

/// What a user has hidden in each conversation after this version of their view.
pub async fn after(
    conn: &mut Conn,
    user: UserId,
    versions: &[(ConversationId, i64)],
) -> QueryResult<Vec<Hidden>> {
    if versions.is_empty() {
        return Ok(Vec::new());
    }
    sql("SELECT h.conversation_id, h.message_id FROM unnest({}, {}) AS k (id, version) \
         JOIN message_hides h ON h.conversation_id = k.id AND h.user_id = {} AND h.version > k.version \
         ORDER BY h.conversation_id, h.version")
    .bind::<Array<SqlUuid>, _>(versions.iter().map(|(id, _)| id.0).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(versions.iter().map(|(_, version)| *version).collect::<Vec<_>>())
    .bind::<SqlUuid, _>(user.0)
    .load(conn)
    .await
}
