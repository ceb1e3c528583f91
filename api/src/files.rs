//! Files: taking them in, keeping them, and giving them out again.
//!
//! Who may read what is asked of the database (`store/attachments.rs`) by the routes; here are bytes.

pub mod blobs;
mod bucket;
pub mod config;
pub mod intake;
mod keeping;
pub mod picture;
pub mod pictures;
pub mod serving;
pub mod signing;
mod sweep;
mod workshop;

use std::sync::Arc;

use anyhow::Context;

pub use keeping::keep;
pub use sweep::sweep;

use crate::error::ApiError;
use crate::files::blobs::Blobs;
use crate::files::config::FilesConfig;
use crate::files::intake::Intake;
use crate::files::signing::Signer;
use crate::files::workshop::Workshop;

/// Everything that handles bytes.
#[derive(Clone, Debug)]
pub struct Files {
    /// The settings.
    pub config: Arc<FilesConfig>,
    /// Where the bytes are.
    pub blobs: Blobs,
    /// The way of uploads in.
    pub intake: Intake,
    /// Addresses.
    pub signer: Signer,
    workshop: Workshop,
}

impl Files {
    /// Opens the store.
    ///
    /// # Errors
    /// If a folder cannot be made or used, or the settings of a bucket do not fit each other.
    pub fn open(config: FilesConfig) -> anyhow::Result<Self> {
        std::fs::create_dir_all(&config.spool_dir)
            .and_then(|()| tempfile::tempfile_in(&config.spool_dir))
            .with_context(|| format!("the spool folder {}", config.spool_dir.display()))?;
        Ok(Self {
            blobs: Blobs::open(&config).context("the store of files")?,
            intake: Intake::new(&config),
            signer: Signer::new(config.signing_secret.clone()),
            workshop: Workshop::new(&config),
            config: Arc::new(config),
        })
    }
}

/// What a failure of the store is to a caller.
fn store_failed(error: &object_store::Error) -> ApiError {
    tracing::warn!(%error, "the store of files failed");
    crate::metrics::file_store_failed();
    ApiError::unavailable()
}
