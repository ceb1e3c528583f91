//! Avatars and icons that nobody shows: not yet, or no longer.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::QueryableByName;
use diesel::result::QueryResult;
use diesel::sql_types::{Array, BigInt, Text, Timestamptz};
use diesel_async::RunQueryDsl;

use super::Conn;
use super::sql::sql;

/// Notes a picture that nobody shows.
pub async fn retire(conn: &mut Conn, key: &str) -> QueryResult<()> {
    sql("INSERT INTO unshown_pictures (key) VALUES ({}) ON CONFLICT (key) DO NOTHING")
        .bind::<Text, _>(key)
        .execute(conn)
        .await?;
    Ok(())
}

/// Takes a picture that somebody shows from now on off the list; false if it was swept before.
pub async fn show(conn: &mut Conn, key: &str) -> QueryResult<bool> {
    let taken = sql("DELETE FROM unshown_pictures WHERE key = {}")
        .bind::<Text, _>(key)
        .execute(conn)
        .await?;
    Ok(taken == 1)
}

/// Some of the pictures that nobody has shown for longer than this.
pub async fn unshown(conn: &mut Conn, grace: Duration, rows: i64) -> QueryResult<Vec<String>> {
    #[derive(QueryableByName)]
    struct Unshown {
        #[diesel(sql_type = Text)]
        key: String,
    }
    let grace = TimeDelta::from_std(grace).unwrap_or(TimeDelta::MAX);
    let before = Utc::now()
        .checked_sub_signed(grace)
        .unwrap_or(DateTime::<Utc>::MIN_UTC);
    let rows: Vec<Unshown> =
        sql("SELECT key FROM unshown_pictures WHERE since < {} ORDER BY since LIMIT {}")
            .bind::<Timestamptz, _>(before)
            .bind::<BigInt, _>(rows)
            .load(conn)
            .await?;
    Ok(rows.into_iter().map(|row| row.key).collect())
}

/// Forgets pictures whose bytes are gone.
pub async fn forget(conn: &mut Conn, keys: &[String]) -> QueryResult<usize> {
    sql("DELETE FROM unshown_pictures WHERE key = ANY ({})")
        .bind::<Array<Text>, _>(keys)
        .execute(conn)
        .await
}
