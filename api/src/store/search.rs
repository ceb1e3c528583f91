//! Looking for words in messages.

use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::result::QueryResult;
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use protocol::ids::{ConversationId, UserId};
use uuid::Uuid;

use super::Conn;
use super::sql::sql;
use crate::domain::search::Search;

/// What was typed, as Postgres writes a query; `None` without a word in it.
pub async fn parse(conn: &mut Conn, typed: &str) -> QueryResult<Option<String>> {
    #[derive(QueryableByName)]
    struct Query {
        #[diesel(sql_type = Text)]
        query: String,
    }
    let row: Query = sql("SELECT search_query({})::text AS query")
        .bind::<Text, _>(typed)
        .get_result(conn)
        .await?;
    Ok(Some(row.query).filter(|query| !query.is_empty()))
}

/// A conversation that the reader may read from `cleared_seq` on.
#[derive(Clone, Debug, QueryableByName)]
pub struct Scope {
    /// Which.
    #[diesel(sql_type = SqlUuid)]
    pub conversation_id: Uuid,
    /// Everything up to here is gone for the reader.
    #[diesel(sql_type = BigInt)]
    pub cleared_seq: i64,
    /// When its newest message was committed.
    #[diesel(sql_type = Timestamptz)]
    pub active_at: DateTime<Utc>,
}

/// Where a reader may look: everywhere they are a member, or in one conversation of those.
pub async fn scopes(
    conn: &mut Conn,
    reader: UserId,
    only: Option<ConversationId>,
) -> QueryResult<Vec<Scope>> {
    sql(
        "SELECT m.conversation_id, m.cleared_seq, c.active_at FROM members m \
         JOIN conversations c ON c.id = m.conversation_id \
         WHERE m.user_id = {} AND m.conversation_id = coalesce({}, m.conversation_id) AND c.last_seq > m.cleared_seq",
    )
    .bind::<SqlUuid, _>(reader.0)
    .bind::<Nullable<SqlUuid>, _>(only.map(|id| id.0))
    .load(conn)
    .await
}

/// What a message must be to be found.
#[derive(Clone, Copy, Debug)]
pub struct Lookup<'a> {
    /// By whom.
    pub reader: UserId,
    /// The words, as [`parse`] writes them.
    pub query: &'a str,
    /// The filters.
    pub search: &'a Search,
}

/// A condition on a message `x`. What one has deleted for oneself is asked last: few messages get
/// so far.
macro_rules! fits {
    () => {
        "x.words @@ {}::tsquery AND x.sender_id = coalesce({}, x.sender_id) \
         AND x.created_at < coalesce({}, 'infinity') AND x.created_at > coalesce({}, '-infinity') \
         AND (x.attachments IS NOT NULL OR NOT {}) \
         AND NOT EXISTS (SELECT FROM message_hides h WHERE h.conversation_id = x.conversation_id \
             AND h.user_id = {} AND h.seq = x.seq)"
    };
}

/// Binds what [`fits`] asks for.
macro_rules! bind_fits {
    ($sql:expr, $lookup:expr) => {
        $sql.bind::<Text, _>($lookup.query)
            .bind::<Nullable<SqlUuid>, _>($lookup.search.sender_id.map(|id| id.0))
            .bind::<Nullable<Timestamptz>, _>($lookup.search.before)
            .bind::<Nullable<Timestamptz>, _>($lookup.search.after)
            .bind::<Bool, _>($lookup.search.has_file)
            .bind::<SqlUuid, _>($lookup.reader.0)
    };
}

/// A message that fits; the newest is the greatest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, QueryableByName)]
pub struct Hit {
    /// Its id.
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    /// Where.
    #[diesel(sql_type = SqlUuid)]
    pub conversation_id: Uuid,
    /// Its place there.
    #[diesel(sql_type = BigInt)]
    pub seq: i64,
}

/// A part of one conversation to be read, from its newest end.
#[derive(Clone, Debug)]
pub struct Step {
    /// Which conversation.
    pub conversation_id: Uuid,
    /// Everything up to here is gone for the reader.
    pub cleared_seq: i64,
    /// Only lower ids.
    pub below: Uuid,
    /// How many messages at most.
    pub messages: i64,
}

