//! Users.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::result::QueryResult;
use diesel::sql_types::{Array, BigInt, Integer, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use protocol::account::{Me, User};
use protocol::ids::UserId;
use uuid::Uuid;

use super::Conn;
use super::sql::sql;
use crate::domain::account::ProfileChange;
use crate::domain::picture_key::PictureKey;
use crate::schema::users;

/// A user's row, as far as answers need it.
#[derive(Clone, Debug, Queryable, Selectable, QueryableByName)]
#[diesel(table_name = users, check_for_backend(diesel::pg::Pg))]
pub struct UserRow {
    /// Who.
    pub id: Uuid,
    username: String,
    display_name: String,
    about: String,
    hide_presence: bool,
    hide_read_receipts: bool,
    account_rev: i64,
    created_at: DateTime<Utc>,
    deleted_at: Option<DateTime<Utc>>,
    /// The name of their picture.
    pub avatar_key: Option<String>,
}

impl UserRow {
    /// What others see.
    #[must_use]
    pub fn user(self) -> User {
        User {
            id: self.id.into(),
            username: self.username,
            display_name: self.display_name,
            about: self.about,
            avatar_url: self.avatar_key.as_deref().map(PictureKey::url),
            created_at: self.created_at.into(),
            deleted: self.deleted_at.is_some(),
        }
    }

    /// Whether the account has ended.
    #[must_use]
    pub fn is_deleted(&self) -> bool {
        self.deleted_at.is_some()
    }

    /// What the user sees of themselves.
    #[must_use]
    pub fn me(self) -> Me {
        Me {
            hide_presence: self.hide_presence,
            hide_read_receipts: self.hide_read_receipts,
            account_rev: self.account_rev,
            user: self.user(),
        }
    }
}

/// What signing in needs.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = users, check_for_backend(diesel::pg::Pg))]
pub struct Credentials {
    /// The account.
    #[diesel(embed)]
    pub user: UserRow,
    /// Its password's hash.
    pub password_hash: Option<String>,
    disabled_at: Option<DateTime<Utc>>,
}

impl Credentials {
    /// The hash, if anyone may sign in with it.
    #[must_use]
    pub fn usable_hash(&self) -> Option<&str> {
        self.password_hash
            .as_deref()
            .filter(|_| self.disabled_at.is_none())
    }
}

/// Makes an account. A taken username violates `users_username_key`.
pub async fn insert(
    conn: &mut Conn,
    username: &str,
    display_name: &str,
    password_hash: &str,
) -> QueryResult<UserRow> {
    diesel::insert_into(users::table)
        .values((
            users::id.eq(UserId::new().0),
            users::username.eq(username),
            users::display_name.eq(display_name),
            users::password_hash.eq(password_hash),
        ))
        .returning(UserRow::as_returning())
        .get_result(conn)
        .await
}

/// One user.
pub async fn find(conn: &mut Conn, id: UserId) -> QueryResult<Option<UserRow>> {
    users::table
        .find(id.0)
        .select(UserRow::as_select())
        .first(conn)
        .await
        .optional()
}

/// People as others see them, by id.
pub async fn by_id(conn: &mut Conn, ids: &[Uuid]) -> QueryResult<HashMap<Uuid, User>> {
    let rows: Vec<UserRow> = users::table
        .filter(users::id.eq_any(ids))
        .select(UserRow::as_select())
        .load(conn)
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.user())).collect())
}

/// The account of this name, with what signing in needs.
pub async fn credentials_by_name(
    conn: &mut Conn,
    username: &str,
) -> QueryResult<Option<Credentials>> {
    users::table
        .filter(users::username.eq(username))
        .select(Credentials::as_select())
        .first(conn)
        .await
        .optional()
}

/// This account, with what signing in needs.
pub async fn credentials(conn: &mut Conn, id: UserId) -> QueryResult<Option<Credentials>> {
    users::table
        .find(id.0)
        .select(Credentials::as_select())
        .first(conn)
        .await
        .optional()
}

/// The same, held as it is until the transaction ends.
pub async fn lock_credentials(conn: &mut Conn, id: UserId) -> QueryResult<Option<Credentials>> {
    users::table
        .find(id.0)
        .select(Credentials::as_select())
        .for_share()
        .first(conn)
        .await
        .optional()
}

/// Changes a profile.
pub async fn update_profile(
    conn: &mut Conn,
    id: UserId,
    change: &ProfileChange,
) -> QueryResult<UserRow> {
    diesel::update(users::table.find(id.0))
        .set(change)
        .returning(UserRow::as_returning())
        .get_result(conn)
        .await
}

/// Sets a password's hash.
pub async fn set_password(conn: &mut Conn, id: UserId, hash: &str) -> QueryResult<()> {
    diesel::update(users::table.find(id.0))
        .set(users::password_hash.eq(hash))
        .execute(conn)
        .await?;
    Ok(())
}

/// Lets nobody sign in any more, or lets them again.
pub async fn set_disabled(
    conn: &mut Conn,
    id: UserId,
    at: Option<DateTime<Utc>>,
) -> QueryResult<()> {
    diesel::update(users::table.find(id.0))
        .set(users::disabled_at.eq(at))
        .execute(conn)
        .await?;
    Ok(())
}

