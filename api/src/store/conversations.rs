//! Beginning conversations, and changing a member's own view.

use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::result::QueryResult;
use diesel::sql_types::{
    Array, BigInt, Bool, Integer, Nullable, SmallInt, Timestamptz, Uuid as SqlUuid,
};
use diesel_async::RunQueryDsl;
use protocol::ids::{ConversationId, UserId};
use uuid::Uuid;

use super::Conn;
use super::sql::sql;

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

/// The direct chat of two users.
pub async fn find_direct(
    conn: &mut Conn,
    one: UserId,
    other: UserId,
) -> QueryResult<Option<ConversationId>> {
    let rows: Vec<Id> =
        sql("SELECT id FROM conversations WHERE direct_low = {} AND direct_high = {}")
            .bind::<SqlUuid, _>(one.0.min(other.0))
            .bind::<SqlUuid, _>(one.0.max(other.0))
            .load(conn)
            .await?;
    Ok(rows.into_iter().next().map(|row| row.id.into()))
}

/// Makes the direct chat of two users. They are locked and have none.
pub async fn insert_direct(
    conn: &mut Conn,
    one: UserId,
    other: UserId,
) -> QueryResult<ConversationId> {
    let (low, high) = (one.0.min(other.0), one.0.max(other.0));
    let id = ConversationId::new();
    sql("INSERT INTO conversations (id, kind, direct_low, direct_high) VALUES ({}, 1, {}, {})")
        .bind::<SqlUuid, _>(id.0)
        .bind::<SqlUuid, _>(low)
        .bind::<SqlUuid, _>(high)
        .execute(conn)
        .await?;
    sql("INSERT INTO members (conversation_id, user_id) SELECT {}, unnest({}) ORDER BY 2")
        .bind::<SqlUuid, _>(id.0)
        .bind::<Array<SqlUuid>, _>(vec![low, high])
        .execute(conn)
        .await?;
    Ok(id)
}

/// A member's row, locked, with what its changes are judged by.
#[derive(Clone, Debug, QueryableByName)]
pub struct Membership {
    /// 1 is direct.
    #[diesel(sql_type = SmallInt)]
    pub kind: i16,
    /// The newest message's place.
    #[diesel(sql_type = BigInt)]
    pub last_seq: i64,
    /// The conversation's revision.
    #[diesel(sql_type = BigInt)]
    pub rev: i64,
    /// Whether the chat is pinned.
    #[diesel(sql_type = Bool)]
    pub pinned: bool,
}

/// Locks a member's row; `None` if the user is not a member.
///
/// The conversation is read first and not locked: its counters only rise, so that a change of the
/// member's own view needs no more than a value that was true.
pub async fn lock_membership(
    conn: &mut Conn,
    user: UserId,
    id: ConversationId,
) -> QueryResult<Option<Membership>> {
    let rows: Vec<Membership> = sql(
        "SELECT c.kind, c.last_seq, c.rev, m.pinned FROM members m JOIN conversations c ON c.id = m.conversation_id \
         WHERE m.conversation_id = {} AND m.user_id = {} FOR NO KEY UPDATE OF m",
    )
    .bind::<SqlUuid, _>(id.0)
    .bind::<SqlUuid, _>(user.0)
    .load(conn)
    .await?;
    Ok(rows.into_iter().next())
}

/// How many chats a user has pinned; a deleted channel may have left its row behind. Two pins at
/// once may go one beyond the limit, no further.
pub async fn pinned(conn: &mut Conn, user: UserId) -> QueryResult<i64> {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        pinned: i64,
    }
    let row: Count = sql(
        "SELECT count(*) AS pinned FROM members m JOIN conversations c ON c.id = m.conversation_id \
         WHERE m.user_id = {} AND m.pinned",
    )
    .bind::<SqlUuid, _>(user.0)
    .get_result(conn)
    .await?;
    Ok(row.pinned)
}

/// A change of one's own view: `None` leaves a field as it is.
#[derive(Clone, Debug, Default)]
pub struct ViewChange {
    /// Put aside, or back.
    pub archived: Option<bool>,
    /// To the top, or back.
    pub pinned: Option<bool>,
    /// Its place among the pinned.
    pub pin_position: Option<Option<i32>>,
    /// No notification until then.
    pub muted_until: Option<Option<DateTime<Utc>>>,
    /// Marked unread from here.
    pub unread_from_seq: Option<Option<i64>>,
}

/// Changes a member's own view, and moves its version.
pub async fn change_view(
    conn: &mut Conn,
    user: UserId,
    id: ConversationId,
    change: &ViewChange,
) -> QueryResult<()> {
    sql("UPDATE members SET version = version + 1, \
             archived = coalesce({}, archived), pinned = coalesce({}, pinned), \
             pin_position = CASE WHEN NOT coalesce({}, pinned) THEN NULL WHEN {} THEN {} ELSE pin_position END, \
             muted_until = CASE WHEN {} THEN {} ELSE muted_until END, \
             unread_from_seq = CASE WHEN {} THEN {} ELSE unread_from_seq END \
         WHERE conversation_id = {} AND user_id = {}")
    .bind::<Nullable<Bool>, _>(change.archived)
    .bind::<Nullable<Bool>, _>(change.pinned)
    .bind::<Nullable<Bool>, _>(change.pinned)
    .bind::<Bool, _>(change.pin_position.is_some())
    .bind::<Nullable<Integer>, _>(change.pin_position.flatten())
    .bind::<Bool, _>(change.muted_until.is_some())
    .bind::<Nullable<Timestamptz>, _>(change.muted_until.flatten())
    .bind::<Bool, _>(change.unread_from_seq.is_some())
    .bind::<Nullable<BigInt>, _>(change.unread_from_seq.flatten())
    .bind::<SqlUuid, _>(id.0)
    .bind::<SqlUuid, _>(user.0)
    .execute(conn)
    .await?;
    Ok(())
}

/// Makes everything up to `seq` vanish for the member; with `unlist`, the chat leaves the list too.
pub async fn clear(
    conn: &mut Conn,
    user: UserId,
    id: ConversationId,
    seq: i64,
    unlist: bool,
) -> QueryResult<()> {
    sql(
        "UPDATE members SET version = version + 1, cleared_seq = greatest(cleared_seq, {}), \
             unread_from_seq = NULL, \
             deleted_seq = CASE WHEN {} THEN {} ELSE deleted_seq END, \
             archived = archived AND NOT {}, pinned = pinned AND NOT {}, \
             pin_position = CASE WHEN {} THEN NULL ELSE pin_position END \
         WHERE conversation_id = {} AND user_id = {}",
    )
    .bind::<BigInt, _>(seq)
    .bind::<Bool, _>(unlist)
    .bind::<BigInt, _>(seq)
    .bind::<Bool, _>(unlist)
    .bind::<Bool, _>(unlist)
    .bind::<Bool, _>(unlist)
    .bind::<SqlUuid, _>(id.0)
    .bind::<SqlUuid, _>(user.0)
    .execute(conn)
    .await?;
    Ok(())
}
