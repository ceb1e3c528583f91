//! Conversations as one of their members sees them.

use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::result::QueryResult;
use diesel::sql_types::{
    Array, BigInt, Bool, Integer, Nullable, SmallInt, Text, Timestamptz, Uuid as SqlUuid,
};
use diesel_async::RunQueryDsl;
use protocol::conversation::{Conversation, ConversationKind, Receipts, SharedConversation, View};
use protocol::ids::{ConversationId, UserId};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use uuid::Uuid;

use super::Conn;
use super::accounts::UserRow;
use super::messages::{self, MessageRow};
use super::sql::sql;
use crate::domain::tag;

/// A conversation and the caller's membership, in one row.
#[derive(Clone, Debug, QueryableByName)]
pub struct ViewRow {
    /// Which.
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    /// Whose view it is.
    #[diesel(sql_type = SqlUuid)]
    pub user_id: Uuid,
    #[diesel(sql_type = SmallInt)]
    kind: i16,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    group_id: Option<Uuid>,
    #[diesel(sql_type = Nullable<Text>)]
    name: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    topic: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    category: Option<String>,
    #[diesel(sql_type = Nullable<Integer>)]
    position: Option<i32>,
    /// The newest message's place.
    #[diesel(sql_type = BigInt)]
    pub last_seq: i64,
    /// The revision.
    #[diesel(sql_type = BigInt)]
    pub rev: i64,
    /// The revision at which its own fields last changed.
    #[diesel(sql_type = BigInt)]
    pub fields_rev: i64,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    active_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    peer_id: Option<Uuid>,
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = BigInt)]
    delivered_seq: i64,
    /// The caller has read up to here.
    #[diesel(sql_type = BigInt)]
    pub read_seq: i64,
    #[diesel(sql_type = BigInt)]
    floor_delivered: i64,
    #[diesel(sql_type = BigInt)]
    floor_read: i64,
    #[diesel(sql_type = BigInt)]
    unread: i64,
    #[diesel(sql_type = BigInt)]
    mentions: i64,
    #[diesel(sql_type = Bool)]
    archived: bool,
    #[diesel(sql_type = Bool)]
    pinned: bool,
    #[diesel(sql_type = Nullable<Integer>)]
    pin_position: Option<i32>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    muted_until: Option<DateTime<Utc>>,
    /// Everything up to here is gone for the caller.
    #[diesel(sql_type = BigInt)]
    pub cleared_seq: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    unread_from_seq: Option<i64>,
    #[diesel(sql_type = Bool)]
    listed: bool,
}

/// Members by their conversations and users: each once, and no other of the conversation is looked
/// at. Where such a list is joined as it is, a planner that takes conversations for small may find
/// members by the conversation alone, and walk through all ten thousand of a group for each.
macro_rules! members_sql {
    () => {
        "(SELECT DISTINCT * FROM unnest({}, {}) AS k (conversation_id, user_id)) k CROSS JOIN LATERAL ( \
             SELECT * FROM members m \
             WHERE m.conversation_id = k.conversation_id AND m.user_id = k.user_id OFFSET 0) m"
    };
}
pub(super) use members_sql;

