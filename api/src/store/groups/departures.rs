//! Who leaves groups, and who has left them lately.

use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::result::QueryResult;
use diesel::sql_types::{Array, Bool, Nullable, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use protocol::ids::{GroupId, UserId};
use uuid::Uuid;

use super::super::Conn;
use super::super::sql::sql;
use super::members::Pair;

/// Takes a user out of locked groups and of all their channels, notes that they hold no floor back
/// there any more (`floors.rs`), and says so to the ws-servers that ask. The user's rows are locked in order first: the receipts worker locks them too.
pub async fn delete(conn: &mut Conn, user: UserId, groups: &[Uuid]) -> QueryResult<()> {
    sql("WITH member AS MATERIALIZED ( \
             SELECT m.conversation_id, m.user_id FROM members m WHERE m.user_id = {} AND m.conversation_id IN ( \
                 SELECT id FROM conversations WHERE group_id = ANY ({})) \
             ORDER BY 1, 2 FOR UPDATE \
         ), outside AS ( \
             DELETE FROM members m USING member k WHERE m.conversation_id = k.conversation_id AND m.user_id = k.user_id \
             RETURNING m.conversation_id \
         ), noted AS ( \
             INSERT INTO stale_floors (conversation_id) SELECT conversation_id FROM outside \
         ), gone AS ( \
             DELETE FROM group_members WHERE user_id = {} AND group_id = ANY ({}) RETURNING group_id, user_id \
         ) INSERT INTO removals (group_id, user_id) SELECT group_id, user_id FROM gone ORDER BY 1 \
         ON CONFLICT (group_id, user_id) DO UPDATE SET created_at = excluded.created_at")
    .bind::<SqlUuid, _>(user.0)
    .bind::<Array<SqlUuid>, _>(groups)
    .bind::<SqlUuid, _>(user.0)
    .bind::<Array<SqlUuid>, _>(groups)
    .execute(conn)
    .await?;
    Ok(())
}

/// A group that someone leaves, and to whom it passes if it is theirs.
#[derive(Clone, Copy, Debug, QueryableByName)]
pub struct Leaving {
    /// Which.
    #[diesel(sql_type = SqlUuid)]
    pub group_id: Uuid,
    /// Whether it is theirs.
    #[diesel(sql_type = Bool)]
    pub owned: bool,
    /// The longest-standing admin, else the longest-standing member; nobody, if there is nobody.
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub heir_id: Option<Uuid>,
}

impl Leaving {
    /// The group, and to whom it passes.
    #[must_use]
    pub fn heir(&self) -> Option<(GroupId, UserId)> {
        let heir = self.heir_id?;
        Some((self.group_id.into(), heir.into()))
    }
}

/// A user's groups, by id, and to whom theirs would pass.
pub async fn leaving(conn: &mut Conn, user: UserId) -> QueryResult<Vec<Leaving>> {
    sql(
        "SELECT m.group_id, m.role = 1 AS owned, heir.user_id AS heir_id FROM group_members m \
         LEFT JOIN LATERAL ( \
             SELECT o.user_id FROM group_members o WHERE o.group_id = m.group_id AND o.role > 1 \
             ORDER BY o.role, o.joined_at, o.user_id LIMIT 1 \
         ) heir ON m.role = 1 \
         WHERE m.user_id = {} ORDER BY m.group_id",
    )
    .bind::<SqlUuid, _>(user.0)
    .load(conn)
    .await
}

/// Who lost a membership since a moment of the database's clock.
pub async fn removed_since(conn: &mut Conn, since: DateTime<Utc>) -> QueryResult<Vec<Pair>> {
    sql("SELECT group_id, user_id FROM removals WHERE created_at >= {} ORDER BY created_at")
        .bind::<Timestamptz, _>(since)
        .load(conn)
        .await
}

/// Forgets who lost a membership before this moment: no ws-server can hold it any more.
pub async fn sweep(conn: &mut Conn, removed_before: DateTime<Utc>) -> QueryResult<()> {
    sql("DELETE FROM removals WHERE (group_id, user_id) IN ( \
             SELECT group_id, user_id FROM removals WHERE created_at < {} \
             ORDER BY group_id, user_id FOR UPDATE SKIP LOCKED)")
    .bind::<Timestamptz, _>(removed_before)
    .execute(conn)
    .await?;
    Ok(())
}
