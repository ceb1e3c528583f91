//! Sessions, and the revocations that end them everywhere.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::result::QueryResult;
use diesel::sql_types::{Array, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use protocol::ids::{SessionId, UserId};
use uuid::Uuid;

use super::Conn;
use super::sql::sql;
use crate::schema::sessions;

/// A session's row.
#[derive(Clone, Debug, Queryable, Selectable, QueryableByName)]
#[diesel(table_name = sessions, check_for_backend(diesel::pg::Pg))]
pub struct SessionRow {
    /// The session.
    pub id: Uuid,
    /// Whose.
    pub user_id: Uuid,
    /// What the device called itself.
    pub device: Option<String>,
    /// The address it last came from.
    pub ip: Option<String>,
    /// Whether the refresh token lives in a cookie.
    pub cookie: bool,
    /// The number of the present refresh token.
    pub generation: i64,
    /// Since when.
    pub generation_at: DateTime<Utc>,
    /// When it signed in.
    pub created_at: DateTime<Utc>,
    /// When it last refreshed.
    pub last_used_at: DateTime<Utc>,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
}

/// Begins a session.
pub async fn insert(
    conn: &mut Conn,
    user_id: UserId,
    device: Option<&str>,
    ip: &str,
    cookie: bool,
) -> QueryResult<SessionRow> {
    diesel::insert_into(sessions::table)
        .values((
            sessions::id.eq(SessionId::new().0),
            sessions::user_id.eq(user_id.0),
            sessions::device.eq(device),
            sessions::ip.eq(ip),
            sessions::cookie.eq(cookie),
        ))
        .returning(SessionRow::as_returning())
        .get_result(conn)
        .await
}

/// A session, locked: two refreshes of one session come one after the other.
pub async fn lock(conn: &mut Conn, id: SessionId) -> QueryResult<Option<SessionRow>> {
    sessions::table
        .find(id.0)
        .select(SessionRow::as_select())
        .for_no_key_update()
        .first(conn)
        .await
        .optional()
}

/// Moves on to the next refresh token.
pub async fn rotate(conn: &mut Conn, id: SessionId, ip: &str) -> QueryResult<i64> {
    diesel::update(sessions::table.find(id.0))
        .set((
            sessions::generation.eq(sessions::generation + 1),
            sessions::generation_at.eq(diesel::dsl::now),
            sessions::last_used_at.eq(diesel::dsl::now),
            sessions::ip.eq(ip),
        ))
        .returning(sessions::generation)
        .get_result(conn)
        .await
}

/// A user's live sessions, newest first, before `before`.
pub async fn list(
    conn: &mut Conn,
    user_id: UserId,
    before: (DateTime<Utc>, Uuid),
    limit: i64,
) -> QueryResult<Vec<SessionRow>> {
    sql("SELECT * FROM sessions WHERE user_id = {} AND ended_at IS NULL AND (created_at, id) < ({}, {}) \
         ORDER BY created_at DESC, id DESC LIMIT {}")
    .bind::<SqlUuid, _>(user_id.0)
    .bind::<Timestamptz, _>(before.0)
    .bind::<SqlUuid, _>(before.1)
    .bind::<diesel::sql_types::BigInt, _>(limit)
    .load(conn)
    .await
}

/// Which of a user's sessions end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// This one.
    One(SessionId),
    /// All but this one.
    Others(SessionId),
    /// All.
    All,
}

#[derive(QueryableByName)]
struct Ended {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

/// Ends a user's sessions; the ids of those that were live.
pub async fn end(conn: &mut Conn, user_id: UserId, which: Which) -> QueryResult<Vec<SessionId>> {
    let (only, except) = match which {
        Which::One(id) => (Some(id.0), None),
        Which::Others(id) => (None, Some(id.0)),
        Which::All => (None, None),
    };
    let rows: Vec<Ended> = sql(
        "WITH ended AS ( \
             UPDATE sessions SET ended_at = clock_timestamp() WHERE id IN ( \
                 SELECT id FROM sessions WHERE user_id = {} AND ended_at IS NULL \
                 AND ({} IS NULL OR id = {}) AND ({} IS NULL OR id <> {}) ORDER BY id FOR NO KEY UPDATE \
             ) RETURNING id, user_id \
         ), revoked AS ( \
             INSERT INTO revocations (session_id, user_id) SELECT id, user_id FROM ended ON CONFLICT DO NOTHING \
         ) SELECT id FROM ended",
    )
    .bind::<SqlUuid, _>(user_id.0)
    .bind::<diesel::sql_types::Nullable<SqlUuid>, _>(only)
    .bind::<diesel::sql_types::Nullable<SqlUuid>, _>(only)
    .bind::<diesel::sql_types::Nullable<SqlUuid>, _>(except)
    .bind::<diesel::sql_types::Nullable<SqlUuid>, _>(except)
    .load(conn)
    .await?;
    Ok(rows.into_iter().map(|row| row.id.into()).collect())
}

/// A session that ended.
#[derive(Clone, Debug, QueryableByName)]
pub struct Revocation {
    /// Which.
    #[diesel(sql_type = SqlUuid)]
    pub session_id: Uuid,
    /// Whose.
    #[diesel(sql_type = SqlUuid)]
    pub user_id: Uuid,
    /// When, by the database's clock.
    #[diesel(sql_type = Timestamptz)]
    pub created_at: DateTime<Utc>,
}

/// Revocations since a moment of the database's clock.
pub async fn revocations_since(
    conn: &mut Conn,
    since: DateTime<Utc>,
) -> QueryResult<Vec<Revocation>> {
    sql("SELECT session_id, user_id, created_at FROM revocations WHERE created_at >= {} ORDER BY created_at")
        .bind::<Timestamptz, _>(since)
        .load(conn)
        .await
}

/// The database's clock.
pub async fn database_now(conn: &mut Conn) -> QueryResult<DateTime<Utc>> {
    #[derive(QueryableByName)]
    struct Now {
        #[diesel(sql_type = Timestamptz)]
        now: DateTime<Utc>,
    }
    let row: Now = sql("SELECT clock_timestamp() AS now")
        .get_result(conn)
        .await?;
    Ok(row.now)
}

/// Of these sessions, the ones that have ended or never were.
pub async fn ended_of(conn: &mut Conn, ids: &[Uuid]) -> QueryResult<Vec<Uuid>> {
    let rows: Vec<Ended> = sql(
        "SELECT a.id FROM unnest({}) AS a (id) LEFT JOIN sessions s ON s.id = a.id AND s.ended_at IS NULL \
         WHERE s.id IS NULL",
    )
    .bind::<Array<SqlUuid>, _>(ids)
    .load(conn)
    .await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// Forgets sessions that ended or were not used since `unused_since`, and revocations no token can
/// meet any more.
pub async fn sweep(
    conn: &mut Conn,
    unused_since: DateTime<Utc>,
    revoked_before: DateTime<Utc>,
) -> QueryResult<()> {
    sql("DELETE FROM sessions WHERE last_used_at < {}")
        .bind::<Timestamptz, _>(unused_since)
        .execute(conn)
        .await?;
    sql("DELETE FROM revocations WHERE created_at < {}")
        .bind::<Timestamptz, _>(revoked_before)
        .execute(conn)
        .await?;
    Ok(())
}
