//! Address books.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::result::QueryResult;
use diesel::sql_types::{BigInt, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use protocol::ids::UserId;
use protocol::people::Contact;
use uuid::Uuid;

use super::Conn;
use super::accounts::UserRow;
use super::sql::sql;
use crate::schema::contacts;

/// An entry of an address book.
#[derive(Debug, QueryableByName)]
pub struct ContactRow {
    /// Who.
    #[diesel(embed)]
    pub user: UserRow,
    #[diesel(sql_type = Nullable<Text>)]
    alias: Option<String>,
    /// Since when.
    #[diesel(sql_type = Timestamptz)]
    pub added_at: DateTime<Utc>,
}

impl ContactRow {
    /// As its owner sees it.
    #[must_use]
    pub fn contact(self) -> Contact {
        Contact {
            user: self.user.user(),
            alias: self.alias,
            created_at: self.added_at.into(),
        }
    }
}

/// One entry.
pub async fn find(conn: &mut Conn, owner: UserId, user: UserId) -> QueryResult<Option<ContactRow>> {
    sql(
        "SELECT u.*, c.alias, c.created_at AS added_at FROM contacts c JOIN users u ON u.id = c.user_id \
         WHERE c.owner_id = {} AND c.user_id = {}",
    )
    .bind::<SqlUuid, _>(owner.0)
    .bind::<SqlUuid, _>(user.0)
    .get_result(conn)
    .await
    .optional()
}

/// How many there are.
pub async fn count(conn: &mut Conn, owner: UserId) -> QueryResult<i64> {
    contacts::table
        .filter(contacts::owner_id.eq(owner.0))
        .count()
        .get_result(conn)
        .await
}

/// Makes an entry, or changes its alias.
pub async fn put(
    conn: &mut Conn,
    owner: UserId,
    user: UserId,
    alias: Option<&str>,
) -> QueryResult<()> {
    diesel::insert_into(contacts::table)
        .values((
            contacts::owner_id.eq(owner.0),
            contacts::user_id.eq(user.0),
            contacts::alias.eq(alias),
        ))
        .on_conflict((contacts::owner_id, contacts::user_id))
        .do_update()
        .set(contacts::alias.eq(alias))
        .execute(conn)
        .await?;
    Ok(())
}

/// Removes an entry; false if there was none.
pub async fn delete(conn: &mut Conn, owner: UserId, user: UserId) -> QueryResult<bool> {
    let rows = diesel::delete(contacts::table.find((owner.0, user.0)))
        .execute(conn)
        .await?;
    Ok(rows == 1)
}

/// Removes the address book of a user whose account ends, and the user from all others'; their
/// owners.
pub async fn delete_all(conn: &mut Conn, user: UserId) -> QueryResult<Vec<UserId>> {
    diesel::delete(contacts::table.filter(contacts::owner_id.eq(user.0)))
        .execute(conn)
        .await?;
    let owners: Vec<Uuid> = diesel::delete(contacts::table.filter(contacts::user_id.eq(user.0)))
        .returning(contacts::owner_id)
        .get_results(conn)
        .await?;
    Ok(owners.into_iter().map(UserId).collect())
}

/// An address book, newest first, before `before`.
pub async fn list(
    conn: &mut Conn,
    owner: UserId,
    before: (DateTime<Utc>, Uuid),
    limit: i64,
) -> QueryResult<Vec<ContactRow>> {
    sql(
        "SELECT u.*, c.alias, c.created_at AS added_at FROM contacts c JOIN users u ON u.id = c.user_id \
         WHERE c.owner_id = {} AND (c.created_at, c.user_id) < ({}, {}) \
         ORDER BY c.created_at DESC, c.user_id DESC LIMIT {}",
    )
    .bind::<SqlUuid, _>(owner.0)
    .bind::<Timestamptz, _>(before.0)
    .bind::<SqlUuid, _>(before.1)
    .bind::<BigInt, _>(limit)
    .load(conn)
    .await
}