/// A view's query with its own choice of rows: a condition on `m` (the caller's membership) and `c`,
/// and maybe an order and a limit; or its own memberships. Which rows is settled first; what costs
/// several looks for each is computed then.
///
/// Unread messages are not counted but computed: sending moves the sender's own watermark, so that
/// everything above it is somebody else's; what does not count (system messages and tombstones, and
/// what the member deleted for themselves) is subtracted by indexes of its own. Only a chat that was
/// marked unread is counted, up to 1000. Mentions are counted by their own rows, up to 100 of each
/// kind: a name, and everyone without the name. Where nothing is unread, nothing is looked for.
///
/// Floors are over both sides of a direct chat, unless the other side's account has ended; those of
/// a channel are kept (`store/floors.rs`), because they are over thousands.
macro_rules! view_sql {
    ($choice:expr) => {
        view_sql!("members m", $choice)
    };
    ($members:expr, $choice:expr) => {
        concat!(
            "SELECT v.*, p.user_id AS peer_id, \
                 CASE v.kind WHEN 1 THEN least(v.delivered_seq, p.delivered_seq) \
                             ELSE coalesce(f.delivered_seq, 0) END AS floor_delivered, \
                 CASE v.kind WHEN 1 THEN least(v.public_read_seq, p.public_read_seq) \
                             ELSE coalesce(f.read_seq, 0) END AS floor_read, \
                 CASE WHEN v.last_seq < v.first_seq THEN 0 \
                 WHEN v.unread_from_seq IS NULL THEN \
                     least(1000, greatest(0, v.last_seq - v.first_seq + 1 - ( \
                         SELECT count(*) FROM messages x WHERE x.conversation_id = v.id AND x.seq >= v.first_seq \
                             AND (x.kind = 2 OR x.deleted_at IS NOT NULL)) - ( \
                         SELECT count(*) FROM message_hides h \
                         JOIN messages x ON x.conversation_id = h.conversation_id AND x.seq = h.seq \
                         WHERE h.conversation_id = v.id AND h.user_id = v.user_id AND h.seq >= v.first_seq \
                             AND x.kind = 1 AND x.deleted_at IS NULL))) \
                 ELSE ( \
                     SELECT count(*) FROM (SELECT 1 FROM messages x WHERE x.conversation_id = v.id \
                         AND x.seq >= v.first_seq AND x.sender_id <> v.user_id \
                         AND x.kind = 1 AND x.deleted_at IS NULL \
                         AND NOT EXISTS (SELECT FROM message_hides h WHERE h.conversation_id = v.id \
                             AND h.user_id = v.user_id AND h.seq = x.seq OFFSET 0) LIMIT 1000) counted) \
                 END AS unread, \
                 CASE WHEN v.last_seq < v.first_seq THEN 0 ELSE least(100, ( \
                     SELECT count(*) FROM ( \
                         (SELECT FROM mentions n \
                          WHERE n.conversation_id = v.id AND n.user_id = v.user_id AND n.seq >= v.first_seq \
                              AND NOT EXISTS (SELECT FROM message_hides h WHERE h.conversation_id = v.id \
                                  AND h.user_id = v.user_id AND h.seq = n.seq OFFSET 0) LIMIT 100) \
                         UNION ALL \
                         (SELECT FROM messages x \
                          WHERE x.conversation_id = v.id AND x.mentions_all AND x.seq >= v.first_seq \
                              AND x.sender_id <> v.user_id \
                              AND NOT EXISTS (SELECT FROM mentions n WHERE n.conversation_id = v.id \
                                  AND n.user_id = v.user_id AND n.seq = x.seq OFFSET 0) \
                              AND NOT EXISTS (SELECT FROM message_hides h WHERE h.conversation_id = v.id \
                                  AND h.user_id = v.user_id AND h.seq = x.seq OFFSET 0) LIMIT 100)) named)) \
                 END AS mentions \
             FROM ( \
                 SELECT c.id, c.kind, c.group_id, c.name, c.topic, c.category, c.position, c.last_seq, c.rev, \
                     c.fields_rev, c.created_at, c.active_at, c.direct_low, c.direct_high, \
                     m.user_id, m.version, m.delivered_seq, m.read_seq, m.public_read_seq, m.archived, m.pinned, \
                     m.pin_position, m.muted_until, m.cleared_seq, m.unread_from_seq, \
                     (m.deleted_seq IS NULL OR c.last_seq > m.deleted_seq) AS listed, \
                     CASE WHEN m.unread_from_seq IS NULL THEN greatest(m.read_seq, m.cleared_seq) + 1 \
                          ELSE greatest(m.unread_from_seq, m.cleared_seq + 1) END AS first_seq \
                 FROM ",
            $members,
            " JOIN conversations c ON c.id = m.conversation_id WHERE ",
            $choice,
            ") v \
             LEFT JOIN receipt_floors f ON f.conversation_id = v.id AND v.kind = 2 \
             LEFT JOIN LATERAL ( \
                 SELECT o.user_id, \
                     CASE WHEN u.deleted_at IS NULL THEN o.delivered_seq END AS delivered_seq, \
                     CASE WHEN u.deleted_at IS NULL THEN o.public_read_seq END AS public_read_seq \
                 FROM members o JOIN users u ON u.id = o.user_id \
                 WHERE v.kind = 1 AND o.conversation_id = v.id AND o.user_id = \
                     CASE v.user_id WHEN v.direct_low THEN v.direct_high ELSE v.direct_low END \
                 OFFSET 0 \
             ) p ON true"
        )
    };
}

// Behind the macro that it uses.
mod list;
pub use list::{ListPosition, list};

/// One conversation of a member.
pub async fn one(
    conn: &mut Conn,
    user: UserId,
    id: ConversationId,
) -> QueryResult<Option<ViewRow>> {
    let rows: Vec<ViewRow> = sql(view_sql!("m.user_id = {} AND m.conversation_id = {}"))
        .bind::<SqlUuid, _>(user.0)
        .bind::<SqlUuid, _>(id.0)
        .load(conn)
        .await?;
    Ok(rows.into_iter().next())
}

