//! Attempts in a window, shared by all replicas.

use std::time::Duration;

use diesel::QueryableByName;
use diesel::result::QueryResult;
use diesel::sql_types::{BigInt, Integer, Text};
use diesel_async::RunQueryDsl;

use super::Conn;
use super::sql::sql;

#[derive(QueryableByName)]
struct Window {
    #[diesel(sql_type = Integer)]
    count: i32,
    #[diesel(sql_type = BigInt)]
    left_ms: i64,
}

/// Counts one attempt under `key`, in a window that begins with the first one. Returns how many
/// there were, this one included, and how long the window still lasts.
pub async fn count(conn: &mut Conn, key: &str, window: Duration) -> QueryResult<(u32, Duration)> {
    let row: Window = sql(
        "INSERT INTO rate_windows AS w (key, ends_at, count) \
         VALUES ({}, clock_timestamp() + {} * interval '1 millisecond', 1) \
         ON CONFLICT (key) DO UPDATE SET \
             count = CASE WHEN w.ends_at <= clock_timestamp() THEN 1 ELSE w.count + 1 END, \
             ends_at = CASE WHEN w.ends_at <= clock_timestamp() THEN excluded.ends_at ELSE w.ends_at END \
         RETURNING count, (extract(epoch FROM ends_at - clock_timestamp()) * 1000)::bigint AS left_ms",
    )
    .bind::<Text, _>(key)
    .bind::<BigInt, _>(i64::try_from(window.as_millis()).unwrap_or(i64::MAX))
    .get_result(conn)
    .await?;
    let left = Duration::from_millis(u64::try_from(row.left_ms).unwrap_or(0));
    Ok((u32::try_from(row.count).unwrap_or(u32::MAX), left))
}

/// Forgets windows that have ended.
pub async fn sweep(conn: &mut Conn) -> QueryResult<()> {
    // Not clock_timestamp(): what may change from row to row cannot be looked up in an index.
    sql("DELETE FROM rate_windows WHERE ends_at < now()")
        .execute(conn)
        .await?;
    Ok(())
}
