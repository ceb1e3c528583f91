//! From an upload that came whole to a file that can be read.

use std::fs::File;
use std::io::Read;
use std::time::Instant;

use image::ImageFormat;
use protocol::ids::{AttachmentId, UserId};
use tracing::Instrument;

use super::blobs::{Folder, ORIGINAL, THUMBNAIL};
use super::intake::Upload;
use super::picture::{self, Picture};
use super::store_failed;
use crate::app::State;
use crate::domain::media_type::MediaType;
use crate::error::{ApiError, Result};
use crate::metrics;
use crate::store::attachments::{self, AttachmentRow, NewAttachment};

/// Keeps an upload, whether its client still waits or not: a store that is left in the middle of a
/// file would have to be tidied up.
///
/// # Errors
/// 503 if the store, the database or the line of pictures fails.
pub async fn keep(state: &State, uploader: UserId, upload: Upload) -> Result<AttachmentRow> {
    let state = state.clone();
    let keeping = async move { keep_whole(&state, uploader, upload).await };
    let kept = tokio::spawn(keeping.in_current_span()).await;
    kept.map_err(|panicked| ApiError::internal(&panicked))?
}

/// The row is written first, as that of a file that is deleted: what a killed process leaves is
/// swept like any other. It becomes readable when its bytes are safe.
async fn keep_whole(state: &State, uploader: UserId, upload: Upload) -> Result<AttachmentRow> {
    let began = Instant::now();
    let Upload {
        file,
        size,
        media_type,
        name,
    } = upload;
    let content = match media_type.image_format() {
        Some(format) => renew(state, file, format).await?,
        None => Content::File { file, size },
    };
    let new = match content {
        Content::Picture(ref picture) => NewAttachment {
            content_type: media_type,
            size: picture.bytes.len() as u64,
            sides: Some([picture.width, picture.height]),
            placeholder: Some(picture.placeholder.clone()),
            ..NewAttachment::new(uploader, name)
        },
        // What looked like a picture and is none is nothing that a browser should try to show.
        Content::File { size, .. } => NewAttachment {
            content_type: media_type
                .image_format()
                .map_or(media_type, |_| MediaType::UNKNOWN),
            size,
            ..NewAttachment::new(uploader, name)
        },
    };
    let id = new.id;
    attachments::reserve(&mut *state.db.get().await?, &new).await?;
    write(state, id, content)
        .await
        .map_err(|error| store_failed(&error))?;
    let row = attachments::complete(&mut *state.db.get().await?, id).await?;
    metrics::upload_kept(new.sides.is_some(), new.size, began.elapsed());
    row.ok_or_else(ApiError::unavailable)
}

enum Content {
    File { file: File, size: u64 },
    Picture(Box<Picture>),
}

/// Makes a picture anew, or gives back the file that is none.
async fn renew(state: &State, file: File, format: ImageFormat) -> Result<Content> {
    let pixels = state.files.config.pixels;
    let again = file
        .try_clone()
        .map_err(|error| ApiError::internal(&error))?;
    let size = file
        .metadata()
        .map_err(|error| ApiError::internal(&error))?
        .len();
    let work = move || {
        let mut bytes = Vec::new();
        let mut file = file;
        file.read_to_end(&mut bytes)
            .map_err(image::ImageError::IoError)?;
        picture::renew(&bytes, format, pixels)
    };
    match state.files.workshop.run(work).await? {
        Some(picture) => Ok(Content::Picture(Box::new(picture))),
        None => Ok(Content::File {
            file: rewound(again)?,
            size,
        }),
    }
}

/// Both handles share one place in the file.
fn rewound(mut file: File) -> Result<File> {
    use std::io::Seek;
    file.rewind().map_err(|error| ApiError::internal(&error))?;
    Ok(file)
}

async fn write(state: &State, id: AttachmentId, content: Content) -> object_store::Result<()> {
    let (blobs, folder) = (&state.files.blobs, Folder::Attachment(id));
    match content {
        Content::File { file, size } => blobs.put_file(&folder, ORIGINAL, file, size).await,
        Content::Picture(picture) => {
            blobs
                .put(&folder, THUMBNAIL, picture.thumbnail.into())
                .await?;
            blobs.put(&folder, ORIGINAL, picture.bytes.into()).await
        }
    }
}
