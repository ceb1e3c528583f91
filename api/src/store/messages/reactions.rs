//! Who chose which emoji. The table holds everyone; the message's row holds what is shown.

use diesel::QueryableByName;
use diesel::result::QueryResult;
use diesel::sql_types::{BigInt, Jsonb, Nullable, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use protocol::ids::{ConversationId, UserId};
use protocol::limits;
use protocol::message::Reaction;
use uuid::Uuid;

use super::changing::Change;
use crate::store::Conn;
use crate::store::accounts::UserRow;
use crate::store::sql::sql;

/// Adds a user's emoji; false if it was there already.
pub async fn insert(
    conn: &mut Conn,
    change: Change,
    user: UserId,
    emoji: &str,
) -> QueryResult<bool> {
    let rows = sql(
        "INSERT INTO reactions (conversation_id, seq, user_id, emoji) VALUES ({}, {}, {}, {}) \
         ON CONFLICT DO NOTHING",
    )
    .bind::<SqlUuid, _>(change.id.0)
    .bind::<BigInt, _>(change.seq)
    .bind::<SqlUuid, _>(user.0)
    .bind::<Text, _>(emoji)
    .execute(conn)
    .await?;
    Ok(rows == 1)
}

/// Takes a user's emoji back; false if it was not there.
pub async fn delete(
    conn: &mut Conn,
    change: Change,
    user: UserId,
    emoji: &str,
) -> QueryResult<bool> {
    let rows = sql(
        "DELETE FROM reactions WHERE conversation_id = {} AND seq = {} AND user_id = {} AND emoji = {}",
    )
    .bind::<SqlUuid, _>(change.id.0)
    .bind::<BigInt, _>(change.seq)
    .bind::<SqlUuid, _>(user.0)
    .bind::<Text, _>(emoji)
    .execute(conn)
    .await?;
    Ok(rows == 1)
}

/// Who chose an emoji last, as far as a message names them.
pub async fn newest(conn: &mut Conn, change: Change, emoji: &str) -> QueryResult<Vec<UserId>> {
    #[derive(QueryableByName)]
    struct Chooser {
        #[diesel(sql_type = SqlUuid)]
        user_id: Uuid,
    }
    let rows: Vec<Chooser> = sql(
        "SELECT user_id FROM reactions WHERE conversation_id = {} AND seq = {} AND emoji = {} \
         ORDER BY id DESC LIMIT {}",
    )
    .bind::<SqlUuid, _>(change.id.0)
    .bind::<BigInt, _>(change.seq)
    .bind::<Text, _>(emoji)
    .bind::<BigInt, _>(limits::REACTION_USERS as i64)
    .load(conn)
    .await?;
    Ok(rows.into_iter().map(|row| row.user_id.into()).collect())
}

/// Writes what is shown under a message.
pub async fn show(conn: &mut Conn, change: Change, reactions: &[Reaction]) -> QueryResult<()> {
    let shown = (!reactions.is_empty()).then(|| serde_json::to_value(reactions));
    let shown = shown
        .transpose()
        .map_err(|error| diesel::result::Error::SerializationError(error.into()))?;
    sql("UPDATE messages SET rev = {}, reactions = {} WHERE conversation_id = {} AND seq = {}")
        .bind::<BigInt, _>(change.rev)
        .bind::<Nullable<Jsonb>, _>(shown)
        .bind::<SqlUuid, _>(change.id.0)
        .bind::<BigInt, _>(change.seq)
        .execute(conn)
        .await?;
    Ok(())
}

/// Someone who chose an emoji.
#[derive(Debug, QueryableByName)]
pub struct Chooser {
    /// Who.
    #[diesel(embed)]
    pub user: UserRow,
    /// Where they stand in the list.
    #[diesel(sql_type = BigInt)]
    pub reaction_id: i64,
}

/// Who chose an emoji, newest first, before `before`.
pub async fn list(
    conn: &mut Conn,
    id: ConversationId,
    seq: i64,
    emoji: &str,
    before: i64,
    limit: i64,
) -> QueryResult<Vec<Chooser>> {
    sql("SELECT u.*, r.id AS reaction_id FROM ( \
             SELECT user_id, id FROM reactions \
             WHERE conversation_id = {} AND seq = {} AND emoji = {} AND id < {} ORDER BY id DESC LIMIT {} \
         ) r JOIN users u ON u.id = r.user_id ORDER BY r.id DESC")
    .bind::<SqlUuid, _>(id.0)
    .bind::<BigInt, _>(seq)
    .bind::<Text, _>(emoji)
    .bind::<BigInt, _>(before)
    .bind::<BigInt, _>(limit)
    .load(conn)
    .await
}
