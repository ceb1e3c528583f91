//! Who may not come back into a group.

use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::result::QueryResult;
use diesel::sql_types::{BigInt, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use protocol::group::Ban;
use protocol::ids::{GroupId, UserId};
use uuid::Uuid;

use super::super::Conn;
use super::super::accounts::UserRow;
use super::super::sql::sql;

/// Bans a user from a locked group; nothing happens if they are banned already.
pub async fn insert(conn: &mut Conn, group: GroupId, user: UserId, by: UserId) -> QueryResult<()> {
    sql("INSERT INTO bans (group_id, user_id, banned_by) VALUES ({}, {}, {}) ON CONFLICT DO NOTHING")
        .bind::<SqlUuid, _>(group.0)
        .bind::<SqlUuid, _>(user.0)
        .bind::<SqlUuid, _>(by.0)
        .execute(conn)
        .await?;
    Ok(())
}

/// Lifts a ban; nothing happens if there is none.
pub async fn delete(conn: &mut Conn, group: GroupId, user: UserId) -> QueryResult<()> {
    sql("DELETE FROM bans WHERE group_id = {} AND user_id = {}")
        .bind::<SqlUuid, _>(group.0)
        .bind::<SqlUuid, _>(user.0)
        .execute(conn)
        .await?;
    Ok(())
}

/// Someone who is banned.
#[derive(Debug, QueryableByName)]
pub struct BanRow {
    #[diesel(embed)]
    user: UserRow,
    #[diesel(sql_type = Timestamptz)]
    banned_at: DateTime<Utc>,
}

impl BanRow {
    /// Where it stands in the list.
    #[must_use]
    pub fn position(&self) -> (DateTime<Utc>, Uuid) {
        (self.banned_at, self.user.id)
    }

    /// As answers show it.
    #[must_use]
    pub fn ban(self) -> Ban {
        Ban {
            user: self.user.user(),
            created_at: self.banned_at.into(),
        }
    }
}

/// Who is banned from a group, newest first, before `before`.
pub async fn list(
    conn: &mut Conn,
    group: GroupId,
    before: (DateTime<Utc>, Uuid),
    limit: i64,
) -> QueryResult<Vec<BanRow>> {
    sql(
        "SELECT u.*, b.created_at AS banned_at FROM bans b JOIN users u ON u.id = b.user_id \
         WHERE b.group_id = {} AND (b.created_at, b.user_id) < ({}, {}) \
         ORDER BY b.created_at DESC, b.user_id DESC LIMIT {}",
    )
    .bind::<SqlUuid, _>(group.0)
    .bind::<Timestamptz, _>(before.0)
    .bind::<SqlUuid, _>(before.1)
    .bind::<BigInt, _>(limit)
    .load(conn)
    .await
}
