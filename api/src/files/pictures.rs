//! Avatars and icons: a small square of an upload, under an address that cannot be guessed.

use image::ImageFormat;
use protocol::ids::{AttachmentId, UserId};

use super::blobs::{Folder, ORIGINAL, SQUARE};
use super::picture;
use super::{Files, store_failed};
use crate::app::State;
use crate::domain::media_type;
use crate::domain::picture_key::{PictureKey, PictureKind};
use crate::error::{ApiError, Result};
use crate::store::{Conn, attachments, pictures};

/// A change of a picture that a request asks for: none, to none, or to this upload.
pub type Wish = Option<Option<AttachmentId>>;

/// The same once the picture is made: `Some(None)` for none.
pub type Change = Option<Option<PictureKey>>;

/// The name of a picture, if it is one, as it is written down.
#[must_use]
pub fn name(picture: &Option<PictureKey>) -> Option<String> {
    picture.as_ref().map(|key| key.as_str().to_owned())
}

/// Makes the picture that a request asks for. Until [`exchange`] it is one that nobody shows.
///
/// # Errors
/// 422 if it is not the caller's own upload, held by a message, or no picture.
pub async fn prepare(state: &State, caller: UserId, field: &str, wish: Wish) -> Result<Change> {
    let id = match wish {
        None => return Ok(None),
        Some(None) => return Ok(Some(None)),
        Some(Some(id)) => id,
    };
    let unfit = || {
        ApiError::field(
            field,
            "not_found",
            "must be a picture that you have uploaded",
        )
    };
    let upload = attachments::find_unheld(&mut *state.db.get().await?, caller, id).await?;
    let upload = upload.ok_or_else(unfit)?;
    let format = media_type::image_format(&upload.content_type).ok_or_else(unfit)?;
    let (kind, bytes) = square(&state.files, id, format).await?.ok_or_else(unfit)?;
    let key = PictureKey::new(kind);
    pictures::retire(&mut *state.db.get().await?, key.as_str()).await?;
    let folder = Folder::Picture(key.clone());
    let put = state.files.blobs.put(&folder, SQUARE, bytes.into()).await;
    put.map_err(|error| store_failed(&error))?;
    Ok(Some(Some(key)))
}

async fn square(
    files: &Files,
    id: AttachmentId,
    format: ImageFormat,
) -> Result<Option<(PictureKind, Vec<u8>)>> {
    let bytes = files
        .blobs
        .read_whole(&Folder::Attachment(id), ORIGINAL)
        .await;
    let bytes = bytes.map_err(|error| store_failed(&error))?;
    let pixels = files.config.pixels;
    files
        .workshop
        .run(move || picture::square(&bytes, format, pixels))
        .await
}

/// Lets one picture be shown in another's place, within the transaction that writes it down.
///
/// # Errors
/// 503 if the new one was swept meanwhile.
pub async fn exchange(conn: &mut Conn, old: Option<&str>, new: Option<&PictureKey>) -> Result<()> {
    if let Some(key) = new
        && !pictures::show(conn, key.as_str()).await?
    {
        return Err(ApiError::unavailable());
    }
    if let Some(key) = old {
        pictures::retire(conn, key).await?;
    }
    Ok(())
}