/// The views of several members of several conversations.
pub async fn of_members(
    conn: &mut Conn,
    members: &[(ConversationId, UserId)],
) -> QueryResult<Vec<ViewRow>> {
    sql(view_sql!(members_sql!(), "true"))
        .bind::<Array<SqlUuid>, _>(members.iter().map(|(id, _)| id.0).collect::<Vec<_>>())
        .bind::<Array<SqlUuid>, _>(members.iter().map(|(_, user)| user.0).collect::<Vec<_>>())
        .load(conn)
        .await
}

/// A member's conversations in the order of their ids, after `after`.
pub async fn by_id(
    conn: &mut Conn,
    user: UserId,
    after: Uuid,
    limit: i64,
) -> QueryResult<Vec<ViewRow>> {
    sql(concat!(
        view_sql!("m.user_id = {} AND m.conversation_id > {} ORDER BY m.conversation_id LIMIT {}"),
        " ORDER BY v.id"
    ))
    .bind::<SqlUuid, _>(user.0)
    .bind::<SqlUuid, _>(after)
    .bind::<BigInt, _>(limit)
    .load(conn)
    .await
}

impl ViewRow {
    /// The lowest watermarks over all counted members.
    #[must_use]
    pub fn receipts(&self) -> Receipts {
        Receipts {
            delivered_seq: self.floor_delivered,
            read_seq: self.floor_read,
        }
    }

    /// The caller's own view.
    #[must_use]
    pub fn me(&self) -> View {
        View {
            version: self.version,
            delivered_seq: self.delivered_seq,
            read_seq: self.read_seq,
            unread: self.unread,
            mentions: self.mentions,
            archived: self.archived,
            pinned: self.pinned,
            pin_position: self.pin_position,
            muted_until: self.muted_until.map(Into::into),
            cleared_seq: self.cleared_seq,
            unread_from_seq: self.unread_from_seq,
            listed: self.listed,
        }
    }

    /// A short tag over `me` and `receipts`.
    #[must_use]
    pub fn tag(&self) -> String {
        let text = serde_json::to_vec(&(self.me(), self.receipts())).unwrap_or_default();
        tag(&Sha256::digest(text))
    }

    /// What everyone sees.
    #[must_use]
    pub fn shared(&self) -> SharedConversation {
        SharedConversation {
            id: self.id.into(),
            kind: if self.kind == 1 {
                ConversationKind::Direct
            } else {
                ConversationKind::Channel
            },
            group_id: self.group_id.map(Into::into),
            name: self.name.clone(),
            topic: self.topic.clone(),
            category: self.category.clone(),
            position: self.position,
            last_seq: self.last_seq,
            rev: self.rev,
            created_at: self.created_at.into(),
        }
    }
}

/// Adds the peers and the newest visible messages to conversations of one member, with one query each.
pub async fn complete(conn: &mut Conn, rows: Vec<ViewRow>) -> QueryResult<Vec<Conversation>> {
    let [first, ..] = rows.as_slice() else {
        return Ok(Vec::new());
    };
    let reader = UserId(first.user_id);
    let peer_ids: Vec<Uuid> = rows.iter().filter_map(|row| row.peer_id).collect();
    let above = rows
        .iter()
        .filter(|row| row.last_seq > row.cleared_seq)
        .map(|row| (row.id.into(), row.cleared_seq));
    let above: Vec<(ConversationId, i64)> = above.collect();
    // Asked together, they take one round trip.
    let conn = &*conn;
    let (peers, messages) = tokio::try_join!(
        users(conn, peer_ids),
        messages::newest(conn, reader, &above)
    )?;
    let peers: HashMap<Uuid, UserRow> = peers.into_iter().map(|user| (user.id, user)).collect();
    let mut newest: HashMap<ConversationId, MessageRow> = messages
        .into_iter()
        .map(|row| (row.conversation(), row))
        .collect();
    let complete = rows.into_iter().map(|row| Conversation {
        shared: row.shared(),
        peer: row
            .peer_id
            .and_then(|id| peers.get(&id).cloned())
            .map(UserRow::user),
        last_message: newest.remove(&row.id.into()).map(MessageRow::message),
        receipts: row.receipts(),
        me: row.me(),
        view: row.tag(),
    });
    Ok(complete.collect())
}

async fn users(mut conn: &Conn, ids: Vec<Uuid>) -> QueryResult<Vec<UserRow>> {
    sql("SELECT * FROM users WHERE id = ANY ({})")
        .bind::<Array<SqlUuid>, _>(ids)
        .load(&mut conn)
        .await
}
