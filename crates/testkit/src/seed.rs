//! A database as it is after years of use, made in minutes.
//!
//! Everything is computed inside the database, from numbers alone: the same size gives the same
//! rows, whatever the machine. Person 1 is the heavy user: in the group of everybody, in the one
//! with many channels and in direct chats with the people after them.

use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use protocol::ids::{ConversationId, GroupId, UserId};
use uuid::Uuid;

/// What to do first, what to fill, and what to compute last.
const STATEMENTS: &str = include_str!("seed/seed.sql");
/// What makes one more group of everybody.
const CROWD: &str = include_str!("seed/crowd.sql");

/// How much there will be.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// People; all of them are in the first group.
    pub users: i32,
    /// Groups; the second one has as many channels as a group can.
    pub groups: i32,
    /// Messages, about; a fifth of them in the first group's `general`.
    pub messages: i32,
}

impl Size {
    /// What a company of ten thousand leaves behind.
    pub const FULL: Self = Self {
        users: 10_000,
        groups: 1000,
        messages: 1_000_000,
    };
}

/// What a row stands for: the middle of its id.
#[derive(Clone, Copy, Debug)]
enum Kind {
    User = 1,
    Group = 2,
    Channel = 3,
    Direct = 4,
}

/// The id of the nth row of a kind, as `seed.sql` makes it.
fn id(kind: Kind, n: i32) -> Uuid {
    // 2026-01-01 in milliseconds, so that they look like version 7 and lie in the order they were
    // made in.
    const EPOCH_MS: u128 = 1_767_225_600_000;
    let n = n.unsigned_abs();
    Uuid::from_u128(
        ((EPOCH_MS + u128::from(n)) << 80)
            | (7 << 76)
            | ((kind as u128) << 64)
            | (2 << 62)
            | u128::from(n),
    )
}

/// The nth person, from 1; their name is `seed.` and the number with five digits.
#[must_use]
pub fn user(n: i32) -> UserId {
    id(Kind::User, n).into()
}

/// The name of the nth person.
#[must_use]
pub fn username(n: i32) -> String {
    format!("seed.{n:05}")
}

/// The nth group, from 1.
#[must_use]
pub fn group(n: i32) -> GroupId {
    id(Kind::Group, n).into()
}

/// A channel of a group; 0 is `general`.
#[must_use]
pub fn channel(group: i32, place: i32) -> ConversationId {
    id(Kind::Channel, group * 100 + place).into()
}

/// The nth direct chat, from 1; the first ones are those of person 1 with persons 2, 3 and so on.
#[must_use]
pub fn direct(n: i32) -> ConversationId {
    id(Kind::Direct, n).into()
}

/// Fills a migrated database that holds no seed yet. Everybody gets the same password's hash.
pub async fn seed(database_url: &str, size: Size, password_hash: &str) {
    let mut conn = AsyncPgConnection::establish(database_url).await.unwrap();
    let settings = format!(
        "SET seed.users = '{}'; SET seed.groups = '{}'; SET seed.messages = '{}'; \
         SET seed.password_hash = '{}'; SET jit = off; SET synchronous_commit = off; \
         SET work_mem = '256MB'; SET maintenance_work_mem = '512MB'; SET statement_timeout = 0;",
        size.users,
        size.groups,
        size.messages,
        password_hash.replace('\'', "''"),
    );
    conn.batch_execute(&settings).await.unwrap();
    conn.batch_execute(STATEMENTS).await.unwrap();
}

/// One more group of everybody, which person 1 owns: through the API it would take ten thousand
/// people to join it.
pub async fn crowd(database_url: &str) -> GroupId {
    let mut conn = AsyncPgConnection::establish(database_url).await.unwrap();
    let crowd = GroupId::new();
    let settings = format!(
        "SET seed.everybody = '{}'; SET seed.crowd = '{crowd}'; SET seed.general = '{}';",
        group(1),
        ConversationId::new()
    );
    conn.batch_execute(&settings).await.unwrap();
    conn.batch_execute(CROWD).await.unwrap();
    crowd
}
