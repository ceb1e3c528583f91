//! Events: from a committed change to the broker.
//!
//! Whoever changes something writes the event's row in the same transaction (`store::outbox`),
//! and hands the event to the publisher once the transaction has committed. A confirmed event's row
//! is deleted; whatever goes wrong, the row stays and the relay publishes it (`relay.rs`).

mod bundling;
mod pace;
pub mod relay;

use std::time::Duration;

use platform::broker::publisher::{Outcome, Outgoing, Publisher};
use platform::shutdown::CancellationToken;
use protocol::control::Control;
use protocol::frame::ServerFrame;
use protocol::ids::{ConversationId, MessageId};
use protocol::routing::{self, Route};
use tokio::sync::mpsc;
use uuid::Uuid;

use self::pace::Pace;
use crate::floors::{Cause, Floors};
use crate::observe;
use crate::store::{self, Conn, Db, Purpose};

/// Confirmed rows deleted in one statement.
const DELETE_BATCH: usize = 500;
/// How long a confirmed row may wait for company before it is deleted.
const DELETE_EVERY: Duration = Duration::from_millis(100);
/// Confirmed rows that wait to be deleted; beyond, they are left to the relay.
const DELETE_QUEUE: usize = 16 * 1024;

/// Something that happened, ready for the broker. Its body is the frame that clients get.
#[derive(Clone, Debug)]
pub struct Event {
    /// Where, if it is a conversation's.
    pub conversation_id: Option<Uuid>,
    /// The conversation's revision.
    pub rev: Option<i64>,
    /// For the ws-servers themselves (`chat.control`) rather than for clients.
    pub control: bool,
    /// To whom.
    pub routing_keys: Vec<String>,
    /// The frame's `type`.
    pub kind: String,
    /// The frame, or the control message.
    pub body: String,
    /// The message it is about.
    pub message_id: Option<Uuid>,
    /// The request that caused it.
    pub request_id: Option<String>,
}

impl Event {
    /// A frame for these routes, caused by the present request.
    #[must_use]
    pub fn frame(routes: &[Route], frame: &ServerFrame) -> Self {
        Self {
            conversation_id: None,
            rev: None,
            control: false,
            routing_keys: routes.iter().map(|route| route.key()).collect(),
            kind: frame.kind().to_owned(),
            body: frame.encode(),
            message_id: None,
            request_id: present_request(),
        }
    }

    /// A frame for any number of routes: as many events as that takes, because one carries only so
    /// many keys.
    #[must_use]
    pub fn frames(routes: &[Route], frame: &ServerFrame) -> Vec<Self> {
        routes
            .chunks(routing::KEYS_PER_PUBLISH)
            .map(|some| Self::frame(some, frame))
            .collect()
    }

    /// This event, as one of a conversation at a revision.
    #[must_use]
    pub fn of_conversation(mut self, id: ConversationId, rev: i64) -> Self {
        self.conversation_id = Some(id.0);
        self.rev = Some(rev);
        self
    }

    /// A control message, caused by the present request.
    #[must_use]
    pub fn control(message: &Control) -> Self {
        Self {
            conversation_id: None,
            rev: None,
            control: true,
            routing_keys: Vec::new(),
            kind: "control".to_owned(),
            body: message.encode(),
            message_id: None,
            request_id: present_request(),
        }
    }

    fn into_outgoing(self) -> Outgoing {
        let mut keys = self.routing_keys.into_iter();
        let exchange = if self.control {
            routing::CONTROL_EXCHANGE
        } else {
            routing::EVENTS_EXCHANGE
        };
        Outgoing {
            exchange,
            key: keys.next().unwrap_or_default(),
            cc: keys.collect(),
            kind: self.kind,
            body: self.body.into_bytes(),
            message_id: self.message_id.map(|id| MessageId(id).to_string()),
            request_id: self.request_id,
            // The queues it goes to live and die with a ws-server's connection.
            persistent: false,
            done: None,
        }
    }
}

/// The id of the request that is being served, if one is.
#[must_use]
pub fn present_request() -> Option<String> {
    Some(observe::request_id()).filter(|id| !id.is_empty())
}

/// An event whose row is written, to be published once its transaction has committed.
#[derive(Debug)]
#[must_use = "an event that is not published waits for the relay"]
pub struct Pending {
    /// Its row.
    pub outbox_id: i64,
    /// The event.
    pub event: Event,
}

