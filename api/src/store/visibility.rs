//! Who may see whose presence.

use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::result::QueryResult;
use diesel::sql_types::{Array, Nullable, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use protocol::ids::UserId;
use protocol::time::Timestamp;
use uuid::Uuid;

use super::Conn;
use super::sql::sql;

/// A pair of which the first may see the second.
#[derive(Clone, Debug, QueryableByName)]
pub struct Visible {
    #[diesel(sql_type = SqlUuid)]
    watcher_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    watched_id: Uuid,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    last_seen_at: Option<DateTime<Utc>>,
}

impl Visible {
    /// Who sees.
    #[must_use]
    pub fn watcher(&self) -> UserId {
        self.watcher_id.into()
    }

    /// Who is seen.
    #[must_use]
    pub fn watched(&self) -> UserId {
        self.watched_id.into()
    }

    /// When their last socket left.
    #[must_use]
    pub fn last_seen_at(&self) -> Option<Timestamp> {
        self.last_seen_at.map(Into::into)
    }
}

/// Of these pairs, those of which the first may see the second: the second is the first's contact,
/// friend, direct chat partner or fellow in a group (or the same), does not hide, and does not block
/// the first.
///
/// Each condition is a look into an index, but the last, which goes through the groups of the
/// watched: it is asked when no other holds. `OFFSET 0` keeps each of them that: without it the
/// planner may rather read a whole table into a hash, which is cheap only while the table is small.
/// The watchers' own groups are read once, and looked up in a hash: `IS TRUE` keeps the planner from
/// going through them for each group of each of the watched.
pub async fn of(conn: &mut Conn, pairs: &[(UserId, UserId)]) -> QueryResult<Vec<Visible>> {
    sql("WITH pairs AS MATERIALIZED ( \
             SELECT * FROM unnest({}, {}) AS w (watcher_id, watched_id) \
         ), mine AS MATERIALIZED ( \
             SELECT w.watcher_id, g.group_id FROM (SELECT DISTINCT watcher_id FROM pairs) w, \
             LATERAL (SELECT m.group_id FROM group_members m WHERE m.user_id = w.watcher_id OFFSET 0) g \
         ) SELECT w.watcher_id, w.watched_id, u.last_seen_at \
         FROM pairs w JOIN users u ON u.id = w.watched_id \
         WHERE NOT u.hide_presence AND u.deleted_at IS NULL \
           AND NOT EXISTS (SELECT FROM blocks b \
                WHERE b.blocker_id = w.watched_id AND b.blocked_id = w.watcher_id OFFSET 0) \
           AND (w.watcher_id = w.watched_id \
                OR EXISTS (SELECT FROM contacts c \
                    WHERE c.owner_id = w.watcher_id AND c.user_id = w.watched_id OFFSET 0) \
                OR EXISTS (SELECT FROM friendships f \
                    WHERE f.low_id = least(w.watcher_id, w.watched_id) \
                      AND f.high_id = greatest(w.watcher_id, w.watched_id) OFFSET 0) \
                OR EXISTS (SELECT FROM conversations c \
                    WHERE c.direct_low = least(w.watcher_id, w.watched_id) \
                      AND c.direct_high = greatest(w.watcher_id, w.watched_id) OFFSET 0) \
                OR EXISTS (SELECT FROM group_members g WHERE g.user_id = w.watched_id \
                    AND ((w.watcher_id, g.group_id) IN (SELECT watcher_id, group_id FROM mine)) \
                        IS TRUE OFFSET 0))")
    .bind::<Array<SqlUuid>, _>(
        pairs
            .iter()
            .map(|(watcher, _)| watcher.0)
            .collect::<Vec<_>>(),
    )
    .bind::<Array<SqlUuid>, _>(
        pairs
            .iter()
            .map(|(_, watched)| watched.0)
            .collect::<Vec<_>>(),
    )
    .load(conn)
    .await
}

/// Whether each of these users hides their presence.
pub async fn hiders(conn: &mut Conn, ids: &[Uuid]) -> QueryResult<Vec<Uuid>> {
    #[derive(QueryableByName)]
    struct Id {
        #[diesel(sql_type = SqlUuid)]
        id: Uuid,
    }
    let rows: Vec<Id> = sql("SELECT id FROM users WHERE id = ANY ({}) AND hide_presence")
        .bind::<Array<SqlUuid>, _>(ids)
        .load(conn)
        .await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// Records when users were last seen; an older moment changes nothing.
pub async fn last_seen(conn: &mut Conn, ids: &[Uuid], at: &[DateTime<Utc>]) -> QueryResult<usize> {
    sql("WITH seen AS MATERIALIZED ( \
             SELECT id, max(at) AS at FROM unnest({}, {}) AS s (id, at) GROUP BY id \
         ), locked AS MATERIALIZED ( \
             SELECT u.id FROM users u WHERE u.id IN (SELECT id FROM seen) ORDER BY u.id FOR NO KEY UPDATE \
         ) UPDATE users u SET last_seen_at = s.at FROM seen s JOIN locked l USING (id) \
         WHERE u.id = s.id AND (u.last_seen_at IS NULL OR u.last_seen_at < s.at)")
    .bind::<Array<SqlUuid>, _>(ids)
    .bind::<Array<Timestamptz>, _>(at)
    .execute(conn)
    .await
}
