//! One lane: gathers a batch, commits it, answers, publishes.

use std::collections::{BTreeMap, HashSet};
use std::time::{Duration, Instant};

use diesel::result::Error as DieselError;
use platform::shutdown::CancellationToken;
use tokio::sync::mpsc;

use super::{Extra, Job, Verdict};
use crate::error::{is_deadlock, is_outage, is_timeout};
use crate::events::{Event, Events, Pending};
use crate::metrics;
use crate::store::messages::commit::{self, CommitRow, Status};
use crate::store::{Conn, Db, Purpose, renew_plans};

/// Wait before the lane connects again.
const RECONNECT_EVERY: Duration = Duration::from_millis(200);

/// Why a batch did not commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trouble {
    /// Postgres ended it to break a deadlock: once more.
    Deadlock,
    /// A lock was not to be had in time.
    Locked,
    /// A row of it is at fault: one by one.
    Batch,
    /// The connection was lost, perhaps long ago, while nobody wrote: once more, on another.
    Lost,
    /// The database is gone or slow.
    Outage,
}

impl From<&DieselError> for Trouble {
    fn from(error: &DieselError) -> Self {
        match error {
            error if is_deadlock(error) => Self::Deadlock,
            DieselError::DatabaseError(_, info) if info.message().contains("lock timeout") => {
                Self::Locked
            }
            error if is_timeout(error) => Self::Outage,
            error if is_outage(error) => Self::Lost,
            _ => Self::Batch,
        }
    }
}

pub(super) struct Lane {
    batch: usize,
    db: Db,
    events: Events,
    queue: mpsc::Receiver<Job>,
    conn: Option<Conn>,
    /// Batches so far.
    commits: usize,
    /// Jobs whose `client_id`, or a file, is in the batch before them.
    held: Vec<Job>,
    stop: CancellationToken,
}

impl Lane {
    pub(super) fn new(
        batch: usize,
        db: Db,
        events: Events,
        queue: mpsc::Receiver<Job>,
        stop: CancellationToken,
    ) -> Self {
        Self {
            batch,
            db,
            events,
            queue,
            conn: None,
            commits: 0,
            held: Vec::new(),
            stop,
        }
    }

    pub(super) async fn run(mut self) {
        // The first message need not wait for a connection; if there is none yet, it asks again.
        self.conn = self.db.connect(Purpose::Writing).await.ok();
        let mut jobs = Vec::with_capacity(self.batch);
        while self.gather(&mut jobs).await {
            let batch = self.without_repeats(std::mem::take(&mut jobs));
            self.settle(batch).await;
            self.events.keep_pace().await;
        }
    }

    /// What waits, up to a batch; false when there will be nothing more.
    async fn gather(&mut self, jobs: &mut Vec<Job>) -> bool {
        jobs.append(&mut self.held);
        if jobs.is_empty() {
            tokio::select! {
                biased;
                count = self.queue.recv_many(jobs, self.batch) => return count > 0,
                () = self.stop.cancelled(), if !self.queue.is_closed() => self.queue.close(),
            }
            // Closed: what was accepted before is still taken.
            return self.queue.recv_many(jobs, self.batch).await > 0;
        }
        while jobs.len() < self.batch
            && let Ok(job) = self.queue.try_recv()
        {
            jobs.push(job);
        }
        true
    }

    /// Holds back the second of two sends with one `client_id`, or with one file: it finds the first
    /// one committed.
    fn without_repeats(&mut self, jobs: Vec<Job>) -> Vec<Job> {
        let mut seen = HashSet::with_capacity(jobs.len());
        let mut files = HashSet::new();
        let (batch, held) = jobs.into_iter().partition(|job| {
            let draft = &job.draft;
            let mut own = draft.extra.iter().flat_map(Extra::attachment_ids);
            let is_first = !own.any(|id| files.contains(&id))
                && seen.insert((draft.conversation_id, draft.sender_id, draft.client_id));
            if is_first {
                files.extend(draft.extra.iter().flat_map(Extra::attachment_ids));
            }
            is_first
        });
        self.held = held;
        batch
    }

    async fn settle(&mut self, jobs: Vec<Job>) {
        match self.commit(&jobs).await {
            Ok(rows) => self.answer(jobs, rows),
            Err(Trouble::Lost | Trouble::Outage) => give_up(jobs),
            Err(_) if jobs.len() == 1 => give_up(jobs),
            Err(_) => {
                let mut by_conversation: BTreeMap<_, Vec<Job>> = BTreeMap::new();
                for job in jobs {
                    by_conversation
                        .entry(job.draft.conversation_id)
                        .or_default()
                        .push(job);
                }
                for (_, jobs) in by_conversation {
                    self.settle_conversation(jobs).await;
                }
            }
        }
    }

