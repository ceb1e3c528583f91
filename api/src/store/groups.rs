//! Groups. Whoever changes one holds its row's lock, taken after those of users and before those
//! of its channels.

pub mod bans;
pub mod channels;
pub mod departures;
pub mod discover;
pub mod invites;
pub mod members;
pub mod notices;
pub mod removed;

use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::result::QueryResult;
use diesel::sql_types::{
    Array, BigInt, Bool, Integer, Nullable, SmallInt, Text, Timestamptz, Uuid as SqlUuid,
};
use diesel_async::RunQueryDsl;
use protocol::group::{Role, SharedGroup, Visibility};
use protocol::ids::{ConversationId, GroupId, UserId};
use uuid::Uuid;

use super::Conn;
use super::sql::sql;
use crate::domain::group::{GroupChange, NewGroup, words};
use crate::domain::picture_key::PictureKey;

/// A group's row.
#[derive(Clone, Debug, QueryableByName)]
pub struct GroupRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    /// Its name.
    #[diesel(sql_type = Text)]
    pub name: String,
    #[diesel(sql_type = Text)]
    description: String,
    #[diesel(sql_type = Array<Text>)]
    tags: Vec<String>,
    /// Whether everyone can find and join it.
    #[diesel(sql_type = Bool)]
    pub public: bool,
    #[diesel(sql_type = SqlUuid)]
    owner_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    created_by: Uuid,
    #[diesel(sql_type = SqlUuid)]
    general_id: Uuid,
    /// How many are in it.
    #[diesel(sql_type = Integer)]
    pub member_count: i32,
    /// How many channels it has.
    #[diesel(sql_type = Integer)]
    pub channel_count: i32,
    /// Moves with each change.
    #[diesel(sql_type = BigInt)]
    pub version: i64,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    active_at: DateTime<Utc>,
    /// The name of its picture.
    #[diesel(sql_type = Nullable<Text>)]
    pub icon_key: Option<String>,
}

/// The columns of a `GroupRow`: all but what is searched.
macro_rules! group_columns {
    () => {
        "g.id, g.name, g.description, g.tags, g.public, g.owner_id, g.created_by, g.general_id, \
         g.member_count, g.channel_count, g.version, g.created_at, g.active_at, g.icon_key"
    };
}
use group_columns;

impl GroupRow {
    /// Which.
    #[must_use]
    pub fn id(&self) -> GroupId {
        self.id.into()
    }

    /// Who may repeat the request that made it.
    #[must_use]
    pub fn created_by(&self) -> UserId {
        self.created_by.into()
    }

    /// Where the system speaks.
    #[must_use]
    pub fn general(&self) -> ConversationId {
        self.general_id.into()
    }

    /// What everyone who may know of it sees.
    #[must_use]
    pub fn shared(&self) -> SharedGroup {
        SharedGroup {
            id: self.id.into(),
            name: self.name.clone(),
            description: self.description.clone(),
            tags: self.tags.clone(),
            visibility: if self.public {
                Visibility::Public
            } else {
                Visibility::Private
            },
            icon_url: self.icon_key.as_deref().map(PictureKey::url),
            owner_id: self.owner_id.into(),
            member_count: self.member_count,
            version: self.version,
            created_at: self.created_at.into(),
        }
    }

    /// With a change applied; whether it is another one then.
    pub fn apply(&mut self, change: GroupChange) -> bool {
        fn set<T: PartialEq>(field: &mut T, value: Option<T>) -> bool {
            value.is_some_and(|value| std::mem::replace(field, value) != *field)
        }
        let changed = [
            set(&mut self.name, change.name),
            set(&mut self.description, change.description),
            set(&mut self.tags, change.tags),
            set(&mut self.public, change.public),
            set(&mut self.icon_key, change.icon_key),
        ];
        changed.contains(&true)
    }
}

/// What a group is searched by.
fn searched(name: &str, description: &str, tags: &[String]) -> String {
    let texts = [name, description].into_iter();
    let texts = texts.chain(tags.iter().map(String::as_str));
    texts.flat_map(words).collect::<Vec<_>>().join(" ")
}

/// One group.
pub async fn find(conn: &mut Conn, id: GroupId) -> QueryResult<Option<GroupRow>> {
    let rows: Vec<GroupRow> = sql(concat!(
        "SELECT ",
        group_columns!(),
        " FROM groups g WHERE g.id = {}"
    ))
    .bind::<SqlUuid, _>(id.0)
    .load(conn)
    .await?;
    Ok(rows.into_iter().next())
}

/// Groups, locked in the order of their ids.
pub async fn lock(conn: &mut Conn, ids: &[Uuid]) -> QueryResult<Vec<GroupRow>> {
    sql(concat!(
        "SELECT ",
        group_columns!(),
        " FROM groups g WHERE g.id = ANY ({}) ORDER BY g.id FOR NO KEY UPDATE"
    ))
    .bind::<Array<SqlUuid>, _>(ids)
    .load(conn)
    .await
}

/// Comes in through a group's door: until the transaction ends it cannot be shut. A door is taken
/// before any other lock, and only one of them.
pub async fn pass_door(conn: &mut Conn, id: GroupId) -> QueryResult<()> {
    sql("SELECT pg_advisory_xact_lock_shared(hashtextextended('warren group ' || {}, 0))")
        .bind::<Text, _>(id.to_string())
        .execute(conn)
        .await?;
    Ok(())
}

