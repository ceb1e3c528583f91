//! Where the bytes are: in a folder or a bucket, named by ids alone.

use std::fs::{DirBuilder, File};
use std::io::{ErrorKind, Read};
use std::ops::Range;
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    Error, GetOptions, ObjectStore, ObjectStoreExt, PutPayload, Result, WriteMultipart,
};
use protocol::ids::AttachmentId;
use tokio::sync::Semaphore;

use super::bucket;
use super::config::{FilesConfig, Location};
use crate::domain::picture_key::PictureKey;

/// The smallest part that S3 takes, but for the last one.
const PART_BYTES: usize = 5 * 1024 * 1024;
/// Files written at once: each holds a part or two in memory.
const WRITERS: usize = 8;

/// What belongs together, and goes together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Folder {
    /// A file and its small picture.
    Attachment(AttachmentId),
    /// An avatar or icon.
    Picture(PictureKey),
}

/// The name of a file's own bytes.
pub const ORIGINAL: &str = "original";
/// The name of a file's small picture.
pub const THUMBNAIL: &str = "thumbnail";
/// The name of an avatar or icon.
pub const SQUARE: &str = "square";

impl Folder {
    /// Spread over 256 folders, so that none is endless.
    fn path(&self) -> String {
        match self {
            Self::Attachment(id) => {
                // The end of an id is random, its beginning is the time.
                let [.., shard] = *id.0.as_bytes();
                format!("attachments/{shard:02x}/{id}")
            }
            Self::Picture(key) => format!("pictures/{}/{}", key.shard(), key.as_str()),
        }
    }

    /// Names a blob of it, where nobody can guess one.
    #[must_use]
    pub fn tag(&self, name: &str) -> String {
        match self {
            Self::Attachment(id) => format!("{id}-{name}"),
            Self::Picture(key) => format!("{}-{name}", key.as_str()),
        }
    }

    const fn names(&self) -> &'static [&'static str] {
        match self {
            Self::Attachment(_) => &[ORIGINAL, THUMBNAIL],
            Self::Picture(_) => &[SQUARE],
        }
    }

    fn blob(&self, name: &str) -> Path {
        Path::from(format!("{}/{name}", self.path()))
    }
}

/// The store of bytes.
#[derive(Clone, Debug)]
pub struct Blobs {
    store: Arc<dyn ObjectStore>,
    /// Where it is, if it is a folder of this machine.
    root: Option<Arc<PathBuf>>,
    writers: Arc<Semaphore>,
}

impl Blobs {
    /// Opens the store; a folder that is missing is made, readable by this account alone.
    ///
    /// # Errors
    /// If the folder cannot be made, or the settings of the bucket do not fit each other.
    pub fn open(config: &FilesConfig) -> anyhow::Result<Self> {
        let writers = Arc::new(Semaphore::new(WRITERS));
        match &config.location {
            Location::Folder(root) => {
                DirBuilder::new().recursive(true).mode(0o700).create(root)?;
                let store = LocalFileSystem::new_with_prefix(root)?;
                Ok(Self {
                    store: Arc::new(store),
                    root: Some(Arc::new(root.clone())),
                    writers,
                })
            }
            Location::Bucket(name) => Ok(Self {
                store: Arc::new(bucket::open(name, &config.s3)?),
                root: None,
                writers,
            }),
        }
    }

