//! A group's channels, which are conversations.

use diesel::QueryableByName;
use diesel::result::QueryResult;
use diesel::sql_types::{Array, BigInt, Bool, Integer, Nullable, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use protocol::group::ChannelEntry;
use protocol::ids::{ConversationId, GroupId};
use uuid::Uuid;

use super::super::Conn;
use super::super::sql::sql;
use crate::domain::group::{ChannelChange, NewChannel};

/// A channel, as its group lists it.
#[derive(Clone, Debug, QueryableByName)]
pub struct ChannelRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    group_id: Uuid,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Nullable<Text>)]
    topic: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    category: Option<String>,
    #[diesel(sql_type = Nullable<Integer>)]
    position: Option<i32>,
    #[diesel(sql_type = BigInt)]
    rev: i64,
}

impl ChannelRow {
    /// Of which group.
    #[must_use]
    pub fn group(&self) -> GroupId {
        self.group_id.into()
    }

    /// As answers show it.
    #[must_use]
    pub fn entry(self) -> ChannelEntry {
        ChannelEntry {
            id: self.id.into(),
            name: self.name,
            topic: self.topic,
            category: self.category,
            position: self.position,
            rev: self.rev,
        }
    }
}

/// The channels of these groups, each group's by place.
pub async fn of(conn: &mut Conn, groups: &[Uuid]) -> QueryResult<Vec<ChannelRow>> {
    sql(
        "SELECT id, group_id, name, topic, category, position, rev FROM conversations \
         WHERE group_id = ANY ({}) ORDER BY group_id, position, created_at, id",
    )
    .bind::<Array<SqlUuid>, _>(groups)
    .load(conn)
    .await
}

/// Locks all channels of these groups, in the order of their ids.
pub async fn lock_all(conn: &mut Conn, groups: &[Uuid]) -> QueryResult<()> {
    sql("SELECT 1 FROM conversations WHERE group_id = ANY ({}) ORDER BY id FOR NO KEY UPDATE")
        .bind::<Array<SqlUuid>, _>(groups)
        .execute(conn)
        .await?;
    Ok(())
}

/// Locks one channel of a locked group.
pub async fn lock_one(conn: &mut Conn, id: ConversationId) -> QueryResult<()> {
    sql("SELECT 1 FROM conversations WHERE id = {} FOR NO KEY UPDATE")
        .bind::<SqlUuid, _>(id.0)
        .execute(conn)
        .await?;
    Ok(())
}

#[derive(QueryableByName)]
struct Of {
    #[diesel(sql_type = Nullable<SqlUuid>)]
    group_id: Option<Uuid>,
}

/// Whose a conversation is: `None` if it does not exist, `Some(None)` if it is no channel.
pub async fn group_of(conn: &mut Conn, id: ConversationId) -> QueryResult<Option<Option<GroupId>>> {
    let rows: Vec<Of> = sql("SELECT group_id FROM conversations WHERE id = {}")
        .bind::<SqlUuid, _>(id.0)
        .load(conn)
        .await?;
    let found = rows.into_iter().next();
    Ok(found.map(|row| row.group_id.map(Into::into)))
}

/// Makes a channel in a locked group; false if the id is taken.
pub async fn insert(conn: &mut Conn, group: GroupId, new: &NewChannel) -> QueryResult<bool> {
    let rows = sql(
        "INSERT INTO conversations (id, kind, group_id, name, topic, category, position) \
         SELECT {}, 2, k.group_id, {}, {}, {}, coalesce({}, ( \
             SELECT least(coalesce(max(c.position), -1), 2147483646) + 1 \
             FROM conversations c WHERE c.group_id = k.group_id)) \
         FROM (SELECT {} AS group_id) k ON CONFLICT (id) DO NOTHING",
    )
    .bind::<SqlUuid, _>(new.id.0)
    .bind::<Text, _>(new.name.as_str())
    .bind::<Nullable<Text>, _>(new.topic.as_deref())
    .bind::<Nullable<Text>, _>(new.category.as_deref())
    .bind::<Nullable<Integer>, _>(new.position)
    .bind::<SqlUuid, _>(group.0)
    .execute(conn)
    .await?;
    Ok(rows == 1)
}

/// Gives everyone in a locked group a row in a new channel of it.
pub async fn admit_all(conn: &mut Conn, group: GroupId, id: ConversationId) -> QueryResult<()> {
    sql("INSERT INTO members (conversation_id, user_id) \
         SELECT {}, user_id FROM group_members WHERE group_id = {} ORDER BY user_id")
    .bind::<SqlUuid, _>(id.0)
    .bind::<SqlUuid, _>(group.0)
    .execute(conn)
    .await?;
    Ok(())
}

/// Changes a channel and moves its revision. Its lock is the update's own: only the one row is
/// written, and the group is locked before.
pub async fn update(
    conn: &mut Conn,
    id: ConversationId,
    change: &ChannelChange,
) -> QueryResult<bool> {
    let rows = sql("UPDATE conversations SET name = coalesce({}, name), \
             topic = CASE WHEN {} THEN {} ELSE topic END, \
             category = CASE WHEN {} THEN {} ELSE category END, \
             position = coalesce({}, position), rev = rev + 1, fields_rev = rev + 1 \
         WHERE id = {}")
    .bind::<Nullable<Text>, _>(change.name.as_deref())
    .bind::<Bool, _>(change.topic.is_some())
    .bind::<Nullable<Text>, _>(change.topic.clone().flatten())
    .bind::<Bool, _>(change.category.is_some())
    .bind::<Nullable<Text>, _>(change.category.clone().flatten())
    .bind::<Nullable<Integer>, _>(change.position)
    .bind::<SqlUuid, _>(id.0)
    .execute(conn)
    .await?;
    Ok(rows == 1)
}

/// Removes a channel of a locked group; its revision, one beyond the last, or `None` if it is gone
/// already. What it held is swept later.
pub async fn delete(conn: &mut Conn, id: ConversationId) -> QueryResult<Option<i64>> {
    #[derive(QueryableByName)]
    struct Last {
        #[diesel(sql_type = BigInt)]
        rev: i64,
    }
    let rows: Vec<Last> = sql(
        "WITH channel AS (DELETE FROM conversations WHERE id = {} RETURNING id, rev + 1 AS rev), \
         gone AS (INSERT INTO removed_conversations (conversation_id) SELECT id FROM channel) \
         SELECT rev FROM channel",
    )
    .bind::<SqlUuid, _>(id.0)
    .load(conn)
    .await?;
    Ok(rows.into_iter().next().map(|row| row.rev))
}
