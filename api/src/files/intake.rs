//! Uploads on their way in: one file of a form, counted while it is read.
//!
//! It is read into a file without a name on this machine's disk. Whatever ends an upload (its client,
//! a limit, a deadline, a killed process), the system takes the space back by itself: nothing of it
//! can be left behind. The store sees whole files alone, and no slow client.

use std::collections::HashMap;
use std::fs::File;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use actix_multipart::{Field, Multipart, MultipartError};
use actix_web::HttpRequest;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::Payload;
use bytes::Bytes;
use futures_util::StreamExt;
use protocol::ids::UserId;
use protocol::limits;
use protocol::problem::Code;
use tokio::io::{AsyncSeekExt, AsyncWriteExt};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout, timeout_at};

use super::config::FilesConfig;
use crate::domain::file_name;
use crate::domain::media_type::{HEAD_BYTES, MediaType, TextCheck};
use crate::error::{ApiError, Result};

/// The one field of the form.
const FIELD: &str = "file";
/// Who sent too much is still listened to for so long and so many bytes: who hangs up in the middle
/// of a body often never hears the answer.
const DRAIN: Duration = Duration::from_secs(5);
const DRAIN_BYTES: usize = limits::UPLOAD_BYTES;

/// A file that came whole.
#[derive(Debug)]
pub struct Upload {
    /// Its bytes; nowhere else, and gone when this is dropped.
    pub file: File,
    /// How many.
    pub size: u64,
    /// What it is.
    pub media_type: MediaType,
    /// What it is called.
    pub name: String,
}

/// Reads uploads, some at a time.
#[derive(Clone, Debug)]
pub struct Intake {
    turns: Arc<Semaphore>,
    places: Arc<Semaphore>,
    users: Arc<Mutex<HashMap<UserId, Weak<Own>>>>,
    per_user: usize,
    places_per_user: usize,
    deadline: Duration,
    stall: Duration,
    dir: Arc<PathBuf>,
}

/// One user's share.
#[derive(Debug)]
struct Own {
    turns: Arc<Semaphore>,
    places: Arc<Semaphore>,
}

/// The right to read one upload now.
#[derive(Debug)]
pub struct Turn {
    until: Instant,
    _of_user: OwnedSemaphorePermit,
    _of_all: OwnedSemaphorePermit,
    _places: [OwnedSemaphorePermit; 2],
    /// As long as it lives, so do the user's bounds.
    _own: Arc<Own>,
}

impl Intake {
    /// One with the bounds of the settings.
    #[must_use]
    pub fn new(config: &FilesConfig) -> Self {
        Self {
            turns: Arc::new(Semaphore::new(config.parallel_uploads.max(1))),
            places: Arc::new(Semaphore::new(
                config.parallel_uploads + config.waiting_uploads,
            )),
            users: Arc::default(),
            per_user: config.parallel_uploads_per_user.max(1),
            places_per_user: (config.parallel_uploads + config.waiting_uploads).div_ceil(2),
            deadline: config.upload_deadline,
            stall: config.upload_stall,
            dir: Arc::new(config.spool_dir.clone()),
        }
    }

    /// Waits for a turn: first among the user's own uploads, then among all. Meanwhile the body
    /// stays with its sender.
    ///
    /// # Errors
    /// 503 if too many wait, or the turn does not come in time.
    pub async fn turn(&self, user: UserId) -> Result<Turn> {
        let own = self.own(user);
        let place = |of: &Arc<Semaphore>| {
            let place = Arc::clone(of).try_acquire_owned();
            place.map_err(|_full| ApiError::unavailable())
        };
        // The user's own first: nobody takes all places.
        let places = [place(&own.places)?, place(&self.places)?];
        let until = Instant::now() + self.deadline;
        let both = async {
            let of_user = Arc::clone(&own.turns).acquire_owned().await?;
            let of_all = Arc::clone(&self.turns).acquire_owned().await?;
            Ok::<_, tokio::sync::AcquireError>((of_user, of_all))
        };
        match timeout_at(until, both).await {
            Ok(Ok((of_user, of_all))) => Ok(Turn {
                until,
                _of_user: of_user,
                _of_all: of_all,
                _places: places,
                _own: own,
            }),
            Ok(Err(closed)) => Err(ApiError::internal(&closed)),
            Err(_elapsed) => Err(ApiError::unavailable()),
        }
    }