/// Shuts a group's door until the transaction ends: whoever comes waits before it.
pub async fn shut_door(conn: &mut Conn, id: GroupId) -> QueryResult<()> {
    sql("SELECT pg_advisory_xact_lock(hashtextextended('warren group ' || {}, 0))")
        .bind::<Text, _>(id.to_string())
        .execute(conn)
        .await?;
    Ok(())
}

/// Makes a group of one member; `None` if the id is taken.
pub async fn insert(
    conn: &mut Conn,
    new: &NewGroup,
    general: ConversationId,
    owner: UserId,
) -> QueryResult<Option<GroupRow>> {
    let rows: Vec<GroupRow> = sql(concat!(
        "INSERT INTO groups AS g (id, name, description, tags, public, owner_id, created_by, general_id, \
             member_count, channel_count, search) \
         SELECT {}, {}, {}, {}, {}, owner, owner, {}, 1, 1, to_tsvector('simple', {}) \
         FROM (SELECT {} AS owner) o ON CONFLICT (id) DO NOTHING RETURNING ",
        group_columns!()
    ))
    .bind::<SqlUuid, _>(new.id.0)
    .bind::<Text, _>(new.name.as_str())
    .bind::<Text, _>(new.description.as_str())
    .bind::<Array<Text>, _>(&new.tags)
    .bind::<Bool, _>(new.public)
    .bind::<SqlUuid, _>(general.0)
    .bind::<Text, _>(searched(&new.name, &new.description, &new.tags))
    .bind::<SqlUuid, _>(owner.0)
    .load(conn)
    .await?;
    Ok(rows.into_iter().next())
}

/// Writes a locked group's own fields, and moves its version.
pub async fn update(conn: &mut Conn, group: &GroupRow) -> QueryResult<GroupRow> {
    sql(concat!(
        "UPDATE groups g SET name = {}, description = {}, tags = {}, public = {}, icon_key = {}, \
             search = to_tsvector('simple', {}), version = version + 1 \
         WHERE g.id = {} RETURNING ",
        group_columns!()
    ))
    .bind::<Text, _>(group.name.as_str())
    .bind::<Text, _>(group.description.as_str())
    .bind::<Array<Text>, _>(&group.tags)
    .bind::<Bool, _>(group.public)
    .bind::<Nullable<Text>, _>(group.icon_key.as_deref())
    .bind::<Text, _>(searched(&group.name, &group.description, &group.tags))
    .bind::<SqlUuid, _>(group.id)
    .get_result(conn)
    .await
}

/// What changes in a group beside its own fields.
#[derive(Clone, Copy, Debug, Default)]
pub struct Move {
    /// Members more, or fewer.
    pub members: i32,
    /// Channels more, or fewer.
    pub channels: i32,
}

/// Moves the counters and the versions of locked groups.
pub async fn step(conn: &mut Conn, ids: &[Uuid], by: Move) -> QueryResult<Vec<GroupRow>> {
    sql(concat!(
        "UPDATE groups g SET member_count = member_count + {}, channel_count = channel_count + {}, \
             version = version + 1 WHERE g.id = ANY ({}) RETURNING ",
        group_columns!()
    ))
    .bind::<Integer, _>(by.members)
    .bind::<Integer, _>(by.channels)
    .bind::<Array<SqlUuid>, _>(ids)
    .load(conn)
    .await
}

/// The same of one group.
pub async fn step_one(conn: &mut Conn, id: GroupId, by: Move) -> QueryResult<GroupRow> {
    let rows = step(conn, &[id.0], by).await?;
    rows.into_iter().next().ok_or(diesel::NotFound)
}

/// A group someone is in.
#[derive(Clone, Debug, QueryableByName)]
pub struct Joined {
    /// Which.
    #[diesel(embed)]
    pub group: GroupRow,
    #[diesel(sql_type = SmallInt)]
    role: i16,
    /// Since when.
    #[diesel(sql_type = Timestamptz)]
    pub joined_at: DateTime<Utc>,
}

impl Joined {
    /// As what.
    #[must_use]
    pub fn role(&self) -> Role {
        members::role(self.role)
    }
}

/// A user's groups in the order in which they came into them, after `after`.
pub async fn of_user(
    conn: &mut Conn,
    user: UserId,
    after: (DateTime<Utc>, Uuid),
    limit: i64,
) -> QueryResult<Vec<Joined>> {
    sql(concat!(
        "SELECT ",
        group_columns!(),
        ", m.role, m.joined_at FROM group_members m JOIN groups g ON g.id = m.group_id \
         WHERE m.user_id = {} AND (m.joined_at, m.group_id) > ({}, {}) \
         ORDER BY m.joined_at, m.group_id LIMIT {}"
    ))
    .bind::<SqlUuid, _>(user.0)
    .bind::<Timestamptz, _>(after.0)
    .bind::<SqlUuid, _>(after.1)
    .bind::<BigInt, _>(limit)
    .load(conn)
    .await
}

/// How many groups a user is in. Their own lock keeps it so.
pub async fn count_of(conn: &mut Conn, user: UserId) -> QueryResult<i64> {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        groups: i64,
    }
    let row: Count = sql("SELECT count(*) AS groups FROM group_members WHERE user_id = {}")
        .bind::<SqlUuid, _>(user.0)
        .get_result(conn)
        .await?;
    Ok(row.groups)
}