/// Ends an account: its name is freed, its messages stay as from a deleted user.
pub async fn delete(conn: &mut Conn, id: UserId) -> QueryResult<UserRow> {
    sql(
        "WITH avatar AS ( \
             INSERT INTO unshown_pictures (key) \
             SELECT avatar_key FROM users WHERE id = {} AND avatar_key IS NOT NULL \
         ) UPDATE users SET avatar_key = NULL, deleted_at = clock_timestamp(), password_hash = NULL, about = '', \
             display_name = 'Deleted user', account_rev = account_rev + 1, \
             username = 'deleted.' || right(replace(id::text, '-', ''), 24) \
         WHERE id = {} RETURNING *",
    )
    .bind::<SqlUuid, _>(id.0)
    .bind::<SqlUuid, _>(id.0)
    .get_result(conn)
    .await
}

/// People whose username or display name begins with `prefix`, in lower case, by name.
///
/// The two ranges are what the prefix indexes are for, also when the plan does not know the prefix
/// (LIKE with a parameter is not). They are read first and sorted after: a LIMIT beside them would
/// tempt the planner to walk everybody by name instead.
pub async fn search(
    conn: &mut Conn,
    prefix: &str,
    after: (&str, Uuid),
    limit: i32,
) -> QueryResult<Vec<UserRow>> {
    // No character is above U+10FFFF, and that one is none: nothing a name holds lies beyond.
    let end = format!("{prefix}\u{10FFFF}");
    sql("WITH found AS MATERIALIZED ( \
             SELECT id, username FROM users \
             WHERE username ~>=~ {} AND username ~<~ {} AND deleted_at IS NULL \
             UNION \
             SELECT id, username FROM users \
             WHERE lower(display_name) ~>=~ {} AND lower(display_name) ~<~ {} AND deleted_at IS NULL \
         ), page AS ( \
             SELECT id FROM found WHERE (username, id) > ({}, {}) ORDER BY username, id LIMIT {} \
         ) SELECT u.* FROM page JOIN users u ON u.id = page.id ORDER BY u.username, u.id")
    .bind::<Text, _>(prefix)
    .bind::<Text, _>(end.as_str())
    .bind::<Text, _>(prefix)
    .bind::<Text, _>(end.as_str())
    .bind::<Text, _>(after.0)
    .bind::<SqlUuid, _>(after.1)
    .bind::<Integer, _>(limit)
    .load(conn)
    .await
}

impl UserRow {
    /// Where it stands in a list by name.
    #[must_use]
    pub fn position(&self) -> (String, Uuid) {
        (self.username.clone(), self.id)
    }
}

/// Locks users in id order, so that what depends on both of them is decided once.
pub async fn lock(conn: &mut Conn, ids: &[Uuid]) -> QueryResult<Vec<UserRow>> {
    sql("SELECT * FROM users WHERE id = ANY ({}) ORDER BY id FOR NO KEY UPDATE")
        .bind::<Array<SqlUuid>, _>(ids)
        .load(conn)
        .await
}

/// Moves the account revisions of users, who are locked, by one for each time a user is named;
/// where each stood before.
pub async fn advance_account_revs(
    conn: &mut Conn,
    named: &[Uuid],
) -> QueryResult<HashMap<UserId, i64>> {
    #[derive(QueryableByName)]
    struct Advanced {
        #[diesel(sql_type = SqlUuid)]
        id: Uuid,
        #[diesel(sql_type = BigInt)]
        before: i64,
    }
    let rows: Vec<Advanced> = sql("UPDATE users u SET account_rev = u.account_rev + n.steps \
         FROM (SELECT id, count(*) AS steps FROM unnest({}) AS named (id) GROUP BY id) n \
         WHERE u.id = n.id RETURNING u.id, u.account_rev - n.steps AS before")
    .bind::<Array<SqlUuid>, _>(named)
    .load(conn)
    .await?;
    let rows = rows.into_iter();
    Ok(rows.map(|row| (row.id.into(), row.before)).collect())
}

/// Moves a user's account revision, and says where it is now.
pub async fn bump_account_rev(conn: &mut Conn, id: UserId) -> QueryResult<i64> {
    diesel::update(users::table.find(id.0))
        .set(users::account_rev.eq(users::account_rev + 1))
        .returning(users::account_rev)
        .get_result(conn)
        .await
}

/// An account, as the operator's list shows it.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = users, check_for_backend(diesel::pg::Pg))]
pub struct Listed {
    /// The account.
    pub id: Uuid,
    /// Its name.
    pub username: String,
    /// When it began.
    pub created_at: DateTime<Utc>,
    /// Since when nobody can sign in.
    pub disabled_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub deleted_at: Option<DateTime<Utc>>,
}

/// Accounts by name, after `after`.
pub async fn list(conn: &mut Conn, after: &str, limit: i64) -> QueryResult<Vec<Listed>> {
    users::table
        .filter(users::username.gt(after))
        .order(users::username)
        .limit(limit)
        .select(Listed::as_select())
        .load(conn)
        .await
}

/// Takes one use of an operator's invitation; false if it has none left or has expired.
pub async fn use_invite(conn: &mut Conn, code: &str) -> QueryResult<bool> {
    let used = sql("UPDATE registration_invites SET uses_left = uses_left - 1 \
                    WHERE code = {} AND uses_left > 0 AND expires_at > clock_timestamp()")
    .bind::<Text, _>(code)
    .execute(conn)
    .await?;
    Ok(used == 1)
}

/// Makes an operator's invitation.
pub async fn insert_invite(
    conn: &mut Conn,
    code: &str,
    uses: i32,
    expires_at: DateTime<Utc>,
) -> QueryResult<()> {
    use diesel::sql_types::Timestamptz;
    sql("INSERT INTO registration_invites (code, uses_left, expires_at) VALUES ({}, {}, {})")
        .bind::<Text, _>(code)
        .bind::<Integer, _>(uses)
        .bind::<Timestamptz, _>(expires_at)
        .execute(conn)
        .await?;
    Ok(())
}