/// What a step has shown.
#[derive(Clone, Debug)]
pub struct Strip {
    /// Which step.
    pub index: usize,
    /// How many messages were read.
    pub read: i64,
    /// The lowest id of those.
    pub reached: Uuid,
    /// Those that fit.
    pub hits: Vec<Hit>,
}

#[derive(QueryableByName)]
struct StripRow {
    #[diesel(sql_type = BigInt)]
    ordinal: i64,
    #[diesel(sql_type = BigInt)]
    read: i64,
    #[diesel(sql_type = SqlUuid)]
    reached: Uuid,
    #[diesel(sql_type = Array<SqlUuid>)]
    ids: Vec<Uuid>,
    #[diesel(sql_type = Array<BigInt>)]
    seqs: Vec<i64>,
}

/// Reads parts of conversations; one without a message is left out.
pub async fn walk(conn: &mut Conn, lookup: &Lookup<'_>, steps: &[Step]) -> QueryResult<Vec<Strip>> {
    let statement = sql(concat!(
        "SELECT s.ordinal, count(*) AS read, (array_agg(x.id ORDER BY x.id))[1] AS reached, \
             coalesce(array_agg(x.id) FILTER (WHERE x.hit), ARRAY[]::uuid[]) AS ids, \
             coalesce(array_agg(x.seq) FILTER (WHERE x.hit), ARRAY[]::bigint[]) AS seqs \
         FROM unnest({}, {}, {}, {}) WITH ORDINALITY AS s (id, cleared_seq, below, messages, ordinal) \
         CROSS JOIN LATERAL ( \
             SELECT x.id, x.seq, coalesce(",
        fits!(),
        ", false) AS hit FROM messages x \
             WHERE x.conversation_id = s.id AND x.id < s.below AND x.seq > s.cleared_seq \
             ORDER BY x.id DESC LIMIT s.messages) x \
         GROUP BY s.ordinal",
    ))
    .bind::<Array<SqlUuid>, _>(column(steps, |step| step.conversation_id))
    .bind::<Array<BigInt>, _>(column(steps, |step| step.cleared_seq))
    .bind::<Array<SqlUuid>, _>(column(steps, |step| step.below))
    .bind::<Array<BigInt>, _>(column(steps, |step| step.messages));
    let rows: Vec<StripRow> = bind_fits!(statement, lookup).load(conn).await?;
    let strips = rows.into_iter().filter_map(|row| {
        let index = usize::try_from(row.ordinal - 1).ok()?;
        let conversation_id = steps.get(index)?.conversation_id;
        let hit = |(id, seq)| Hit {
            id,
            conversation_id,
            seq,
        };
        Some(Strip {
            index,
            read: row.read,
            reached: row.reached,
            hits: row.ids.into_iter().zip(row.seqs).map(hit).collect(),
        })
    });
    Ok(strips.collect())
}

/// Finds among all that one sender has written: every hit with a lower id, in any order; `None` if
/// there is more than `most` to read.
pub async fn of_sender(
    conn: &mut Conn,
    lookup: &Lookup<'_>,
    sender: UserId,
    scopes: &[Scope],
    below: Uuid,
    most: i64,
) -> QueryResult<Option<Vec<Hit>>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = SqlUuid)]
        id: Uuid,
        #[diesel(sql_type = SqlUuid)]
        conversation_id: Uuid,
        #[diesel(sql_type = BigInt)]
        seq: i64,
        #[diesel(sql_type = Bool)]
        hit: bool,
    }
    let statement = sql(concat!(
        "SELECT x.id, x.conversation_id, x.seq, coalesce(",
        fits!(),
        ", false) AS hit \
         FROM unnest({}, {}) AS s (id, cleared_seq) JOIN messages x \
             ON x.conversation_id = s.id AND x.seq > s.cleared_seq \
         WHERE x.sender_id = {} AND x.id < {} LIMIT {}",
    ));
    let rows: Vec<Row> = bind_fits!(statement, lookup)
        .bind::<Array<SqlUuid>, _>(column(scopes, |scope| scope.conversation_id))
        .bind::<Array<BigInt>, _>(column(scopes, |scope| scope.cleared_seq))
        .bind::<SqlUuid, _>(sender.0)
        .bind::<SqlUuid, _>(below)
        .bind::<BigInt, _>(most + 1)
        .load(conn)
        .await?;
    if rows.len() as i64 > most {
        return Ok(None);
    }
    let hits = rows.into_iter().filter(|row| row.hit).map(|row| Hit {
        id: row.id,
        conversation_id: row.conversation_id,
        seq: row.seq,
    });
    Ok(Some(hits.collect()))
}