    /// The second try of one conversation's messages: together, then one by one.
    async fn settle_conversation(&mut self, jobs: Vec<Job>) {
        match self.commit(&jobs).await {
            Ok(rows) => self.answer(jobs, rows),
            Err(Trouble::Lost | Trouble::Outage | Trouble::Locked) => give_up(jobs),
            Err(_) => {
                for job in jobs {
                    let one = [job];
                    match self.commit(&one).await {
                        Ok(rows) => self.answer(one.into(), rows),
                        Err(_) => give_up(one.into()),
                    }
                }
            }
        }
    }

    /// Runs one transaction, and once more after a deadlock, which is counted, or with another
    /// connection. What had committed before its connection was lost is found by its `client_id`.
    async fn commit(&mut self, jobs: &[Job]) -> Result<Vec<CommitRow>, Trouble> {
        match self.commit_once(jobs).await {
            Err(Trouble::Deadlock) => {
                metrics::deadlock();
                self.commit_once(jobs).await
            }
            Err(Trouble::Lost) => self.commit_once(jobs).await,
            other => other,
        }
    }

    async fn commit_once(&mut self, jobs: &[Job]) -> Result<Vec<CommitRow>, Trouble> {
        let started = Instant::now();
        let conn = match &mut self.conn {
            Some(conn) => conn,
            none => match self.db.connect(Purpose::Writing).await {
                Ok(conn) => none.insert(conn),
                Err(error) => {
                    tracing::warn!(%error, "the committer cannot reach the database");
                    tokio::time::sleep(RECONNECT_EVERY).await;
                    return Err(Trouble::Outage);
                }
            },
        };
        let drafts: Vec<_> = jobs.iter().map(|job| &job.draft).collect();
        let committing = commit::commit(conn, &drafts);
        let Ok(rows) = tokio::time::timeout(self.db.patience(), committing).await else {
            // It may have committed: who sends again is told, and the relay publishes.
            tracing::warn!(messages = jobs.len(), "the database is silent");
            self.conn = None;
            return Err(Trouble::Outage);
        };
        match rows {
            Ok(rows) => {
                let committed = rows
                    .iter()
                    .filter(|row| row.status() == Status::Committed)
                    .count();
                metrics::commit(jobs.len(), committed, started.elapsed());
                self.commits += 1;
                if let Err(error) = renew_plans(conn, self.commits).await {
                    tracing::warn!(%error, "the committer's statements keep their plans");
                }
                Ok(rows)
            }
            Err(error) => {
                tracing::warn!(%error, messages = jobs.len(), "a batch did not commit");
                let trouble = Trouble::from(&error);
                if matches!(trouble, Trouble::Lost | Trouble::Outage) {
                    self.conn = None;
                }
                Err(trouble)
            }
        }
    }

    /// Answers each sender, then publishes what was committed.
    fn answer(&self, jobs: Vec<Job>, rows: Vec<CommitRow>) {
        let mut rows: BTreeMap<usize, CommitRow> =
            rows.into_iter().map(|row| (row.index(), row)).collect();
        let mut events = Vec::with_capacity(rows.len());
        for (index, job) in jobs.into_iter().enumerate() {
            let verdict = match rows.remove(&index) {
                Some(row) => {
                    let verdict = row.verdict(&job.draft.content_hash);
                    events.extend(pending(&job, row));
                    verdict
                }
                None => Verdict::Unknown,
            };
            // A caller who has gone will ask again.
            _ = job.answer.send(verdict);
        }
        self.events.publish(events);
    }
}

/// The event of a committed message.
fn pending(job: &Job, row: CommitRow) -> Option<Pending> {
    let draft = &job.draft;
    let rev = row.rev();
    let (outbox_id, routing_keys, body) = row.into_event()?;
    tracing::debug!(message_id = %draft.id, conversation_id = %draft.conversation_id, request_id = draft.request_id, "committed");
    Some(Pending {
        outbox_id,
        event: Event {
            conversation_id: Some(draft.conversation_id.0),
            rev,
            control: false,
            routing_keys,
            kind: "message.created".to_owned(),
            body,
            message_id: Some(draft.id.0),
            request_id: draft.request_id.clone(),
        },
    })
}

fn give_up(jobs: Vec<Job>) {
    for job in jobs {
        // A caller who has gone will ask again.
        _ = job.answer.send(Verdict::Unknown);
    }
}