    fn own(&self, user: UserId) -> Arc<Own> {
        let mut users = self.users.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = users.get(&user).and_then(Weak::upgrade) {
            return own;
        }
        users.retain(|_, own| own.strong_count() > 0);
        let own = Arc::new(Own {
            turns: Arc::new(Semaphore::new(self.per_user)),
            places: Arc::new(Semaphore::new(self.places_per_user)),
        });
        users.insert(user, Arc::downgrade(&own));
        own
    }

    /// Reads the one file of a form.
    ///
    /// # Errors
    /// 413 beyond 25 MiB; 415 if it is no form; 422 if it is not one file of some bytes under the
    /// name `file`; 400 if it ends early or comes too slowly.
    pub async fn read(&self, turn: &Turn, request: &HttpRequest, body: Payload) -> Result<Upload> {
        check_type(request)?;
        let mut form = Multipart::new(request.headers(), body);
        let reading = self.read_form(&mut form);
        timeout_at(turn.until, reading)
            .await
            .map_err(|_elapsed| slow())?
    }

    async fn read_form(&self, form: &mut Multipart) -> Result<Upload> {
        let Some(mut field) = self.next(form).await? else {
            return Err(ApiError::field(FIELD, "required", "is missing"));
        };
        if field.name() != Some(FIELD) {
            return Err(unknown());
        }
        let upload = self.read_file(&mut field).await?;
        drop(field);
        match self.next(form).await? {
            None => Ok(upload),
            Some(_) => Err(unknown()),
        }
    }

    async fn read_file(&self, field: &mut Field) -> Result<Upload> {
        let name = field.content_disposition().and_then(|given| {
            let extended = given.get_filename_ext();
            let extended = extended.and_then(|name| std::str::from_utf8(&name.value).ok());
            extended.or_else(|| given.get_filename())
        });
        let name = file_name::clean(name.unwrap_or_default());
        let file = tempfile::tempfile_in(self.dir.as_path()).map_err(|error| no_room(&error))?;
        let mut file = tokio::fs::File::from_std(file);
        let (mut size, mut head, mut text) = (0, Vec::new(), TextCheck::default());
        while let Some(chunk) = self.next(field).await? {
            size += chunk.len();
            if size > limits::UPLOAD_BYTES {
                // The answer is the same whether they are done or not.
                _ = timeout(DRAIN, drain(field)).await;
                return Err(too_large());
            }
            head.extend(chunk.iter().take(HEAD_BYTES.saturating_sub(head.len())));
            text.push(&chunk);
            file.write_all(&chunk)
                .await
                .map_err(|error| no_room(&error))?;
        }
        if size == 0 {
            return Err(ApiError::field(FIELD, "required", "is empty"));
        }
        file.flush().await.map_err(|error| no_room(&error))?;
        file.rewind().await.map_err(|error| no_room(&error))?;
        Ok(Upload {
            file: file.into_std().await,
            size: size as u64,
            media_type: MediaType::of(&head, text.finish()),
            name,
        })
    }

    /// The next of a stream, unless it lets us wait for too long.
    async fn next<T>(
        &self,
        stream: &mut (impl StreamExt<Item = Result<T, MultipartError>> + Unpin),
    ) -> Result<Option<T>> {
        let next = timeout(self.stall, stream.next()).await;
        let next = next.map_err(|_elapsed| slow())?;
        next.transpose()
            .map_err(|error| ApiError::malformed(format!("The form cannot be read: {error}.")))
    }
}

/// Reads on for nothing.
async fn drain(field: &mut Field) {
    let mut left = DRAIN_BYTES;
    while let Some(Ok(chunk)) = field.next().await {
        let chunk: Bytes = chunk;
        match left.checked_sub(chunk.len()) {
            Some(rest) => left = rest,
            None => return,
        }
    }
}

fn check_type(request: &HttpRequest) -> Result<()> {
    let given = request.headers().get(CONTENT_TYPE);
    let essence = given
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next());
    if essence.is_some_and(|essence| essence.trim().eq_ignore_ascii_case("multipart/form-data")) {
        Ok(())
    } else {
        let detail = "The body must be multipart/form-data.";
        Err(ApiError::new(Code::UnsupportedMediaType, detail))
    }
}

fn unknown() -> ApiError {
    ApiError::field(FIELD, "unknown_field", "must be the only field")
}

fn slow() -> ApiError {
    ApiError::malformed("The body did not come in time.")
}

fn too_large() -> ApiError {
    let detail = format!("A file may have at most {} bytes.", limits::UPLOAD_BYTES);
    ApiError::new(Code::TooLarge, detail)
}

/// The disk is full, or gone.
fn no_room(error: &std::io::Error) -> ApiError {
    tracing::error!(%error, "an upload cannot be written");
    ApiError::unavailable()
}
