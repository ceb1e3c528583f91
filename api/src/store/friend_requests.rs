//! Wishes to be friends, and what became of them.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::result::QueryResult;
use diesel::sql_types::{BigInt, SmallInt, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use protocol::ids::{FriendRequestId, UserId};
use protocol::people::{FriendRequest, FriendRequestStatus};
use uuid::Uuid;

use super::sql::sql;
use super::{Conn, accounts};

/// A request, with those it is between by id alone.
#[derive(Clone, Debug, QueryableByName)]
pub struct RequestRow {
    /// Which.
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    from_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    to_id: Uuid,
    #[diesel(sql_type = SmallInt)]
    status: i16,
    /// When it was made.
    #[diesel(sql_type = Timestamptz)]
    pub created_at: DateTime<Utc>,
}

impl RequestRow {
    /// Which.
    #[must_use]
    pub fn id(&self) -> FriendRequestId {
        self.id.into()
    }

    /// Who asks.
    #[must_use]
    pub fn from(&self) -> UserId {
        self.from_id.into()
    }

    /// Who is asked.
    #[must_use]
    pub fn to(&self) -> UserId {
        self.to_id.into()
    }

    /// What became of it.
    #[must_use]
    pub fn status(&self) -> FriendRequestStatus {
        match self.status {
            1 => FriendRequestStatus::Pending,
            2 => FriendRequestStatus::Accepted,
            _ => FriendRequestStatus::Declined,
        }
    }
}

const fn number(status: FriendRequestStatus) -> i16 {
    match status {
        FriendRequestStatus::Pending => 1,
        FriendRequestStatus::Accepted => 2,
        FriendRequestStatus::Declined => 3,
    }
}

/// Requests with the people they are between.
pub async fn complete(conn: &mut Conn, rows: Vec<RequestRow>) -> QueryResult<Vec<FriendRequest>> {
    let ids: Vec<Uuid> = rows
        .iter()
        .flat_map(|row| [row.from_id, row.to_id])
        .collect();
    let users = accounts::by_id(conn, &ids).await?;
    let whole = rows.into_iter().filter_map(|row| {
        Some(FriendRequest {
            id: row.id(),
            from: users.get(&row.from_id)?.clone(),
            to: users.get(&row.to_id)?.clone(),
            status: row.status(),
            created_at: row.created_at.into(),
        })
    });
    Ok(whole.collect())
}

/// One request.
pub async fn find(conn: &mut Conn, id: FriendRequestId) -> QueryResult<Option<RequestRow>> {
    sql("SELECT * FROM friend_requests WHERE id = {}")
        .bind::<SqlUuid, _>(id.0)
        .get_result(conn)
        .await
        .optional()
}

/// The request between two people that waits for its answer, whoever asked.
pub async fn pending_between(
    conn: &mut Conn,
    one: UserId,
    other: UserId,
) -> QueryResult<Option<RequestRow>> {
    sql("SELECT * FROM friend_requests \
         WHERE status = 1 AND least(from_id, to_id) = {} AND greatest(from_id, to_id) = {}")
    .bind::<SqlUuid, _>(one.0.min(other.0))
    .bind::<SqlUuid, _>(one.0.max(other.0))
    .get_result(conn)
    .await
    .optional()
}

/// How many of a user's requests wait for an answer.
pub async fn count_pending(conn: &mut Conn, from: UserId) -> QueryResult<i64> {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        pending: i64,
    }
    let row: Count =
        sql("SELECT count(*) AS pending FROM friend_requests WHERE from_id = {} AND status = 1")
            .bind::<SqlUuid, _>(from.0)
            .get_result(conn)
            .await?;
    Ok(row.pending)
}

/// Keeps a request, answered already or not.
pub async fn insert(
    conn: &mut Conn,
    id: FriendRequestId,
    from: UserId,
    to: UserId,
    status: FriendRequestStatus,
) -> QueryResult<RequestRow> {
    sql(
        "INSERT INTO friend_requests (id, from_id, to_id, status, answered_at) \
         SELECT id, from_id, to_id, status, CASE WHEN status <> 1 THEN clock_timestamp() END \
         FROM (VALUES ({}, {}, {}, {})) AS new (id, from_id, to_id, status) RETURNING *",
    )
    .bind::<SqlUuid, _>(id.0)
    .bind::<SqlUuid, _>(from.0)
    .bind::<SqlUuid, _>(to.0)
    .bind::<SmallInt, _>(number(status))
    .get_result(conn)
    .await
}

/// Answers a request that waits.
pub async fn answer(
    conn: &mut Conn,
    id: FriendRequestId,
    status: FriendRequestStatus,
) -> QueryResult<RequestRow> {
    sql(
        "UPDATE friend_requests SET status = {}, answered_at = clock_timestamp() \
         WHERE id = {} RETURNING *",
    )
    .bind::<SmallInt, _>(number(status))
    .bind::<SqlUuid, _>(id.0)
    .get_result(conn)
    .await
}

/// Takes a request back.
pub async fn delete(conn: &mut Conn, id: FriendRequestId) -> QueryResult<()> {
    sql("DELETE FROM friend_requests WHERE id = {}")
        .bind::<SqlUuid, _>(id.0)
        .execute(conn)
        .await?;
    Ok(())
}

/// Removes every request to and from a user whose account ends; what they were.
pub async fn delete_all(conn: &mut Conn, user: UserId) -> QueryResult<Vec<RequestRow>> {
    sql("DELETE FROM friend_requests WHERE from_id = {} OR to_id = {} RETURNING *")
        .bind::<SqlUuid, _>(user.0)
        .bind::<SqlUuid, _>(user.0)
        .load(conn)
        .await
}

/// Requests to and from a user that wait for an answer, newest first, before `before`.
///
/// Each half is read by its own index, in order, and no further than the page needs.
pub async fn list_pending(
    conn: &mut Conn,
    user: UserId,
    before: (DateTime<Utc>, Uuid),
    limit: i64,
) -> QueryResult<Vec<RequestRow>> {
    sql("SELECT * FROM ( \
             (SELECT * FROM friend_requests \
              WHERE from_id = {} AND status = 1 AND (created_at, id) < ({}, {}) \
              ORDER BY created_at DESC, id DESC LIMIT {}) \
             UNION ALL \
             (SELECT * FROM friend_requests \
              WHERE to_id = {} AND status = 1 AND (created_at, id) < ({}, {}) \
              ORDER BY created_at DESC, id DESC LIMIT {}) \
         ) r ORDER BY created_at DESC, id DESC LIMIT {}")
    .bind::<SqlUuid, _>(user.0)
    .bind::<Timestamptz, _>(before.0)
    .bind::<SqlUuid, _>(before.1)
    .bind::<BigInt, _>(limit)
    .bind::<SqlUuid, _>(user.0)
    .bind::<Timestamptz, _>(before.0)
    .bind::<SqlUuid, _>(before.1)
    .bind::<BigInt, _>(limit)
    .bind::<BigInt, _>(limit)
    .load(conn)
    .await
}

/// Forgets requests that were answered before `answered_before`.
pub async fn sweep(conn: &mut Conn, answered_before: DateTime<Utc>) -> QueryResult<()> {
    sql("DELETE FROM friend_requests WHERE status <> 1 AND answered_at < {}")
        .bind::<Timestamptz, _>(answered_before)
        .execute(conn)
        .await?;
    Ok(())
}
