//! Who is in a group, as what; and their rows in its channels.

use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::result::QueryResult;
use diesel::sql_types::{
    Array, BigInt, Bool, Nullable, SmallInt, Text, Timestamptz, Uuid as SqlUuid,
};
use diesel_async::RunQueryDsl;
use protocol::group::{Member, Role};
use protocol::ids::{GroupId, UserId};
use uuid::Uuid;

use super::super::Conn;
use super::super::accounts::UserRow;
use super::super::sql::sql;

/// A role as the tables number it.
#[must_use]
pub const fn number(role: Role) -> i16 {
    match role {
        Role::Owner => 1,
        Role::Admin => 2,
        Role::Member => 3,
    }
}

/// The role of a number in the tables.
#[must_use]
pub const fn role(number: i16) -> Role {
    match number {
        1 => Role::Owner,
        2 => Role::Admin,
        _ => Role::Member,
    }
}

/// What someone is to a group.
#[derive(Clone, Copy, Debug, QueryableByName)]
pub struct Relation {
    #[diesel(sql_type = Nullable<SmallInt>)]
    role: Option<i16>,
    /// Whether they may not come back.
    #[diesel(sql_type = Bool)]
    pub banned: bool,
}

impl Relation {
    /// As what they are in it.
    #[must_use]
    pub fn role(&self) -> Option<Role> {
        self.role.map(role)
    }
}

/// What someone is to a group.
pub async fn relation(conn: &mut Conn, group: GroupId, user: UserId) -> QueryResult<Relation> {
    sql("SELECT m.role, b.user_id IS NOT NULL AS banned \
         FROM (SELECT {} AS group_id, {} AS user_id) k \
         LEFT JOIN group_members m ON m.group_id = k.group_id AND m.user_id = k.user_id \
         LEFT JOIN bans b ON b.group_id = k.group_id AND b.user_id = k.user_id")
    .bind::<SqlUuid, _>(group.0)
    .bind::<SqlUuid, _>(user.0)
    .get_result(conn)
    .await
}

/// Takes a user into a locked group; since when they are in it.
pub async fn insert(
    conn: &mut Conn,
    group: GroupId,
    user: UserId,
    role: Role,
) -> QueryResult<DateTime<Utc>> {
    #[derive(QueryableByName)]
    struct Since {
        #[diesel(sql_type = Timestamptz)]
        joined_at: DateTime<Utc>,
    }
    let row: Since = sql("WITH back AS (DELETE FROM removals WHERE group_id = {} AND user_id = {}) \
         INSERT INTO group_members (group_id, user_id, role) VALUES ({}, {}, {}) RETURNING joined_at")
    .bind::<SqlUuid, _>(group.0)
    .bind::<SqlUuid, _>(user.0)
    .bind::<SqlUuid, _>(group.0)
    .bind::<SqlUuid, _>(user.0)
    .bind::<SmallInt, _>(number(role))
    .get_result(conn)
    .await?;
    Ok(row.joined_at)
}

/// Gives a new member a row in every channel of the group, all of them locked. They begin at the
/// newest message, so that a newcomer never holds a tick back; and with a version by the clock,
/// above any that an earlier membership can have reached: a client ignores a lower one.
pub async fn enter_channels(conn: &mut Conn, group: GroupId, user: UserId) -> QueryResult<()> {
    sql("INSERT INTO members (conversation_id, user_id, delivered_seq, read_seq, public_read_seq, version) \
         SELECT id, {}, last_seq, last_seq, last_seq, (extract(epoch FROM clock_timestamp()) * 1000)::bigint \
         FROM conversations WHERE group_id = {} ORDER BY id")
    .bind::<SqlUuid, _>(user.0)
    .bind::<SqlUuid, _>(group.0)
    .execute(conn)
    .await?;
    Ok(())
}

/// Changes the roles of members of locked groups: each pair of group and user gets its role. Roles
/// are changed in the order given, because a group has one owner at any time.
pub async fn set_roles(
    conn: &mut Conn,
    role: Role,
    members: &[(GroupId, UserId)],
) -> QueryResult<()> {
    sql(
        "UPDATE group_members m SET role = {} FROM unnest({}, {}) AS k (group_id, user_id) \
         WHERE m.group_id = k.group_id AND m.user_id = k.user_id",
    )
    .bind::<SmallInt, _>(number(role))
    .bind::<Array<SqlUuid>, _>(members.iter().map(|(group, _)| group.0).collect::<Vec<_>>())
    .bind::<Array<SqlUuid>, _>(members.iter().map(|(_, user)| user.0).collect::<Vec<_>>())
    .execute(conn)
    .await?;
    Ok(())
}

/// Writes down whose the locked groups are now.
pub async fn set_owners(conn: &mut Conn, owners: &[(GroupId, UserId)]) -> QueryResult<()> {
    sql(
        "UPDATE groups g SET owner_id = k.user_id FROM unnest({}, {}) AS k (group_id, user_id) \
         WHERE g.id = k.group_id",
    )
    .bind::<Array<SqlUuid>, _>(owners.iter().map(|(group, _)| group.0).collect::<Vec<_>>())
    .bind::<Array<SqlUuid>, _>(owners.iter().map(|(_, user)| user.0).collect::<Vec<_>>())
    .execute(conn)
    .await?;
    Ok(())
}