    /// Keeps these bytes.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn put(&self, folder: &Folder, name: &str, bytes: Bytes) -> Result<()> {
        let path = folder.blob(name);
        self.store.put(&path, PutPayload::from(bytes)).await?;
        Ok(())
    }

    /// Keeps a file of this many bytes, part by part.
    ///
    /// # Errors
    /// If the store or the file fails; the store then has nothing of it.
    pub async fn put_file(&self, folder: &Folder, name: &str, file: File, size: u64) -> Result<()> {
        // It is never closed: there is always a turn.
        let _turn = self.writers.acquire().await;
        let mut parts = Parts { file, left: size };
        if size <= PART_BYTES as u64 {
            let (_, bytes) = parts.next().await?;
            return self.put(folder, name, bytes).await;
        }
        let upload = self.store.put_multipart(&folder.blob(name)).await?;
        let mut writer = WriteMultipart::new_with_chunk_size(upload, PART_BYTES);
        while parts.left > 0 {
            // One part on its way, one being read.
            let next = match writer.wait_for_capacity(1).await {
                Ok(()) => parts.next().await,
                Err(error) => Err(error),
            };
            match next {
                Ok((rest, bytes)) => {
                    parts = rest;
                    writer.put(bytes);
                }
                Err(error) => {
                    writer.abort().await?;
                    return Err(error);
                }
            }
        }
        writer.finish().await?;
        Ok(())
    }

    /// A part of a blob; the stream fails when the store does.
    ///
    /// # Errors
    /// If the store fails, or has no such blob.
    pub async fn read(
        &self,
        folder: &Folder,
        name: &str,
        range: Range<u64>,
    ) -> Result<BoxStream<'static, Result<Bytes>>> {
        if range.is_empty() {
            return Ok(stream::empty().boxed());
        }
        let options = GetOptions {
            range: Some(range.into()),
            ..GetOptions::default()
        };
        let found = self.store.get_opts(&folder.blob(name), options).await?;
        Ok(found.into_stream())
    }

    /// How many bytes a blob has.
    ///
    /// # Errors
    /// If the store fails, or has no such blob.
    pub async fn size(&self, folder: &Folder, name: &str) -> Result<u64> {
        Ok(self.store.head(&folder.blob(name)).await?.size)
    }

    /// The whole of a blob that is known to be of a bounded size.
    ///
    /// # Errors
    /// If the store fails, or has no such blob.
    pub async fn read_whole(&self, folder: &Folder, name: &str) -> Result<Bytes> {
        self.store.get(&folder.blob(name)).await?.bytes().await
    }

    /// Removes everything of these folders, what a killed process wrote half of it too; what is not
    /// there is no fault.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn remove(&self, folders: &[Folder]) -> Result<()> {
        match &self.root {
            Some(root) => {
                let folders: Vec<PathBuf> = folders
                    .iter()
                    .map(|folder| root.join(folder.path()))
                    .collect();
                blocking(move || {
                    folders
                        .iter()
                        .try_for_each(|folder| match std::fs::remove_dir_all(folder) {
                            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
                            _ => Ok(()),
                        })
                })
                .await
            }
            None => {
                let blobs: Vec<_> = folders
                    .iter()
                    .flat_map(|folder| folder.names().iter().map(|name| Ok(folder.blob(name))))
                    .collect();
                let mut removed = self.store.delete_stream(stream::iter(blobs).boxed());
                while let Some(done) = removed.next().await {
                    match done {
                        Err(error) if !is_missing(&error) => return Err(error),
                        _ => {}
                    }
                }
                Ok(())
            }
        }
    }
}

/// Whether the store answered that there is no such blob.
#[must_use]
pub const fn is_missing(error: &Error) -> bool {
    matches!(error, Error::NotFound { .. })
}

/// What is left of a file to be read, part by part.
struct Parts {
    file: File,
    left: u64,
}

impl Parts {
    async fn next(mut self) -> Result<(Self, Bytes)> {
        blocking(move || {
            let part = self.left.min(PART_BYTES as u64);
            let mut bytes = Vec::with_capacity(usize::try_from(part).unwrap_or(PART_BYTES));
            let read = (&mut self.file).take(part).read_to_end(&mut bytes)? as u64;
            if read < part {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            self.left -= read;
            Ok((self, bytes.into()))
        })
        .await
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T> {
    let failed = |source| Error::Generic {
        store: "folder",
        source,
    };
    match tokio::task::spawn_blocking(work).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(failed(error.into())),
        Err(panicked) => Err(failed(panicked.into())),
    }
}
