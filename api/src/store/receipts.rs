//! Watermarks.

use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::result::QueryResult;
use diesel::sql_types::{Array, BigInt, Integer, Nullable, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use protocol::command::ReceiptCommand;
use protocol::ids::{ConversationId, UserId};
use protocol::limits;
use protocol::routing::Route;
use uuid::Uuid;

use super::Conn;
use super::sql::sql;
use super::views::members_sql;

/// A watermark to move: one for each conversation and user.
pub type Mark = ((ConversationId, UserId), ReceiptCommand);

/// A watermark that moved, and whom it concerns.
#[derive(Clone, Debug, QueryableByName)]
pub struct Moved {
    /// Where.
    #[diesel(sql_type = SqlUuid)]
    pub conversation_id: Uuid,
    /// Whose.
    #[diesel(sql_type = SqlUuid)]
    pub user_id: Uuid,
    /// Received up to here.
    #[diesel(sql_type = BigInt)]
    pub delivered_seq: i64,
    /// Read up to here, as others may see it.
    #[diesel(sql_type = BigInt)]
    pub public_read_seq: i64,
    /// Whom it concerns.
    #[diesel(embed)]
    pub audience: Audience,
}

impl Moved {
    /// Where, and whose.
    #[must_use]
    pub fn member(&self) -> (ConversationId, UserId) {
        (self.conversation_id.into(), self.user_id.into())
    }
}

/// Who hears what one member does in a conversation.
#[derive(Clone, Debug, QueryableByName)]
pub struct Audience {
    #[diesel(sql_type = Nullable<SqlUuid>)]
    direct_low: Option<Uuid>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    direct_high: Option<Uuid>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    group_id: Option<Uuid>,
    #[diesel(sql_type = Nullable<Integer>)]
    member_count: Option<i32>,
}

impl Audience {
    /// Both sides of a direct chat, or a group of up to 50; in a larger one, nobody.
    #[must_use]
    pub fn routes(&self) -> Vec<Route> {
        match (self.direct_low, self.direct_high, self.group_id) {
            (Some(low), Some(high), _) => [low, high].map(|id| Route::User(id.into())).into(),
            (_, _, Some(group)) if self.is_small_group() => vec![Route::Group(group.into())],
            _ => Vec::new(),
        }
    }

    /// Whether it is a channel, which keeps its lowest watermarks.
    #[must_use]
    pub fn is_channel(&self) -> bool {
        self.group_id.is_some()
    }

    /// Whether it is a channel of a group of up to 50.
    #[must_use]
    pub fn is_small_group(&self) -> bool {
        let members = self
            .member_count
            .and_then(|count| usize::try_from(count).ok());
        members.is_some_and(|members| members <= limits::SMALL_GROUP)
    }
}

/// Moves watermarks up, never down and never beyond the newest message; whoever is not a member is
/// passed over. Returns those that moved.
///
/// Members are locked in order before they are written, like the committer locks them: an update
/// from a list would lock in the plan's order. What to write is settled before they are joined with
/// it, so that each is found by both columns of its key (`views::members_sql`).
pub async fn advance(conn: &mut Conn, marks: &[Mark]) -> QueryResult<Vec<Moved>> {
    sql("WITH mark AS MATERIALIZED ( \
             SELECT * FROM unnest({}, {}, {}, {}) AS k (conversation_id, user_id, delivered_seq, read_seq) \
         ), locked AS MATERIALIZED ( \
             SELECT m.conversation_id, m.user_id FROM members m \
             WHERE (m.conversation_id, m.user_id) IN (SELECT conversation_id, user_id FROM mark) \
             ORDER BY 1, 2 FOR NO KEY UPDATE \
         ), target AS MATERIALIZED ( \
             SELECT k.conversation_id, k.user_id, u.hide_read_receipts, \
                 c.direct_low, c.direct_high, c.group_id, g.member_count, \
                 least(c.last_seq, greatest(k.delivered_seq, k.read_seq)) AS delivered, \
                 least(c.last_seq, k.read_seq) AS read \
             FROM mark k JOIN locked l USING (conversation_id, user_id) \
             JOIN conversations c ON c.id = k.conversation_id JOIN users u ON u.id = k.user_id \
             LEFT JOIN groups g ON g.id = c.group_id \
         ) UPDATE members m SET receipts_at = clock_timestamp(), \
             delivered_seq = greatest(m.delivered_seq, t.delivered), \
             read_seq = greatest(m.read_seq, t.read), \
             public_read_seq = CASE WHEN t.hide_read_receipts THEN m.public_read_seq \
                                    ELSE greatest(m.public_read_seq, m.read_seq, t.read) END \
         FROM target t WHERE m.conversation_id = t.conversation_id AND m.user_id = t.user_id \
             AND (t.delivered > m.delivered_seq OR t.read > m.read_seq) \
         RETURNING m.conversation_id, m.user_id, m.delivered_seq, m.public_read_seq, \
             t.direct_low, t.direct_high, t.group_id, t.member_count")
    .bind::<Array<SqlUuid>, _>(marks.iter().map(|((id, _), _)| id.0).collect::<Vec<_>>())
    .bind::<Array<SqlUuid>, _>(marks.iter().map(|((_, user), _)| user.0).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(marks.iter().map(|(_, mark)| mark.delivered_seq).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(marks.iter().map(|(_, mark)| mark.read_seq).collect::<Vec<_>>())
    .load(conn)
    .await
}

/// One member's watermarks, as others may see them.
#[derive(Clone, Debug, QueryableByName)]
pub struct Watermarks {
    /// Whose.
    #[diesel(sql_type = SqlUuid)]
    pub user_id: Uuid,
    /// Received up to here.
    #[diesel(sql_type = BigInt)]
    pub delivered_seq: i64,
    /// Read up to here.
    #[diesel(sql_type = BigInt)]
    pub read_seq: i64,
    /// When one of them last moved.
    #[diesel(sql_type = Timestamptz)]
    pub receipts_at: DateTime<Utc>,
}

/// A conversation's members after `after`; the caller sees their own mark as it is.
pub async fn list(
    conn: &mut Conn,
    id: ConversationId,
    caller: UserId,
    after: Uuid,
    limit: i64,
) -> QueryResult<Vec<Watermarks>> {
    sql("SELECT user_id, delivered_seq, receipts_at, \
             CASE WHEN user_id = {} THEN read_seq ELSE public_read_seq END AS read_seq \
         FROM members WHERE conversation_id = {} AND user_id > {} ORDER BY user_id LIMIT {}")
    .bind::<SqlUuid, _>(caller.0)
    .bind::<SqlUuid, _>(id.0)
    .bind::<SqlUuid, _>(after)
    .bind::<BigInt, _>(limit)
    .load(conn)
    .await
}

/// A member who writes, and who may know.
#[derive(Clone, Debug, QueryableByName)]
pub struct Typist {
    #[diesel(sql_type = SqlUuid)]
    conversation_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    user_id: Uuid,
    /// Who may know.
    #[diesel(embed)]
    pub audience: Audience,
}

impl Typist {
    /// Where, and who.
    #[must_use]
    pub fn member(&self) -> (ConversationId, UserId) {
        (self.conversation_id.into(), self.user_id.into())
    }
}

/// Of these, those who are members, and nobody blocks in a direct chat.
pub async fn typists(
    conn: &mut Conn,
    members: &[(ConversationId, UserId)],
) -> QueryResult<Vec<Typist>> {
    sql(concat!(
        "SELECT m.conversation_id, m.user_id, c.direct_low, c.direct_high, c.group_id, g.member_count FROM ",
        members_sql!(),
        " JOIN conversations c ON c.id = m.conversation_id LEFT JOIN groups g ON g.id = c.group_id \
         WHERE NOT EXISTS (SELECT FROM blocks b WHERE (b.blocker_id, b.blocked_id) IN \
             ((c.direct_low, c.direct_high), (c.direct_high, c.direct_low)))"
    ))
    .bind::<Array<SqlUuid>, _>(members.iter().map(|(id, _)| id.0).collect::<Vec<_>>())
    .bind::<Array<SqlUuid>, _>(members.iter().map(|(_, user)| user.0).collect::<Vec<_>>())
    .load(conn)
    .await
}
