//! Groups and channels that are gone, and what is left of them for a while.

use diesel::QueryableByName;
use diesel::result::QueryResult;
use diesel::sql_types::{Array, BigInt, Bool, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::super::Conn;
use super::super::sql::sql;

/// Whether this id was a group's or a channel's that is gone.
pub async fn is_gone(conn: &mut Conn, id: Uuid) -> QueryResult<bool> {
    #[derive(QueryableByName)]
    struct Gone {
        #[diesel(sql_type = Bool)]
        gone: bool,
    }
    let row: Gone =
        sql("SELECT EXISTS (SELECT FROM removed_conversations WHERE conversation_id = {}) AS gone")
            .bind::<SqlUuid, _>(id)
            .get_result(conn)
            .await?;
    Ok(row.gone)
}

/// Ends locked groups whose channels are locked: nothing of them can be found any more. What their
/// channels held is swept later. People choose ids: a channel may have its group's, or one that a
/// channel before it had.
pub async fn end(conn: &mut Conn, ids: &[Uuid]) -> QueryResult<()> {
    sql("WITH ending AS MATERIALIZED ( \
             SELECT unnest({}) AS id \
         ), icon AS ( \
             INSERT INTO unshown_pictures (key) SELECT icon_key FROM groups \
             WHERE id IN (SELECT id FROM ending) AND icon_key IS NOT NULL \
         ), ended AS ( \
             DELETE FROM groups WHERE id IN (SELECT id FROM ending) RETURNING id \
         ), channel AS ( \
             DELETE FROM conversations WHERE group_id IN (SELECT id FROM ending) RETURNING id \
         ), gone AS ( \
             INSERT INTO removed_conversations (conversation_id) \
             SELECT id FROM channel UNION SELECT id FROM ended \
             ON CONFLICT (conversation_id) DO UPDATE SET swept_at = NULL \
         ), member AS ( \
             DELETE FROM group_members WHERE group_id IN (SELECT id FROM ending) RETURNING group_id, user_id \
         ), removal AS ( \
             INSERT INTO removals (group_id, user_id) SELECT group_id, user_id FROM member ORDER BY 1, 2 \
             ON CONFLICT (group_id, user_id) DO UPDATE SET created_at = excluded.created_at \
         ), ban AS ( \
             DELETE FROM bans WHERE group_id IN (SELECT id FROM ending) \
         ) DELETE FROM invites WHERE group_id IN (SELECT id FROM ending)")
    .bind::<Array<SqlUuid>, _>(ids)
    .execute(conn)
    .await?;
    Ok(())
}

/// Channels (and groups) that are gone and may have something left.
pub async fn unswept(conn: &mut Conn) -> QueryResult<Vec<Uuid>> {
    #[derive(QueryableByName)]
    struct Unswept {
        #[diesel(sql_type = SqlUuid)]
        conversation_id: Uuid,
    }
    let rows: Vec<Unswept> = sql(
        "SELECT conversation_id FROM removed_conversations WHERE swept_at IS NULL ORDER BY created_at",
    )
    .load(conn)
    .await?;
    Ok(rows.into_iter().map(|row| row.conversation_id).collect())
}

/// Deletes a piece of what a channel that is gone has left; how many rows that was. Rows that someone
/// else is just deleting are passed over.
pub async fn sweep_piece(conn: &mut Conn, id: Uuid, rows: i64) -> QueryResult<usize> {
    let messages = sql("DELETE FROM messages WHERE (conversation_id, seq) IN ( \
             SELECT conversation_id, seq FROM messages WHERE conversation_id = {} \
             ORDER BY seq LIMIT {} FOR UPDATE SKIP LOCKED)")
    .bind::<SqlUuid, _>(id)
    .bind::<BigInt, _>(rows)
    .execute(conn)
    .await?;
    let members = sql("DELETE FROM members WHERE (conversation_id, user_id) IN ( \
             SELECT conversation_id, user_id FROM members WHERE conversation_id = {} \
             ORDER BY user_id LIMIT {} FOR UPDATE SKIP LOCKED)")
    .bind::<SqlUuid, _>(id)
    .bind::<BigInt, _>(rows)
    .execute(conn)
    .await?;
    let mentions = sql(
        "DELETE FROM mentions WHERE (conversation_id, user_id, seq) IN ( \
             SELECT conversation_id, user_id, seq FROM mentions WHERE conversation_id = {} \
             ORDER BY user_id, seq LIMIT {} FOR UPDATE SKIP LOCKED)",
    )
    .bind::<SqlUuid, _>(id)
    .bind::<BigInt, _>(rows)
    .execute(conn)
    .await?;
    let hides = sql(
        "DELETE FROM message_hides WHERE (conversation_id, user_id, seq) IN ( \
             SELECT conversation_id, user_id, seq FROM message_hides WHERE conversation_id = {} \
             ORDER BY user_id, seq LIMIT {} FOR UPDATE SKIP LOCKED)",
    )
    .bind::<SqlUuid, _>(id)
    .bind::<BigInt, _>(rows)
    .execute(conn)
    .await?;
    let reactions = sql(
        "DELETE FROM reactions WHERE (conversation_id, seq, user_id, emoji) IN ( \
             SELECT conversation_id, seq, user_id, emoji FROM reactions WHERE conversation_id = {} \
             ORDER BY seq, user_id, emoji LIMIT {} FOR UPDATE SKIP LOCKED)",
    )
    .bind::<SqlUuid, _>(id)
    .bind::<BigInt, _>(rows)
    .execute(conn)
    .await?;
    let files = sql(
        "UPDATE attachments SET deleted_at = clock_timestamp() WHERE id IN ( \
             SELECT id FROM attachments WHERE conversation_id = {} AND deleted_at IS NULL \
             ORDER BY id LIMIT {} FOR NO KEY UPDATE SKIP LOCKED)",
    )
    .bind::<SqlUuid, _>(id)
    .bind::<BigInt, _>(rows)
    .execute(conn)
    .await?;
    let floors = sql("DELETE FROM receipt_floors WHERE conversation_id = {}")
        .bind::<SqlUuid, _>(id)
        .execute(conn)
        .await?;
    Ok(messages + members + mentions + hides + reactions + files + floors)
}

/// Notes that nothing is left of a channel that is gone, if so: another process may be deleting
/// what was passed over.
pub async fn set_swept(conn: &mut Conn, id: Uuid) -> QueryResult<()> {
    sql("UPDATE removed_conversations r SET swept_at = clock_timestamp() WHERE conversation_id = {} \
         AND NOT EXISTS (SELECT FROM messages m WHERE m.conversation_id = r.conversation_id) \
         AND NOT EXISTS (SELECT FROM members m WHERE m.conversation_id = r.conversation_id) \
         AND NOT EXISTS (SELECT FROM mentions m WHERE m.conversation_id = r.conversation_id) \
         AND NOT EXISTS (SELECT FROM message_hides h WHERE h.conversation_id = r.conversation_id) \
         AND NOT EXISTS (SELECT FROM reactions x WHERE x.conversation_id = r.conversation_id) \
         AND NOT EXISTS (SELECT FROM attachments a WHERE a.conversation_id = r.conversation_id \
             AND a.deleted_at IS NULL)")
    .bind::<SqlUuid, _>(id)
    .execute(conn)
    .await?;
    Ok(())
}