/// Writes an event's row in the caller's transaction.
///
/// # Errors
/// If the database fails.
pub async fn record(conn: &mut Conn, event: Event) -> diesel::QueryResult<Pending> {
    let written = record_all(conn, vec![event]).await?;
    written.into_iter().next().ok_or(diesel::NotFound)
}

/// Writes the rows of many events in the caller's transaction, in one statement.
///
/// # Errors
/// If the database fails.
pub async fn record_all(conn: &mut Conn, events: Vec<Event>) -> diesel::QueryResult<Vec<Pending>> {
    if events.is_empty() {
        return Ok(Vec::new());
    }
    let ids = store::outbox::insert(conn, &events).await?;
    let rows = ids.into_iter().zip(events);
    Ok(rows
        .map(|(outbox_id, event)| Pending { outbox_id, event })
        .collect())
}

/// The way of events to the broker.
#[derive(Clone, Debug)]
pub struct Events {
    publisher: Publisher,
    floors: Floors,
    confirmed: mpsc::Sender<i64>,
    pace: Pace,
}

impl Events {
    /// Starts the task that deletes confirmed rows; it ends, with everything deleted, when `stop` is
    /// cancelled.
    #[must_use]
    pub fn start(
        db: Db,
        publisher: Publisher,
        floors: Floors,
        stop: CancellationToken,
    ) -> (Self, tokio::task::JoinHandle<()>) {
        let (confirmed, taken) = mpsc::channel(DELETE_QUEUE);
        (
            Self {
                publisher,
                floors,
                confirmed,
                pace: Pace::default(),
            },
            tokio::spawn(delete_confirmed(db, taken, stop)),
        )
    }

    /// Publishes events whose transaction has committed, and notes the floors that they may move.
    /// Never waits, never fails: what the broker does not take stays in the outbox.
    pub fn publish(&self, events: impl IntoIterator<Item = Pending>) {
        for Pending { outbox_id, event } in events {
            self.floors.note(Cause::of(&event));
            let confirmed = self.confirmed.clone();
            let on_the_way = self.pace.set_out();
            let mut outgoing = event.into_outgoing();
            outgoing.done = Some(Box::new(move |outcome| {
                drop(on_the_way);
                if outcome == Outcome::Confirmed && confirmed.try_send(outbox_id).is_err() {
                    tracing::debug!(outbox_id, "the relay will publish this event again");
                }
            }));
            self.publisher.publish(outgoing);
        }
    }

    /// Lets the broker catch up with whoever commits one batch after the other.
    pub async fn keep_pace(&self) {
        self.pace.keep().await;
    }

    /// Publishes what needs no row, together: receipts and typing heal with the next one.
    pub fn publish_transient(&self, events: impl IntoIterator<Item = Event>) {
        for event in bundling::bundled(events) {
            self.publisher.publish(event.into_outgoing());
        }
    }

    /// The same for one event that waited in the outbox; says what became of it.
    async fn publish_and_wait(&self, event: Event) -> Outcome {
        self.floors.note(Cause::of(&event));
        let (tell, told) = tokio::sync::oneshot::channel();
        let mut outgoing = event.into_outgoing();
        outgoing.done = Some(Box::new(move |outcome| {
            // The relay stops listening only when the process ends.
            _ = tell.send(outcome);
        }));
        self.publisher.publish(outgoing);
        told.await.unwrap_or(Outcome::Failed)
    }

    /// Whether the broker can be reached.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.publisher.is_up()
    }
}

async fn delete_confirmed(db: Db, mut confirmed: mpsc::Receiver<i64>, stop: CancellationToken) {
    let mut ids = Vec::with_capacity(DELETE_BATCH);
    let mut conn: Option<Conn> = None;
    loop {
        tokio::select! {
            biased;
            count = confirmed.recv_many(&mut ids, DELETE_BATCH) => if count == 0 {
                return;
            },
            () = stop.cancelled(), if !confirmed.is_closed() => {
                confirmed.close();
                continue;
            }
        }
        if ids.len() < DELETE_BATCH && !confirmed.is_closed() {
            tokio::time::sleep(DELETE_EVERY).await;
            while ids.len() < DELETE_BATCH
                && let Ok(id) = confirmed.try_recv()
            {
                ids.push(id);
            }
        }
        // A row that cannot be deleted now is published again by the relay, and deleted then.
        if conn.is_none() {
            conn = db.connect(Purpose::Writing).await.ok();
        }
        if let Some(open) = &mut conn
            && let Err(error) = store::outbox::delete(open, &ids).await
        {
            tracing::warn!(%error, rows = ids.len(), "confirmed events stay in the outbox");
            conn = None;
        }
        ids.clear();
    }
}