/// A member.
#[derive(Clone, Debug, QueryableByName)]
pub struct MemberRow {
    #[diesel(embed)]
    user: UserRow,
    #[diesel(sql_type = SqlUuid)]
    group_id: Uuid,
    #[diesel(sql_type = SmallInt)]
    role: i16,
    #[diesel(sql_type = Timestamptz)]
    joined_at: DateTime<Utc>,
}

/// Where a member stands in the list: role, since when, who.
pub type Position = (i16, DateTime<Utc>, Uuid);

impl MemberRow {
    /// Of which group.
    #[must_use]
    pub fn group(&self) -> GroupId {
        self.group_id.into()
    }

    /// As answers and frames show them.
    #[must_use]
    pub fn member(self) -> Member {
        Member {
            user: self.user.user(),
            role: role(self.role),
            joined_at: self.joined_at.into(),
        }
    }

    /// Where they stand in the list.
    #[must_use]
    pub fn position(&self) -> Position {
        (self.role, self.joined_at, self.user.id)
    }
}

/// These members, in no order.
pub async fn of(conn: &mut Conn, members: &[(GroupId, UserId)]) -> QueryResult<Vec<MemberRow>> {
    sql(
        "SELECT u.*, m.group_id, m.role, m.joined_at FROM unnest({}, {}) AS k (group_id, user_id) \
         JOIN group_members m ON m.group_id = k.group_id AND m.user_id = k.user_id \
         JOIN users u ON u.id = m.user_id",
    )
    .bind::<Array<SqlUuid>, _>(members.iter().map(|(group, _)| group.0).collect::<Vec<_>>())
    .bind::<Array<SqlUuid>, _>(members.iter().map(|(_, user)| user.0).collect::<Vec<_>>())
    .load(conn)
    .await
}

/// One member.
pub async fn find(conn: &mut Conn, group: GroupId, user: UserId) -> QueryResult<Option<Member>> {
    let rows = of(conn, &[(group, user)]).await?;
    Ok(rows.into_iter().next().map(MemberRow::member))
}

/// The members after `after`, by role, then by how long they have been there.
pub async fn list(
    conn: &mut Conn,
    group: GroupId,
    after: Position,
    limit: i64,
) -> QueryResult<Vec<MemberRow>> {
    sql("SELECT u.*, m.group_id, m.role, m.joined_at FROM group_members m JOIN users u ON u.id = m.user_id \
         WHERE m.group_id = {} AND (m.role, m.joined_at, m.user_id) > ({}, {}, {}) \
         ORDER BY m.role, m.joined_at, m.user_id LIMIT {}")
    .bind::<SqlUuid, _>(group.0)
    .bind::<SmallInt, _>(after.0)
    .bind::<Timestamptz, _>(after.1)
    .bind::<SqlUuid, _>(after.2)
    .bind::<BigInt, _>(limit)
    .load(conn)
    .await
}

/// Of these, the ones whose username or display name begins with `prefix`, in lower case.
///
/// The planner chooses by the sizes of both: from the people of that name (by the prefix indexes)
/// to the group, or from the group to its people.
pub async fn search(
    conn: &mut Conn,
    group: GroupId,
    prefix: &str,
    after: Position,
    limit: i64,
) -> QueryResult<Vec<MemberRow>> {
    // No character is above U+10FFFF, and that one is none: nothing a name holds lies beyond.
    let end = format!("{prefix}\u{10FFFF}");
    sql("SELECT u.*, m.group_id, m.role, m.joined_at FROM group_members m JOIN users u ON u.id = m.user_id \
         WHERE m.group_id = {} AND (m.role, m.joined_at, m.user_id) > ({}, {}, {}) AND u.deleted_at IS NULL \
             AND ((u.username ~>=~ {} AND u.username ~<~ {}) \
                 OR (lower(u.display_name) ~>=~ {} AND lower(u.display_name) ~<~ {})) \
         ORDER BY m.role, m.joined_at, m.user_id LIMIT {}")
    .bind::<SqlUuid, _>(group.0)
    .bind::<SmallInt, _>(after.0)
    .bind::<Timestamptz, _>(after.1)
    .bind::<SqlUuid, _>(after.2)
    .bind::<Text, _>(prefix)
    .bind::<Text, _>(end.as_str())
    .bind::<Text, _>(prefix)
    .bind::<Text, _>(end.as_str())
    .bind::<BigInt, _>(limit)
    .load(conn)
    .await
}

#[derive(QueryableByName)]
struct UserOf {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

/// Locks the users of everyone in a group, in the order of their ids; who they are.
pub async fn lock_users(conn: &mut Conn, group: GroupId) -> QueryResult<Vec<Uuid>> {
    let rows: Vec<UserOf> = sql(
        "SELECT u.id FROM users u WHERE u.id = ANY (ARRAY(SELECT user_id FROM group_members WHERE group_id = {})) \
         ORDER BY u.id FOR NO KEY UPDATE",
    )
    .bind::<SqlUuid, _>(group.0)
    .load(conn)
    .await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// Users in groups.
#[derive(Clone, Copy, Debug, QueryableByName)]
pub struct Pair {
    /// Which group.
    #[diesel(sql_type = SqlUuid)]
    pub group_id: Uuid,
    /// Who.
    #[diesel(sql_type = SqlUuid)]
    pub user_id: Uuid,
}

/// The groups of each of these users.
pub async fn groups_of(conn: &mut Conn, users: &[Uuid]) -> QueryResult<Vec<Pair>> {
    sql("SELECT group_id, user_id FROM group_members WHERE user_id = ANY ({})")
        .bind::<Array<SqlUuid>, _>(users)
        .load(conn)
        .await
}
