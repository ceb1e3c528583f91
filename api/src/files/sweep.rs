//! Removing what nobody can read any more: bytes first, then the row that leads to them.

use super::blobs::Folder;
use super::store_failed;
use crate::app::State;
use crate::error::ApiError;
use crate::metrics;
use crate::store::{Conn, attachments, pictures};

/// Files of one round: a request of a bucket names up to 1000 blobs, a file has two.
const PIECE: i64 = 500;

/// Sweeps once. Several processes may do so at a time: a blob that is gone already is no fault.
///
/// # Errors
/// If the database or the store fails.
pub async fn sweep(state: &State, conn: &mut Conn) -> Result<(), ApiError> {
    let config = &state.files.config;
    while attachments::delete_unheld(conn, config.unheld_life, PIECE).await? > 0 {}
    loop {
        let expired = attachments::expired(conn, config.grace, PIECE).await?;
        if expired.is_empty() {
            break;
        }
        let folders: Vec<_> = expired.iter().copied().map(Folder::Attachment).collect();
        remove(state, &folders).await?;
        attachments::forget(conn, &expired).await?;
    }
    loop {
        let unshown = pictures::unshown(conn, config.grace, PIECE).await?;
        if unshown.is_empty() {
            break;
        }
        let keys = unshown.iter().filter_map(|key| key.parse().ok());
        let folders: Vec<_> = keys.map(Folder::Picture).collect();
        remove(state, &folders).await?;
        pictures::forget(conn, &unshown).await?;
    }
    Ok(())
}

async fn remove(state: &State, folders: &[Folder]) -> Result<(), ApiError> {
    let removed = state.files.blobs.remove(folders).await;
    removed.map_err(|error| store_failed(&error))?;
    metrics::files_swept(folders.len());
    Ok(())
}
