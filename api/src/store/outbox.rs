//! Events that the broker has not confirmed.

use diesel::QueryableByName;
use diesel::result::QueryResult;
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::Conn;
use super::sql::sql;
use crate::events::Event;

#[derive(QueryableByName)]
struct Stored {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

/// Keeps events with the change they tell of; their ids, which ascend in the events' order.
pub async fn insert(conn: &mut Conn, events: &[Event]) -> QueryResult<Vec<i64>> {
    fn each<'e, T>(events: &'e [Event], field: impl Fn(&'e Event) -> T) -> Vec<T> {
        events.iter().map(field).collect()
    }
    // Keys travel joined: unnest would take a list of lists apart to its last element. Control
    // events have none, and no text at all becomes no keys.
    let rows: Vec<Stored> = sql(
        "INSERT INTO outbox (conversation_id, rev, control, routing_keys, kind, body, message_id, request_id) \
         SELECT conversation_id, rev, control, string_to_array(keys, ','), kind, body, message_id, request_id \
         FROM unnest({}, {}, {}, {}, {}, {}, {}, {}) WITH ORDINALITY \
             AS e (conversation_id, rev, control, keys, kind, body, message_id, request_id, i) \
         ORDER BY i RETURNING id",
    )
    .bind::<Array<Nullable<SqlUuid>>, _>(each(events, |event| event.conversation_id))
    .bind::<Array<Nullable<BigInt>>, _>(each(events, |event| event.rev))
    .bind::<Array<Bool>, _>(each(events, |event| event.control))
    .bind::<Array<Text>, _>(each(events, |event| event.routing_keys.join(",")))
    .bind::<Array<Text>, _>(each(events, |event| event.kind.as_str()))
    .bind::<Array<Text>, _>(each(events, |event| event.body.as_str()))
    .bind::<Array<Nullable<SqlUuid>>, _>(each(events, |event| event.message_id))
    .bind::<Array<Nullable<Text>>, _>(each(events, |event| event.request_id.as_deref()))
    .load(conn)
    .await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// An event that waits.
#[derive(Debug, QueryableByName)]
pub struct Waiting {
    /// Its row.
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    conversation_id: Option<Uuid>,
    #[diesel(sql_type = Nullable<BigInt>)]
    rev: Option<i64>,
    #[diesel(sql_type = Bool)]
    control: bool,
    #[diesel(sql_type = Array<Text>)]
    routing_keys: Vec<String>,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Text)]
    body: String,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    message_id: Option<Uuid>,
    #[diesel(sql_type = Nullable<Text>)]
    request_id: Option<String>,
}

impl Waiting {
    /// The event, as its writer would have published it.
    #[must_use]
    pub fn into_event(self) -> Event {
        Event {
            conversation_id: self.conversation_id,
            rev: self.rev,
            control: self.control,
            routing_keys: self.routing_keys,
            kind: self.kind,
            body: self.body,
            message_id: self.message_id,
            request_id: self.request_id,
        }
    }
}

/// Control events of any age, oldest first.
pub async fn control(conn: &mut Conn, limit: i64) -> QueryResult<Vec<Waiting>> {
    sql("SELECT * FROM outbox WHERE control ORDER BY id LIMIT {}")
        .bind::<BigInt, _>(limit)
        .load(conn)
        .await
}

/// Events older than `age_ms`, oldest first: in one conversation that is the order of `rev`.
pub async fn overdue(conn: &mut Conn, age_ms: i64, limit: i64) -> QueryResult<Vec<Waiting>> {
    sql(
        "SELECT * FROM outbox WHERE created_at < clock_timestamp() - {} * interval '1 millisecond' \
         ORDER BY id LIMIT {}",
    )
    .bind::<BigInt, _>(age_ms)
    .bind::<BigInt, _>(limit)
    .load(conn)
    .await
}

/// How many events wait, counted up to `limit`.
pub async fn pending(conn: &mut Conn, limit: i64) -> QueryResult<i64> {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        pending: i64,
    }
    let row: Count = sql("SELECT count(*) AS pending FROM (SELECT 1 FROM outbox LIMIT {}) waiting")
        .bind::<BigInt, _>(limit)
        .get_result(conn)
        .await?;
    Ok(row.pending)
}

/// Forgets what the broker has confirmed. Rows that someone else is just deleting are passed over.
/// Losing this in a crash only means publishing them again, so it does not wait for the disk.
pub async fn delete(conn: &mut Conn, ids: &[i64]) -> QueryResult<usize> {
    sql("WITH relaxed AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true)), \
         found AS (SELECT id FROM outbox, relaxed WHERE id = ANY ({}) ORDER BY id FOR UPDATE OF outbox SKIP LOCKED) \
         DELETE FROM outbox WHERE id IN (SELECT id FROM found)")
    .bind::<Array<BigInt>, _>(ids)
    .execute(conn)
    .await
}

/// Tries to become the one relay of this database and schema, for as long as the connection lives.
pub async fn try_lead(conn: &mut Conn) -> QueryResult<bool> {
    #[derive(QueryableByName)]
    struct Lock {
        #[diesel(sql_type = Bool)]
        taken: bool,
    }
    let row: Lock = sql("SELECT pg_try_advisory_lock(hashtextextended('warren outbox ' || current_schema(), 0)) AS taken")
        .get_result(conn)
        .await?;
    Ok(row.taken)
}

/// Leaves it to another.
pub async fn stop_leading(conn: &mut Conn) -> QueryResult<()> {
    sql("SELECT pg_advisory_unlock(hashtextextended('warren outbox ' || current_schema(), 0))")
        .execute(conn)
        .await?;
    Ok(())
}
