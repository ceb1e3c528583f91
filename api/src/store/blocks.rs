//! Who blocks whom.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::result::QueryResult;
use diesel::sql_types::{BigInt, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use protocol::ids::UserId;
use uuid::Uuid;

use super::Conn;
use super::accounts::UserRow;
use super::sql::sql;
use crate::schema::blocks;

/// Blocks; false if it was so already.
pub async fn insert(conn: &mut Conn, blocker: UserId, blocked: UserId) -> QueryResult<bool> {
    let rows = diesel::insert_into(blocks::table)
        .values((
            blocks::blocker_id.eq(blocker.0),
            blocks::blocked_id.eq(blocked.0),
        ))
        .on_conflict_do_nothing()
        .execute(conn)
        .await?;
    Ok(rows == 1)
}

/// Unblocks; false if it was so already.
pub async fn delete(conn: &mut Conn, blocker: UserId, blocked: UserId) -> QueryResult<bool> {
    let rows = diesel::delete(blocks::table.find((blocker.0, blocked.0)))
        .execute(conn)
        .await?;
    Ok(rows == 1)
}

/// Takes back every block of a user whose account ends.
pub async fn delete_all(conn: &mut Conn, blocker: UserId) -> QueryResult<usize> {
    diesel::delete(blocks::table.filter(blocks::blocker_id.eq(blocker.0)))
        .execute(conn)
        .await
}

/// Whether one of the two blocks the other.
pub async fn between(conn: &mut Conn, one: UserId, other: UserId) -> QueryResult<bool> {
    let pair = blocks::blocker_id
        .eq(one.0)
        .and(blocks::blocked_id.eq(other.0));
    let reverse = blocks::blocker_id
        .eq(other.0)
        .and(blocks::blocked_id.eq(one.0));
    diesel::select(diesel::dsl::exists(blocks::table.filter(pair.or(reverse))))
        .get_result(conn)
        .await
}

/// A blocked user, and since when.
#[derive(Debug, QueryableByName)]
pub struct Blocked {
    /// Whom.
    #[diesel(embed)]
    pub user: UserRow,
    /// Since when.
    #[diesel(sql_type = Timestamptz)]
    pub blocked_at: DateTime<Utc>,
}

/// Whom a user blocks, newest first, before `before`.
pub async fn list(
    conn: &mut Conn,
    blocker: UserId,
    before: (DateTime<Utc>, Uuid),
    limit: i64,
) -> QueryResult<Vec<Blocked>> {
    sql(
        "SELECT u.*, b.created_at AS blocked_at FROM blocks b JOIN users u ON u.id = b.blocked_id \
         WHERE b.blocker_id = {} AND (b.created_at, b.blocked_id) < ({}, {}) \
         ORDER BY b.created_at DESC, b.blocked_id DESC LIMIT {}",
    )
    .bind::<SqlUuid, _>(blocker.0)
    .bind::<Timestamptz, _>(before.0)
    .bind::<SqlUuid, _>(before.1)
    .bind::<BigInt, _>(limit)
    .load(conn)
    .await
}

/// Locks the direct conversation of two users, if they have one: the committer reads blocks under
/// that lock.
pub async fn lock_direct(conn: &mut Conn, one: UserId, other: UserId) -> QueryResult<()> {
    sql("SELECT 1 FROM conversations WHERE direct_low = {} AND direct_high = {} FOR NO KEY UPDATE")
        .bind::<SqlUuid, _>(one.0.min(other.0))
        .bind::<SqlUuid, _>(one.0.max(other.0))
        .execute(conn)
        .await?;
    Ok(())
}
