//! What follows the talk in channels: the lowest watermarks, and when a group was last active.

use diesel::QueryableByName;
use diesel::result::QueryResult;
use diesel::sql_types::{Array, BigInt, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use protocol::ids::{ConversationId, GroupId};
use uuid::Uuid;

use super::Conn;
use super::sql::sql;

/// A channel's lowest watermarks, which rose.
#[derive(Clone, Debug, QueryableByName)]
pub struct Raised {
    #[diesel(sql_type = SqlUuid)]
    conversation_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    group_id: Uuid,
    /// Every counted member has received up to here.
    #[diesel(sql_type = BigInt)]
    pub delivered_seq: i64,
    /// Every counted member has read up to here.
    #[diesel(sql_type = BigInt)]
    pub read_seq: i64,
}

impl Raised {
    /// Where.
    #[must_use]
    pub fn channel(&self) -> ConversationId {
        self.conversation_id.into()
    }

    /// Whose channel it is.
    #[must_use]
    pub fn group(&self) -> GroupId {
        self.group_id.into()
    }
}

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

/// Computes the floors of these channels, and returns those that rose.
///
/// Everyone in a channel counts, for `read` those who hide it do not; where nobody counts, the floor
/// is the newest message. Takes locks after those of members (`migrations/…_floors`).
pub async fn raise(conn: &mut Conn, channels: &[Uuid]) -> QueryResult<Vec<Raised>> {
    // A floor that a crash takes back rises again with the next watermark.
    sql(
        "WITH relaxed AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true)) \
         SELECT f.conversation_id, f.group_id, f.delivered_seq, f.read_seq FROM relaxed, raise_floors({}) f",
    )
    .bind::<Array<SqlUuid>, _>(channels)
    .load(conn)
    .await
}

/// Of these channels, those whose floors rose less than `every_ms` ago, here or in another process.
pub async fn just_raised(
    conn: &mut Conn,
    channels: &[Uuid],
    every_ms: i64,
) -> QueryResult<Vec<Uuid>> {
    let rows: Vec<Id> = sql(
        "SELECT conversation_id AS id FROM receipt_floors WHERE conversation_id = ANY ({}) \
         AND raised_at > clock_timestamp() - {} * interval '1 millisecond'",
    )
    .bind::<Array<SqlUuid>, _>(channels)
    .bind::<BigInt, _>(every_ms)
    .load(conn)
    .await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// All channels of these groups, and all those that these users are in, by id.
pub async fn channels_of(
    conn: &mut Conn,
    groups: &[Uuid],
    users: &[Uuid],
) -> QueryResult<Vec<Uuid>> {
    let rows: Vec<Id> = sql("SELECT id FROM conversations WHERE group_id = ANY ({}) \
         UNION SELECT id FROM conversations WHERE group_id IS NOT NULL \
             AND id = ANY (ARRAY(SELECT conversation_id FROM members WHERE user_id = ANY ({}))) \
         ORDER BY 1")
    .bind::<Array<SqlUuid>, _>(groups)
    .bind::<Array<SqlUuid>, _>(users)
    .load(conn)
    .await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// Notes when something was last said in the groups of these channels, for those where that is more
/// than `step_ms` later than what is noted.
pub async fn note_activity(conn: &mut Conn, channels: &[Uuid], step_ms: i64) -> QueryResult<usize> {
    sql(
        "WITH said AS MATERIALIZED ( \
             SELECT group_id, max(active_at) AS at FROM conversations \
             WHERE id = ANY ({}) AND group_id IS NOT NULL GROUP BY 1 \
         ), behind AS MATERIALIZED ( \
             SELECT g.id, s.at FROM groups g JOIN said s ON s.group_id = g.id \
             WHERE g.active_at < s.at - {} * interval '1 millisecond' ORDER BY g.id FOR NO KEY UPDATE OF g \
         ) UPDATE groups g SET active_at = b.at FROM behind b WHERE g.id = b.id",
    )
    .bind::<Array<SqlUuid>, _>(channels)
    .bind::<BigInt, _>(step_ms)
    .execute(conn)
    .await
}
