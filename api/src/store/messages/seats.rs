//! What someone is in a conversation: what every operation on its messages is judged by.

use diesel::QueryableByName;
use diesel::result::QueryResult;
use diesel::sql_types::{BigInt, Bool, Nullable, SmallInt, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use protocol::group::Role;
use protocol::ids::{ConversationId, UserId};
use protocol::routing::Route;
use uuid::Uuid;

use crate::store::Conn;
use crate::store::groups::members;
use crate::store::sql::sql;

/// A member of a conversation.
#[derive(Clone, Debug, QueryableByName)]
pub struct Seat {
    #[diesel(sql_type = Nullable<SqlUuid>)]
    direct_low: Option<Uuid>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    direct_high: Option<Uuid>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    group_id: Option<Uuid>,
    #[diesel(sql_type = Nullable<SmallInt>)]
    role: Option<i16>,
    /// The conversation's revision.
    #[diesel(sql_type = BigInt)]
    pub rev: i64,
    /// Everything up to here is gone for the member.
    #[diesel(sql_type = BigInt)]
    pub cleared_seq: i64,
    /// Whether one of the two blocks the other, in a direct chat.
    #[diesel(sql_type = Bool)]
    pub blocked: bool,
}

impl Seat {
    /// As what they are in the group, in a channel.
    #[must_use]
    pub fn role(&self) -> Option<Role> {
        self.role.map(members::role)
    }

    /// Who hears what happens in the conversation.
    #[must_use]
    pub fn routes(&self) -> Vec<Route> {
        let everyone = [
            self.direct_low.map(|id| Route::User(id.into())),
            self.direct_high.map(|id| Route::User(id.into())),
            self.group_id.map(|id| Route::Group(id.into())),
        ];
        everyone.into_iter().flatten().collect()
    }
}

/// What someone is in a conversation; `None` if they are not in it.
pub async fn of(conn: &mut Conn, id: ConversationId, user: UserId) -> QueryResult<Option<Seat>> {
    let rows: Vec<Seat> = sql(
        "SELECT c.direct_low, c.direct_high, c.group_id, g.role, c.rev, m.cleared_seq, \
             EXISTS (SELECT FROM blocks b WHERE (b.blocker_id, b.blocked_id) IN \
                 ((c.direct_low, c.direct_high), (c.direct_high, c.direct_low))) AS blocked \
         FROM members m JOIN conversations c ON c.id = m.conversation_id \
         LEFT JOIN group_members g ON g.group_id = c.group_id AND g.user_id = m.user_id \
         WHERE m.conversation_id = {} AND m.user_id = {}",
    )
    .bind::<SqlUuid, _>(id.0)
    .bind::<SqlUuid, _>(user.0)
    .load(conn)
    .await?;
    Ok(rows.into_iter().next())
}

/// The same of a conversation that is locked first: what is read behind the lock stays true until
/// the transaction ends, because whoever changes it takes the same lock.
pub async fn lock(conn: &mut Conn, id: ConversationId, user: UserId) -> QueryResult<Option<Seat>> {
    sql("SELECT 1 FROM conversations WHERE id = {} FOR NO KEY UPDATE")
        .bind::<SqlUuid, _>(id.0)
        .execute(conn)
        .await?;
    of(conn, id, user).await
}
