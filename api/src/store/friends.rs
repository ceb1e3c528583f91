//! Who is whose friend: a row for each pair, the lower id first.

use diesel::prelude::*;
use diesel::result::QueryResult;
use diesel::sql_types::{BigInt, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use protocol::ids::UserId;
use uuid::Uuid;

use super::Conn;
use super::accounts::UserRow;
use super::sql::sql;
use crate::schema::friendships;

fn pair(one: UserId, other: UserId) -> (Uuid, Uuid) {
    (one.0.min(other.0), one.0.max(other.0))
}

/// Makes two people friends.
pub async fn insert(conn: &mut Conn, one: UserId, other: UserId) -> QueryResult<()> {
    let (low, high) = pair(one, other);
    diesel::insert_into(friendships::table)
        .values((friendships::low_id.eq(low), friendships::high_id.eq(high)))
        .execute(conn)
        .await?;
    Ok(())
}

/// Ends a friendship; false if there was none.
pub async fn delete(conn: &mut Conn, one: UserId, other: UserId) -> QueryResult<bool> {
    let rows = diesel::delete(friendships::table.find(pair(one, other)))
        .execute(conn)
        .await?;
    Ok(rows == 1)
}

/// Whether two people are friends.
pub async fn are(conn: &mut Conn, one: UserId, other: UserId) -> QueryResult<bool> {
    diesel::select(diesel::dsl::exists(
        friendships::table.find(pair(one, other)),
    ))
    .get_result(conn)
    .await
}

/// Ends every friendship of a user whose account ends; with whom they were.
pub async fn delete_all(conn: &mut Conn, user: UserId) -> QueryResult<Vec<UserId>> {
    let theirs = friendships::low_id
        .eq(user.0)
        .or(friendships::high_id.eq(user.0));
    let pairs: Vec<(Uuid, Uuid)> = diesel::delete(friendships::table.filter(theirs))
        .returning((friendships::low_id, friendships::high_id))
        .get_results(conn)
        .await?;
    let others = pairs
        .into_iter()
        .map(|(low, high)| UserId(if low == user.0 { high } else { low }));
    Ok(others.collect())
}

/// A user's friends by username, after `after`.
pub async fn list(
    conn: &mut Conn,
    user: UserId,
    after: (&str, Uuid),
    limit: i64,
) -> QueryResult<Vec<UserRow>> {
    sql("SELECT u.* FROM ( \
             SELECT high_id AS id FROM friendships WHERE low_id = {} \
             UNION ALL SELECT low_id FROM friendships WHERE high_id = {} \
         ) f JOIN users u ON u.id = f.id \
         WHERE (u.username, u.id) > ({}, {}) ORDER BY u.username, u.id LIMIT {}")
    .bind::<SqlUuid, _>(user.0)
    .bind::<SqlUuid, _>(user.0)
    .bind::<Text, _>(after.0)
    .bind::<SqlUuid, _>(after.1)
    .bind::<BigInt, _>(limit)
    .load(conn)
    .await
}
