//! Files: what is known of them, and who may read them. Their bytes are elsewhere (`files/`).

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::QueryableByName;
use diesel::result::QueryResult;
use diesel::sql_types::{
    Array, BigInt, Bool, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid,
};
use diesel_async::RunQueryDsl;
use protocol::ids::{AttachmentId, UserId};
use protocol::message::Attachment;
use uuid::Uuid;

use super::Conn;
use super::sql::sql;
use crate::domain::media_type::MediaType;

/// A file, however small, takes a row and a block of the disk.
const LEAST_BYTES: i64 = 64 * 1024;

/// A file's row, as far as answers need it.
#[derive(Clone, Debug, QueryableByName)]
pub struct AttachmentRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    /// What it is called.
    #[diesel(sql_type = Text)]
    pub name: String,
    /// What it is.
    #[diesel(sql_type = Text)]
    pub content_type: String,
    #[diesel(sql_type = BigInt)]
    size: i64,
    #[diesel(sql_type = Nullable<Integer>)]
    width: Option<i32>,
    #[diesel(sql_type = Nullable<Integer>)]
    height: Option<i32>,
    /// Whether it has a small picture.
    #[diesel(sql_type = Bool)]
    pub has_thumbnail: bool,
    #[diesel(sql_type = Nullable<Text>)]
    placeholder: Option<String>,
}

impl AttachmentRow {
    /// Which.
    #[must_use]
    pub fn id(&self) -> AttachmentId {
        self.id.into()
    }

    /// How many bytes it has.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        u64::try_from(self.size).unwrap_or_default()
    }

    /// What its readers are told of it.
    #[must_use]
    pub fn attachment(self) -> Attachment {
        let id = self.id();
        Attachment {
            id,
            name: self.name,
            content_type: self.content_type,
            size: self.size,
            width: self.width,
            height: self.height,
            url: Attachment::url_of(id),
            thumbnail_url: self.has_thumbnail.then(|| Attachment::thumbnail_url_of(id)),
            placeholder: self.placeholder,
        }
    }
}

/// The columns of an `AttachmentRow`.
macro_rules! columns {
    () => {
        "a.id, a.name, a.content_type, a.size, a.width, a.height, a.has_thumbnail, a.placeholder"
    };
}

/// Whether a file `a` is there for anybody: it is not deleted, and neither is the channel that its
/// message was in, of which the sweeper learns later.
macro_rules! is_there {
    () => {
        "a.deleted_at IS NULL AND (a.conversation_id IS NULL \
         OR EXISTS (SELECT FROM conversations c WHERE c.id = a.conversation_id))"
    };
}

/// A file whose bytes are about to be kept.
#[derive(Clone, Debug)]
pub struct NewAttachment {
    /// What it will be called on the wire.
    pub id: AttachmentId,
    /// Whose it is.
    pub uploader: UserId,
    /// What people call it.
    pub name: String,
    /// What it is.
    pub content_type: MediaType,
    /// How many bytes will be kept.
    pub size: u64,
    /// Width and height, of a picture.
    pub sides: Option<[u32; 2]>,
    /// What stands in for a picture until its bytes are there.
    pub placeholder: Option<String>,
}

impl NewAttachment {
    /// One of which no more is known.
    #[must_use]
    pub fn new(uploader: UserId, name: String) -> Self {
        Self {
            id: AttachmentId::new(),
            uploader,
            name,
            content_type: MediaType::UNKNOWN,
            size: 0,
            sides: None,
            placeholder: None,
        }
    }
}

/// Notes a file that nobody can read yet.
pub async fn reserve(conn: &mut Conn, new: &NewAttachment) -> QueryResult<()> {
    let side = |i: usize| {
        new.sides
            .and_then(|sides| i32::try_from(*sides.get(i)?).ok())
    };
    sql("INSERT INTO attachments (id, uploader_id, name, content_type, size, width, height, has_thumbnail, placeholder, deleted_at) \
         VALUES ({}, {}, {}, {}, {}, {}, {}, {}, {}, clock_timestamp())")
    .bind::<SqlUuid, _>(new.id.0)
    .bind::<SqlUuid, _>(new.uploader.0)
    .bind::<Text, _>(new.name.as_str())
    .bind::<Text, _>(new.content_type.as_str())
    .bind::<BigInt, _>(i64::try_from(new.size).unwrap_or(i64::MAX))
    .bind::<Nullable<Integer>, _>(side(0))
    .bind::<Nullable<Integer>, _>(side(1))
    .bind::<Bool, _>(new.sides.is_some())
    .bind::<Nullable<Text>, _>(new.placeholder.as_deref())
    .execute(conn)
    .await?;
    Ok(())
}

/// Lets a file that was noted be read; `None` if it has been swept meanwhile.
pub async fn complete(conn: &mut Conn, id: AttachmentId) -> QueryResult<Option<AttachmentRow>> {
    let rows: Vec<AttachmentRow> = sql(concat!(
        "UPDATE attachments a SET deleted_at = NULL WHERE a.id = {} RETURNING ",
        columns!()
    ))
    .bind::<SqlUuid, _>(id.0)
    .load(conn)
    .await?;
    Ok(rows.into_iter().next())
}

/// Of these files, those that a user has uploaded and no message holds, in their order.
pub async fn unheld(
    conn: &mut Conn,
    uploader: UserId,
    ids: &[AttachmentId],
) -> QueryResult<Vec<AttachmentRow>> {
    sql(concat!(
        "SELECT ",
        columns!(),
        " FROM unnest({}) WITH ORDINALITY AS k (id, i) JOIN attachments a ON a.id = k.id \
         WHERE a.uploader_id = {} AND a.message_id IS NULL AND a.deleted_at IS NULL ORDER BY k.i"
    ))
    .bind::<Array<SqlUuid>, _>(ids.iter().map(|id| id.0).collect::<Vec<_>>())
    .bind::<SqlUuid, _>(uploader.0)
    .load(conn)
    .await
}

