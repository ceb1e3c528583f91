//! The files of messages.

use diesel::QueryableByName;
use diesel::result::QueryResult;
use diesel::sql_types::{Array, BigInt, Bool, Integer, Nullable, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use protocol::ids::{AttachmentId, UserId};
use protocol::message::Attachment;
use uuid::Uuid;

use crate::store::Conn;
use crate::store::sql::sql;

#[derive(Debug, QueryableByName)]
struct AttachmentRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    content_type: String,
    #[diesel(sql_type = BigInt)]
    size: i64,
    #[diesel(sql_type = Nullable<Integer>)]
    width: Option<i32>,
    #[diesel(sql_type = Nullable<Integer>)]
    height: Option<i32>,
    #[diesel(sql_type = Bool)]
    has_thumbnail: bool,
}

impl AttachmentRow {
    fn attachment(self) -> Attachment {
        let id = AttachmentId(self.id);
        Attachment {
            id,
            name: self.name,
            content_type: self.content_type,
            size: self.size,
            width: self.width,
            height: self.height,
            url: Attachment::url_of(id),
            thumbnail_url: self.has_thumbnail.then(|| Attachment::thumbnail_url_of(id)),
        }
    }
}

/// Of these files, those that a user has uploaded and no message holds, in their order.
pub async fn unheld(
    conn: &mut Conn,
    uploader: UserId,
    ids: &[AttachmentId],
) -> QueryResult<Vec<Attachment>> {
    let rows: Vec<AttachmentRow> = sql(
        "SELECT a.id, a.name, a.content_type, a.size, a.width, a.height, a.has_thumbnail \
         FROM unnest({}) WITH ORDINALITY AS k (id, i) JOIN attachments a ON a.id = k.id \
         WHERE a.uploader_id = {} AND a.message_id IS NULL AND a.deleted_at IS NULL ORDER BY k.i",
    )
    .bind::<Array<SqlUuid>, _>(ids.iter().map(|id| id.0).collect::<Vec<_>>())
    .bind::<SqlUuid, _>(uploader.0)
    .load(conn)
    .await?;
    Ok(rows.into_iter().map(AttachmentRow::attachment).collect())
}
