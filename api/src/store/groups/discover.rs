//! Public groups, found by their words.

use diesel::QueryableByName;
use diesel::result::QueryResult;
use diesel::sql_types::{BigInt, Nullable, SmallInt, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use protocol::group::Role;
use protocol::ids::UserId;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::super::Conn;
use super::super::sql::sql;
use super::{GroupRow, group_columns, members};

/// By what public groups are ordered, most first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    /// How many are in it.
    #[default]
    Members,
    /// When something was last said.
    Activity,
    /// When it was made.
    New,
}

/// A public group, and what the caller is in it.
#[derive(Clone, Debug, QueryableByName)]
pub struct Found {
    /// Which.
    #[diesel(embed)]
    pub group: GroupRow,
    #[diesel(sql_type = Nullable<SmallInt>)]
    role: Option<i16>,
}

/// Where a group stands in the list: the value it is ordered by, and which it is.
pub type Position = (i64, Uuid);

/// Before everything: no count and no moment of a year with four digits is beyond.
pub const START: Position = (253_402_300_799_999_999, Uuid::max());

impl Found {
    /// As what the caller is in it.
    #[must_use]
    pub fn role(&self) -> Option<Role> {
        self.role.map(members::role)
    }

    /// Where it stands in the list: moments count in microseconds since 1970.
    #[must_use]
    pub fn position(&self, sort: Sort) -> Position {
        let value = match sort {
            Sort::Members => i64::from(self.group.member_count),
            Sort::Activity => self.group.active_at.timestamp_micros(),
            Sort::New => self.group.created_at.timestamp_micros(),
        };
        (value, self.group.id)
    }
}

/// Public groups ordered by a column that an index of theirs has. With words and without are two
/// statements: a plan for both would serve neither.
macro_rules! discover_sql {
    ($column:literal, $before:literal, $words:literal) => {
        concat!(
            "SELECT ",
            group_columns!(),
            ", m.role FROM groups g \
             LEFT JOIN group_members m ON m.group_id = g.id AND m.user_id = {} \
             WHERE g.public AND (g.",
            $column,
            ", g.id) < (",
            $before,
            ", {})",
            $words,
            " ORDER BY g.",
            $column,
            " DESC, g.id DESC LIMIT {}"
        )
    };
    ($sort:expr, $words:literal) => {
        sql(match $sort {
            Sort::Members => discover_sql!("member_count", "{}", $words),
            Sort::Activity => {
                discover_sql!(
                    "active_at",
                    "timestamptz 'epoch' + {} * interval '1 microsecond'",
                    $words
                )
            }
            Sort::New => {
                discover_sql!(
                    "created_at",
                    "timestamptz 'epoch' + {} * interval '1 microsecond'",
                    $words
                )
            }
        })
    };
}

/// Public groups, the most first, after `after`; with these words (a `tsquery`), if there are any.
pub async fn list(
    conn: &mut Conn,
    caller: UserId,
    words: Option<&str>,
    sort: Sort,
    after: Position,
    limit: i64,
) -> QueryResult<Vec<Found>> {
    match words {
        None => {
            discover_sql!(sort, "")
                .bind::<SqlUuid, _>(caller.0)
                .bind::<BigInt, _>(after.0)
                .bind::<SqlUuid, _>(after.1)
                .bind::<BigInt, _>(limit)
                .load(conn)
                .await
        }
        Some(words) => {
            discover_sql!(sort, " AND g.search @@ to_tsquery('simple', {})")
                .bind::<SqlUuid, _>(caller.0)
                .bind::<BigInt, _>(after.0)
                .bind::<SqlUuid, _>(after.1)
                .bind::<Text, _>(words)
                .bind::<BigInt, _>(limit)
                .load(conn)
                .await
        }
    }
}
