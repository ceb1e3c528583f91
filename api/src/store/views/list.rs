//! A member's list of conversations, in its order.

use chrono::{DateTime, Utc};
use diesel::result::QueryResult;
use diesel::sql_types::{BigInt, Bool, Integer, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use protocol::ids::UserId;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::ViewRow;
use crate::domain::cursor;
use crate::error::ApiError;
use crate::store::Conn;
use crate::store::sql::sql;

/// Where a conversation stands in its member's list.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct ListPosition {
    /// 0 if pinned.
    band: i32,
    pin: i32,
    active_at: DateTime<Utc>,
    id: Uuid,
}

impl ListPosition {
    /// Before everything.
    pub const START: Self = Self {
        band: -1,
        pin: 0,
        active_at: DateTime::UNIX_EPOCH,
        id: Uuid::nil(),
    };

    /// Reads what a page has given.
    ///
    /// # Errors
    /// 400 for anything else.
    pub fn decode(text: &str) -> Result<Self, ApiError> {
        let position: Self = cursor::decode(text)?;
        cursor::moment(position.active_at)?;
        Ok(position)
    }
}

impl ViewRow {
    /// Where it stands in its member's list.
    #[must_use]
    pub fn list_position(&self) -> ListPosition {
        ListPosition {
            band: i32::from(!self.pinned),
            pin: if self.pinned {
                self.pin_position.unwrap_or(i32::MAX)
            } else {
                0
            },
            active_at: self.active_at,
            id: self.id,
        }
    }
}

/// The order of a member's list: see [`ListPosition`].
macro_rules! list_order {
    ($m:literal, $c:literal) => {
        concat!(band_and_pin!($m), ", ", $c, ".active_at DESC, ", $c, ".id")
    };
}

macro_rules! band_and_pin {
    ($m:literal) => {
        concat!(
            "(NOT ",
            $m,
            ".pinned)::integer, CASE WHEN ",
            $m,
            ".pinned THEN coalesce(",
            $m,
            ".pin_position, 2147483647) ELSE 0 END"
        )
    };
}

/// A page of a member's list: pinned first, then by latest activity.
pub async fn list(
    conn: &mut Conn,
    user: UserId,
    archived: bool,
    after: ListPosition,
    limit: i64,
) -> QueryResult<Vec<ViewRow>> {
    sql(concat!(
        view_sql!(concat!(
            "m.user_id = {} AND m.archived = {} AND (m.deleted_seq IS NULL OR c.last_seq > m.deleted_seq) AND ((",
            band_and_pin!("m"),
            ") > ({}, {}) OR (",
            band_and_pin!("m"),
            ") = ({}, {}) AND (c.active_at < {} OR c.active_at = {} AND c.id > {})) ORDER BY ",
            list_order!("m", "c"),
            " LIMIT {}"
        )),
        " ORDER BY ",
        list_order!("v", "v"),
    ))
    .bind::<SqlUuid, _>(user.0)
    .bind::<Bool, _>(archived)
    .bind::<Integer, _>(after.band)
    .bind::<Integer, _>(after.pin)
    .bind::<Integer, _>(after.band)
    .bind::<Integer, _>(after.pin)
    .bind::<Timestamptz, _>(after.active_at)
    .bind::<Timestamptz, _>(after.active_at)
    .bind::<SqlUuid, _>(after.id)
    .bind::<BigInt, _>(limit)
    .load(conn)
    .await
}