/// How much a user has uploaded within this time that no message holds.
pub async fn unheld_bytes(conn: &mut Conn, user: UserId, within: Duration) -> QueryResult<u64> {
    #[derive(QueryableByName)]
    struct Sum {
        #[diesel(sql_type = BigInt)]
        bytes: i64,
    }
    let row: Sum = sql(
        "SELECT coalesce(sum(greatest(size, {})), 0)::bigint AS bytes FROM attachments \
         WHERE uploader_id = {} AND created_at > {} AND message_id IS NULL AND deleted_at IS NULL",
    )
    .bind::<BigInt, _>(LEAST_BYTES)
    .bind::<SqlUuid, _>(user.0)
    .bind::<Timestamptz, _>(before(within))
    .get_result(conn)
    .await?;
    Ok(u64::try_from(row.bytes).unwrap_or_default())
}

/// Those of these files that someone may read, in this order: their own uploads, and what is in
/// messages that they see.
pub async fn readable(
    conn: &mut Conn,
    reader: UserId,
    ids: &[Uuid],
) -> QueryResult<Vec<AttachmentRow>> {
    sql(concat!(
        "SELECT ",
        columns!(),
        " FROM unnest({}) WITH ORDINALITY AS asked (id, place) JOIN attachments a ON a.id = asked.id, \
         (SELECT {} AS id) reader \
         WHERE ",
        is_there!(),
        " AND (a.uploader_id = reader.id OR EXISTS ( \
             SELECT FROM messages m \
             JOIN members k ON k.conversation_id = m.conversation_id AND k.user_id = reader.id \
             WHERE m.conversation_id = a.conversation_id AND m.id = a.message_id \
             AND m.deleted_at IS NULL AND m.seq > k.cleared_seq \
             AND NOT EXISTS (SELECT FROM message_hides h WHERE h.conversation_id = m.conversation_id \
                 AND h.user_id = reader.id AND h.seq = m.seq))) \
         ORDER BY asked.place"
    ))
    .bind::<Array<SqlUuid>, _>(ids)
    .bind::<SqlUuid, _>(reader.0)
    .load(conn)
    .await
}

/// A file that is there, whoever asks.
pub async fn find(conn: &mut Conn, id: AttachmentId) -> QueryResult<Option<AttachmentRow>> {
    let rows: Vec<AttachmentRow> = sql(concat!(
        "SELECT ",
        columns!(),
        " FROM attachments a WHERE a.id = {} AND ",
        is_there!()
    ))
    .bind::<SqlUuid, _>(id.0)
    .load(conn)
    .await?;
    Ok(rows.into_iter().next())
}

/// A user's own upload that no message holds.
pub async fn find_unheld(
    conn: &mut Conn,
    user: UserId,
    id: AttachmentId,
) -> QueryResult<Option<AttachmentRow>> {
    let rows: Vec<AttachmentRow> = sql(concat!(
        "SELECT ",
        columns!(),
        " FROM attachments a WHERE a.id = {} AND a.uploader_id = {} \
         AND a.message_id IS NULL AND a.deleted_at IS NULL"
    ))
    .bind::<SqlUuid, _>(id.0)
    .bind::<SqlUuid, _>(user.0)
    .load(conn)
    .await?;
    Ok(rows.into_iter().next())
}

/// Deletes a piece of the uploads that no message has held within this time; how many.
pub async fn delete_unheld(conn: &mut Conn, within: Duration, rows: i64) -> QueryResult<usize> {
    sql("UPDATE attachments SET deleted_at = clock_timestamp() WHERE id IN ( \
             SELECT id FROM attachments WHERE created_at < {} AND message_id IS NULL AND deleted_at IS NULL \
             ORDER BY created_at LIMIT {} FOR UPDATE SKIP LOCKED)")
    .bind::<Timestamptz, _>(before(within))
    .bind::<BigInt, _>(rows)
    .execute(conn)
    .await
}

/// Some of the files that were deleted longer ago than this.
pub async fn expired(
    conn: &mut Conn,
    grace: Duration,
    rows: i64,
) -> QueryResult<Vec<AttachmentId>> {
    #[derive(QueryableByName)]
    struct Expired {
        #[diesel(sql_type = SqlUuid)]
        id: Uuid,
    }
    let rows: Vec<Expired> =
        sql("SELECT id FROM attachments WHERE deleted_at < {} ORDER BY deleted_at LIMIT {}")
            .bind::<Timestamptz, _>(before(grace))
            .bind::<BigInt, _>(rows)
            .load(conn)
            .await?;
    Ok(rows.into_iter().map(|row| row.id.into()).collect())
}

/// Forgets deleted files whose bytes are gone.
pub async fn forget(conn: &mut Conn, ids: &[AttachmentId]) -> QueryResult<usize> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    sql("DELETE FROM attachments WHERE id = ANY ({}) AND deleted_at IS NOT NULL")
        .bind::<Array<SqlUuid>, _>(ids)
        .execute(conn)
        .await
}

fn before(age: Duration) -> DateTime<Utc> {
    let age = TimeDelta::from_std(age).unwrap_or(TimeDelta::MAX);
    Utc::now()
        .checked_sub_signed(age)
        .unwrap_or(DateTime::<Utc>::MIN_UTC)
}
