//! Ways into a group. They are changed under the group's lock.

use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::result::QueryResult;
use diesel::sql_types::{BigInt, Bool, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use protocol::group::Invite;
use protocol::ids::{GroupId, InviteId, UserId};
use uuid::Uuid;

use super::super::Conn;
use super::super::sql::sql;
use crate::domain::invite::{InviteCode, NewInvite};

/// An invite's row.
#[derive(Clone, Debug, QueryableByName)]
pub struct InviteRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    code: String,
    #[diesel(sql_type = SqlUuid)]
    group_id: Uuid,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    expires_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Integer>)]
    max_uses: Option<i32>,
    #[diesel(sql_type = Integer)]
    uses: i32,
    /// Whether it works, now.
    #[diesel(sql_type = Bool)]
    pub works: bool,
}

/// What makes an invite work. Without an end it has no `least`.
macro_rules! works {
    () => {
        "coalesce(least(i.expires_at, i.ended_at) > clock_timestamp(), true)"
    };
}

macro_rules! invite_columns {
    () => {
        concat!(
            "i.id, i.code, i.group_id, i.created_at, i.expires_at, i.max_uses, i.uses, ",
            works!(),
            " AS works"
        )
    };
}

impl InviteRow {
    /// Which.
    #[must_use]
    pub fn id(&self) -> InviteId {
        self.id.into()
    }

    /// Where it leads.
    #[must_use]
    pub fn group(&self) -> GroupId {
        self.group_id.into()
    }

    /// Where it stands in the list.
    #[must_use]
    pub fn position(&self) -> (DateTime<Utc>, Uuid) {
        (self.created_at, self.id)
    }

    /// As answers show it; `public_url` is where the web client is.
    #[must_use]
    pub fn invite(self, public_url: &str) -> Invite {
        Invite {
            id: self.id.into(),
            url: format!("{public_url}/invite/{}", self.code),
            code: self.code,
            expires_at: self.expires_at.map(Into::into),
            max_uses: self.max_uses,
            uses: self.uses,
            created_at: self.created_at.into(),
        }
    }
}

/// Makes an invite into a locked group; `None` if the id is taken.
pub async fn insert(
    conn: &mut Conn,
    group: GroupId,
    by: UserId,
    new: &NewInvite,
    code: &InviteCode,
) -> QueryResult<Option<InviteRow>> {
    let rows: Vec<InviteRow> = sql(concat!(
        "INSERT INTO invites AS i (id, code, group_id, created_by, expires_at, max_uses) \
         VALUES ({}, {}, {}, {}, \
             date_trunc('milliseconds', clock_timestamp()) + {} * interval '1 second', {}) \
         ON CONFLICT (id) DO NOTHING RETURNING ",
        invite_columns!()
    ))
    .bind::<SqlUuid, _>(new.id.0)
    .bind::<Text, _>(code.as_str())
    .bind::<SqlUuid, _>(group.0)
    .bind::<SqlUuid, _>(by.0)
    .bind::<Nullable<BigInt>, _>(new.expires_in)
    .bind::<Nullable<Integer>, _>(new.max_uses)
    .load(conn)
    .await?;
    Ok(rows.into_iter().next())
}

/// One invite by its id.
pub async fn find(conn: &mut Conn, id: InviteId) -> QueryResult<Option<InviteRow>> {
    let rows: Vec<InviteRow> = sql(concat!(
        "SELECT ",
        invite_columns!(),
        " FROM invites i WHERE i.id = {}"
    ))
    .bind::<SqlUuid, _>(id.0)
    .load(conn)
    .await?;
    Ok(rows.into_iter().next())
}

/// One invite by its code, working or not.
pub async fn by_code(conn: &mut Conn, code: &InviteCode) -> QueryResult<Option<InviteRow>> {
    let rows: Vec<InviteRow> = sql(concat!(
        "SELECT ",
        invite_columns!(),
        " FROM invites i WHERE i.code = {}"
    ))
    .bind::<Text, _>(code.as_str())
    .load(conn)
    .await?;
    Ok(rows.into_iter().next())
}

/// A group's working invites, newest first, before `before`.
pub async fn list(
    conn: &mut Conn,
    group: GroupId,
    before: (DateTime<Utc>, Uuid),
    limit: i64,
) -> QueryResult<Vec<InviteRow>> {
    sql(concat!(
        "SELECT ",
        invite_columns!(),
        " FROM invites i WHERE i.group_id = {} AND ",
        works!(),
        " AND (i.created_at, i.id) < ({}, {}) ORDER BY i.created_at DESC, i.id DESC LIMIT {}"
    ))
    .bind::<SqlUuid, _>(group.0)
    .bind::<Timestamptz, _>(before.0)
    .bind::<SqlUuid, _>(before.1)
    .bind::<BigInt, _>(limit)
    .load(conn)
    .await
}

/// How many working invites a locked group has.
pub async fn count(conn: &mut Conn, group: GroupId) -> QueryResult<i64> {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        invites: i64,
    }
    let row: Count = sql(concat!(
        "SELECT count(*) AS invites FROM invites i \
         WHERE i.group_id = {} AND ",
        works!()
    ))
    .bind::<SqlUuid, _>(group.0)
    .get_result(conn)
    .await?;
    Ok(row.invites)
}

/// Takes one use of an invite into a locked group; false if it does not work any more. The last one
/// ends it.
pub async fn take_use(conn: &mut Conn, id: InviteId) -> QueryResult<bool> {
    let rows = sql(concat!(
        "UPDATE invites i SET uses = uses + 1, \
             ended_at = CASE WHEN uses + 1 = max_uses THEN clock_timestamp() END \
         WHERE i.id = {} AND ",
        works!()
    ))
    .bind::<SqlUuid, _>(id.0)
    .execute(conn)
    .await?;
    Ok(rows == 1)
}

/// Ends an invite; nothing happens if it has ended.
pub async fn end(conn: &mut Conn, id: InviteId) -> QueryResult<()> {
    sql("UPDATE invites SET ended_at = clock_timestamp() WHERE id = {} AND ended_at IS NULL")
        .bind::<SqlUuid, _>(id.0)
        .execute(conn)
        .await?;
    Ok(())
}

/// Forgets invites that ended before this moment.
pub async fn sweep(conn: &mut Conn, ended_before: DateTime<Utc>) -> QueryResult<()> {
    sql("DELETE FROM invites WHERE id IN ( \
             SELECT id FROM invites WHERE least(expires_at, ended_at) < {} ORDER BY id FOR UPDATE SKIP LOCKED)")
    .bind::<Timestamptz, _>(ended_before)
    .execute(conn)
    .await?;
    Ok(())
}
