//! The committer: the one way a message gets into the database.
//!
//! A process has a few lanes, chosen by the conversation. While one transaction of a lane commits,
//! its next batch gathers: an idle system adds no wait, a busy one shares the flush to disk. The
//! batch is one statement (`migrations/…_commit_messages`), which locks the conversations, judges
//! each message by what is true then, numbers those that are new and writes their events.
//!
//! A batch that fails runs again conversation by conversation, so that nobody is hurt by another's
//! message. One that loses its connection runs once more on another. A commit whose outcome is not
//! known even then answers 503: the client repeats it with the same `client_id` and learns what became
//! of it.

mod lane;

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use chrono::{DateTime, Utc};
use platform::settings::Settings;
use platform::shutdown::CancellationToken;
use protocol::ids::{AttachmentId, ClientId, ConversationId, MessageId, UserId};
use protocol::message::Attachment;
use serde::Serialize;
use tokio::sync::{mpsc, oneshot};

use crate::error::ApiError;
use crate::events::Events;
use crate::metrics;
use crate::store::Db;

/// How the committer works.
#[derive(Clone, Copy, Debug)]
pub struct CommitterConfig {
    /// Lanes of this process.
    pub lanes: usize,
    /// Messages of one transaction.
    pub batch: usize,
    /// Messages that wait in one lane.
    pub queue: usize,
    /// How long a message waits for its commit before the outcome is called unknown.
    pub patience: Duration,
}

impl CommitterConfig {
    /// Declares and reads the settings.
    pub fn read(settings: &mut Settings) -> Self {
        let config = Self {
            lanes: settings.get(
                "WARREN_COMMITTER_LANES",
                "2",
                "Lanes of this process. More shrink the batches and queue behind each other's flushes.",
            ),
            batch: settings.get("WARREN_COMMITTER_BATCH", "256", "Messages of one transaction, at most."),
            queue: settings.get(
                "WARREN_COMMITTER_QUEUE",
                "1024",
                "Messages that wait in one lane, at most; then 503.",
            ),
            patience: settings.millis(
                "WARREN_COMMITTER_PATIENCE_MS",
                10_000,
                "How long a message waits for its commit, in milliseconds; then 503.",
            ),
        };
        for (name, value) in [
            ("WARREN_COMMITTER_LANES", config.lanes),
            ("WARREN_COMMITTER_BATCH", config.batch),
            ("WARREN_COMMITTER_QUEUE", config.queue),
        ] {
            if value == 0 {
                settings.refuse(name, "must be above 0");
            }
        }
        config
    }
}

/// A message to commit.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Where.
    pub conversation_id: ConversationId,
    /// Who.
    pub sender_id: UserId,
    /// The sender's own name for it.
    pub client_id: ClientId,
    /// What it will be called.
    pub id: MessageId,
    /// SHA-256 of its content.
    pub content_hash: [u8; 32],
    /// Its text.
    pub body: String,
    /// Its frame up to `seq` (`protocol::message::MessageDraft::frame_head`).
    pub frame_head: String,
    /// What it has beside its text; `None` for a plain message.
    pub extra: Option<Extra>,
    /// The request that brought it.
    pub request_id: Option<String>,
}

/// What a message has beside its text, as the commit function takes it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Extra {
    /// What its frame says of the message it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply: Option<Quote>,
    /// Its files.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// Whom it names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<UserId>,
    /// Whether it names everyone.
    pub all: bool,
}

/// The beginning of a message, as it was read. Its emojis and pins may change meanwhile, as often as
/// people like; this may not.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Quote(
    /// The message's place.
    pub i64,
    /// Its first characters.
    pub String,
    /// How many of them there would be, at most.
    pub usize,
);

impl Extra {
    /// Its files' ids.
    pub fn attachment_ids(&self) -> impl Iterator<Item = AttachmentId> {
        self.attachments.iter().map(|attachment| attachment.id)
    }
}

/// What became of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Committed, as this.
    Committed {
        /// Its place in the timeline.
        seq: i64,
        /// The conversation's revision.
        rev: i64,
        /// When.
        at: DateTime<Utc>,
    },
    /// The sender has used this `client_id` here before.
    Exists {
        /// The message it stands for.
        seq: i64,
        /// Whether its content was the same.
        same_content: bool,
    },
    /// Not a member, or no such conversation.
    NotMember,
    /// One of the two blocks the other.
    Blocked,
    /// What it answers has changed, or a file is not to be had any more: read them again.
    Stale,
    /// Not known: the database was gone, slow or locked.
    Unknown,
}

struct Job {
    draft: Draft,
    answer: oneshot::Sender<Verdict>,
}

/// The way into the lanes.
#[derive(Clone, Debug)]
pub struct Committer {
    lanes: Vec<mpsc::Sender<Job>>,
    patience: Duration,
}

impl Committer {
    /// Starts the lanes; they end when `stop` is cancelled and what was accepted is settled.
    #[must_use]
    pub fn start(
        config: CommitterConfig,
        db: &Db,
        events: &Events,
        stop: &CancellationToken,
    ) -> (Self, Vec<tokio::task::JoinHandle<()>>) {
        let (lanes, tasks) = (0..config.lanes)
            .map(|_| {
                let (queue, taken) = mpsc::channel(config.queue);
                let lane = lane::Lane::new(
                    config.batch,
                    db.clone(),
                    events.clone(),
                    taken,
                    stop.clone(),
                );
                (queue, tokio::spawn(lane.run()))
            })
            .unzip();
        (
            Self {
                lanes,
                patience: config.patience,
            },
            tasks,
        )
    }

    /// Commits a message, and publishes it.
    ///
    /// # Errors
    /// 503 if its lane is full.
    pub async fn commit(&self, draft: Draft) -> Result<Verdict, ApiError> {
        let (answer, answered) = oneshot::channel();
        let lane = self.lane(draft.conversation_id)?;
        if lane.try_send(Job { draft, answer }).is_err() {
            metrics::commit_refused();
            return Err(ApiError::unavailable());
        }
        match tokio::time::timeout(self.patience, answered).await {
            Ok(Ok(verdict)) => Ok(verdict),
            // Too slow, or the lane is gone: the client asks again.
            Ok(Err(_)) | Err(_) => Ok(Verdict::Unknown),
        }
    }

    fn lane(&self, id: ConversationId) -> Result<&mpsc::Sender<Job>, ApiError> {
        let mut hasher = DefaultHasher::new();
        id.hash(&mut hasher);
        let index = usize::try_from(hasher.finish() % self.lanes.len().max(1) as u64).unwrap_or(0);
        self.lanes.get(index).ok_or_else(ApiError::unavailable)
    }
}
