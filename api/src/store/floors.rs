//! What follows the talk in channels: the lowest watermarks, and when a group was last active.

use std::time::Duration;

use diesel::QueryableByName;
use diesel::result::QueryResult;
use diesel::sql_types::{Array, BigInt, Bool, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use protocol::ids::{ConversationId, GroupId, UserId};
use uuid::Uuid;

use super::Conn;
use super::sql::sql;

/// A channel's lowest watermarks.
#[derive(Clone, Debug, QueryableByName)]
pub struct Floor {
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
    /// Whether they have just risen; else it is too early to look.
    #[diesel(sql_type = Bool)]
    pub rose: bool,
}

impl Floor {
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

/// A note that a channel's lowest watermarks were held back by somebody who counts no more.
#[derive(Clone, Copy, Debug, QueryableByName)]
pub struct Stale {
    /// Which note.
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    /// Where.
    #[diesel(sql_type = SqlUuid)]
    pub conversation_id: Uuid,
}

/// Computes the floors of these channels. Returns those that rose, and those that are left as they
/// are because they rose less than `pause` ago, here or in another process.
///
/// Everyone in a channel counts, for `read` those who hide it do not; where nobody counts, the floor
/// is the newest message. Takes locks after those of members (`migrations/…_stale_floors`).
pub async fn raise(conn: &mut Conn, channels: &[Uuid], pause: Duration) -> QueryResult<Vec<Floor>> {
    let pause_ms = i64::try_from(pause.as_millis()).unwrap_or(i64::MAX);
    // A floor that a crash takes back rises again with the next watermark.
    sql(
        "WITH relaxed AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true)) \
         SELECT f.conversation_id, f.group_id, f.delivered_seq, f.read_seq, f.rose \
         FROM relaxed, raise_floors_2({}, {} * interval '1 millisecond') f",
    )
    .bind::<Array<SqlUuid>, _>(channels)
    .bind::<BigInt, _>(pause_ms)
    .load(conn)
    .await
}

/// Notes all channels of a user who begins or ceases to hide what they read.
pub async fn note_hider(conn: &mut Conn, user: UserId) -> QueryResult<()> {
    sql(
        "INSERT INTO stale_floors (conversation_id) SELECT c.id FROM members m \
         JOIN conversations c ON c.id = m.conversation_id AND c.group_id IS NOT NULL WHERE m.user_id = {}",
    )
    .bind::<SqlUuid, _>(user.0)
    .execute(conn)
    .await?;
    Ok(())
}

/// The oldest notes.
pub async fn stale(conn: &mut Conn, limit: i64) -> QueryResult<Vec<Stale>> {
    sql("SELECT id, conversation_id FROM stale_floors ORDER BY id LIMIT {}")
        .bind::<BigInt, _>(limit)
        .load(conn)
        .await
}

/// Forgets notes whose floors have been computed: whatever a crash takes back of that, it takes this
/// back first.
pub async fn forget(conn: &mut Conn, notes: &[i64]) -> QueryResult<()> {
    sql(
        "WITH relaxed AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true)) \
         DELETE FROM stale_floors USING relaxed WHERE id = ANY ({})",
    )
    .bind::<Array<BigInt>, _>(notes)
    .execute(conn)
    .await?;
    Ok(())
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