/// Finds by the index of words: the newest hits with lower ids, for words that are rare.
pub async fn look_up(
    conn: &mut Conn,
    lookup: &Lookup<'_>,
    scopes: &[Scope],
    below: Uuid,
    limit: usize,
) -> QueryResult<Vec<Hit>> {
    // IS TRUE keeps both bounds from being looked up: most conversations are short, and for those the
    // planner would read all messages between the bounds, of the long ones too.
    let statement = sql(concat!(
        "SELECT x.id, x.conversation_id, x.seq \
         FROM unnest({}, {}) AS s (id, cleared_seq) JOIN messages x \
             ON x.conversation_id = s.id AND (x.seq > s.cleared_seq) IS TRUE \
         WHERE ",
        fits!(),
        " AND (x.id < {}) IS TRUE ORDER BY x.id DESC LIMIT {}",
    ))
    .bind::<Array<SqlUuid>, _>(column(scopes, |scope| scope.conversation_id))
    .bind::<Array<BigInt>, _>(column(scopes, |scope| scope.cleared_seq));
    bind_fits!(statement, lookup)
        .bind::<SqlUuid, _>(below)
        .bind::<BigInt, _>(i64::try_from(limit).unwrap_or(i64::MAX))
        .load(conn)
        .await
}

/// Where the words stand in a message.
#[derive(Clone, Debug, QueryableByName)]
pub struct Excerpt {
    /// Which message.
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    /// HTML in which everything but `<mark>` is escaped.
    #[diesel(sql_type = Text)]
    pub excerpt: String,
}

/// The excerpts of hits, in any order.
pub async fn excerpts(conn: &mut Conn, query: &str, hits: &[Hit]) -> QueryResult<Vec<Excerpt>> {
    sql(
        "SELECT x.id, search_excerpt(x.body, {}::tsquery) AS excerpt \
         FROM unnest({}, {}) AS hit (conversation_id, seq) \
         JOIN messages x ON x.conversation_id = hit.conversation_id AND x.seq = hit.seq",
    )
    .bind::<Text, _>(query)
    .bind::<Array<SqlUuid>, _>(column(hits, |hit| hit.conversation_id))
    .bind::<Array<BigInt>, _>(column(hits, |hit| hit.seq))
    .load(conn)
    .await
}

/// A message's place among all.
#[derive(Clone, Copy, Debug, Default, QueryableByName)]
pub struct Place {
    #[diesel(sql_type = SqlUuid)]
    conversation_id: Uuid,
    #[diesel(sql_type = BigInt)]
    seq: i64,
}

/// Reads the next messages behind `after` again, in the connection's language; their places, in
/// order.
pub async fn reindex(conn: &mut Conn, after: Place, limit: i64) -> QueryResult<Vec<Place>> {
    sql("WITH batch AS MATERIALIZED ( \
             SELECT conversation_id, seq FROM messages \
             WHERE (conversation_id, seq) > ({}, {}) AND words IS NOT NULL \
             ORDER BY conversation_id, seq LIMIT {} FOR NO KEY UPDATE \
         ), again AS ( \
             UPDATE messages x SET body = x.body FROM batch b \
             WHERE x.conversation_id = b.conversation_id AND x.seq = b.seq \
         ) SELECT conversation_id, seq FROM batch ORDER BY 1, 2")
    .bind::<SqlUuid, _>(after.conversation_id)
    .bind::<BigInt, _>(after.seq)
    .bind::<BigInt, _>(limit)
    .load(conn)
    .await
}

fn column<'a, T, V>(items: &'a [T], value: impl Fn(&'a T) -> V) -> Vec<V> {
    items.iter().map(value).collect()
}
