//! Publishing with confirms, through one task with a bounded window.
//!
//! Whoever publishes is never kept waiting: when the queue is full, a confirm is late or the link
//! is down, the message fails at once and the caller falls back on what it keeps (the outbox, or
//! the client's next receipt). The task reconnects by itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use futures_util::StreamExt;
use futures_util::future::join_all;
use futures_util::stream::FuturesUnordered;
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::types::{AMQPValue, FieldArray, FieldTable, LongString, ShortString};
use lapin::{BasicProperties, Channel, Confirmation, Connection};
use protocol::routing;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{BrokerConfig, connect, declare_topology};

/// AMQP delivery mode of a message that survives a restart of the broker.
const PERSISTENT: u8 = 2;
/// AMQP delivery mode of a message that lives in memory.
const TRANSIENT: u8 = 1;

/// Messages handed to the link at once: one by one, each would wait for its own write.
const BURST: usize = 64;

/// What becomes of a published message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The broker has it.
    Confirmed,
    /// Not known: it may have arrived, or not.
    Failed,
}

type Done = Box<dyn FnOnce(Outcome) + Send + Sync>;

/// A message for the broker.
pub struct Outgoing {
    /// Where to.
    pub exchange: &'static str,
    /// First routing key.
    pub key: String,
    /// Further routing keys.
    pub cc: Vec<String>,
    /// What it is, as the AMQP `type`: consumers do not read the body to know.
    pub kind: String,
    /// The body.
    pub body: Vec<u8>,
    /// The chat message it is about, for the logs.
    pub message_id: Option<String>,
    /// The request that caused it, for the logs.
    pub request_id: Option<String>,
    /// Whether it survives a restart of the broker in a durable queue.
    pub persistent: bool,
    /// Called once, when its outcome is known.
    pub done: Option<Done>,
}

impl std::fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outgoing")
            .field("exchange", &self.exchange)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

impl Outgoing {
    fn finish(&mut self, outcome: Outcome) {
        if let Some(done) = self.done.take() {
            done(outcome);
        }
    }

    fn properties(&self) -> BasicProperties {
        let mode = if self.persistent {
            PERSISTENT
        } else {
            TRANSIENT
        };
        let mut headers = FieldTable::default();
        if !self.cc.is_empty() {
            let keys: Vec<_> = self
                .cc
                .iter()
                .map(|key| AMQPValue::LongString(LongString::from(key.as_str())))
                .collect();
            headers.insert(
                routing::CC_HEADER.into(),
                AMQPValue::FieldArray(FieldArray::from(keys)),
            );
        }
        if let Some(id) = &self.request_id {
            headers.insert(
                routing::REQUEST_ID_HEADER.into(),
                AMQPValue::LongString(LongString::from(id.as_str())),
            );
        }
        let mut properties = BasicProperties::default()
            .with_delivery_mode(mode)
            .with_content_type("application/json".into())
            .with_type(short(&self.kind))
            .with_headers(headers);
        if let Some(id) = &self.message_id {
            properties = properties.with_message_id(short(id));
        }
        properties
    }
}

/// AMQP's short strings end at 255 bytes; ours are ids and type names, far below.
fn short(text: &str) -> ShortString {
    ShortString::try_new(text).unwrap_or_default()
}

/// The way to the publisher task.
#[derive(Clone, Debug)]
pub struct Publisher {
    queue: mpsc::Sender<Outgoing>,
    up: Arc<AtomicBool>,
}

impl Publisher {
    /// Starts the task; it ends when `stop` is cancelled and what was accepted is settled.
    pub fn spawn(
        config: BrokerConfig,
        name: String,
        stop: CancellationToken,
    ) -> (Self, tokio::task::JoinHandle<()>) {
        let (queue, taken) = mpsc::channel(config.window);
        let up = Arc::new(AtomicBool::new(false));
        let task = Task {
            config,
            name,
            queue: taken,
            up: up.clone(),
            stop,
        };
        (Self { queue, up }, tokio::spawn(task.run()))
    }

    /// Hands a message over without waiting. When that cannot be, its outcome is `Failed`.
    pub fn publish(&self, message: Outgoing) {
        if !self.is_up() {
            let mut message = message;
            message.finish(Outcome::Failed);
            return;
        }
        if let Err(refused) = self.queue.try_send(message) {
            let (mpsc::error::TrySendError::Full(mut message)
            | mpsc::error::TrySendError::Closed(mut message)) = refused;
            metrics::counter!("warren_publish_refused_total").increment(1);
            message.finish(Outcome::Failed);
        }
    }

    /// Whether the link is up.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.up.load(Ordering::Acquire)
    }
}

struct Task {
    config: BrokerConfig,
    name: String,
    queue: mpsc::Receiver<Outgoing>,
    up: Arc<AtomicBool>,
    stop: CancellationToken,
}

impl Task {
    async fn run(mut self) {
        let mut backoff = self.config.backoff();
        while !self.stop.is_cancelled() {
            match self.open().await {
                Ok((connection, channel)) => {
                    tracing::info!(link = %self.name, "broker link is up");
                    backoff.reset();
                    self.up.store(true, Ordering::Release);
                    let ended = self.serve(&connection, &channel).await;
                    self.up.store(false, Ordering::Release);
                    match ended {
                        Ok(()) => {
                            // Already on the way out: the broker notices a lost link as well.
                            _ = connection.close(200, "shutdown".into()).await;
                            break;
                        }
                        Err(error) => {
                            tracing::warn!(link = %self.name, error = %error, "broker link lost")
                        }
                    }
                }
                Err(error) => {
                    tracing::warn!(link = %self.name, error = %error, "broker cannot be reached")
                }
            }
            let wait = tokio::time::sleep(backoff.next_delay());
            tokio::pin!(wait);
            loop {
                tokio::select! {
                    () = &mut wait => break,
                    () = self.stop.cancelled() => break,
                    // Accepted just before the link went down.
                    message = self.queue.recv() => match message {
                        Some(mut message) => message.finish(Outcome::Failed),
                        None => return,
                    },
                }
            }
        }
        self.queue.close();
        while let Some(mut message) = self.queue.recv().await {
            message.finish(Outcome::Failed);
        }
    }

    async fn open(&self) -> Result<(Connection, Channel), super::BrokerError> {
        let connection = connect(&self.config, &self.name).await?;
        let channel = connection.create_channel().await?;
        channel
            .confirm_select(ConfirmSelectOptions::default())
            .await?;
        declare_topology(&channel).await?;
        Ok((connection, channel))
    }

    /// Publishes until the link breaks (`Err`) or the process ends (`Ok`).
    async fn serve(
        &mut self,
        connection: &Connection,
        channel: &Channel,
    ) -> Result<(), super::BrokerError> {
        let mut events = connection.events_listener();
        let mut unconfirmed = FuturesUnordered::new();
        let mut stopping = false;
        // Messages in a row that the broker has not confirmed in time.
        let mut unheard = 0;
        loop {
            if stopping && self.queue.is_empty() && unconfirmed.is_empty() {
                return Ok(());
            }
            tokio::select! {
                biased;
                Some(outcome) = unconfirmed.next(), if !unconfirmed.is_empty() => {
                    unheard = if outcome == Outcome::Confirmed { 0 } else { unheard + 1 };
                    if unheard >= self.config.window {
                        // A whole window without a word: what is sent only piles up on this side.
                        settle_all(unconfirmed).await;
                        return Err(super::BrokerError::Timeout(self.config.confirm_timeout));
                    }
                }
                event = events.next() => match event {
                    Some(lapin::Event::Error(error)) => {
                        settle_all(unconfirmed).await;
                        return Err(error.into());
                    }
                    Some(lapin::Event::ConnectionBlocked(reason)) => {
                        tracing::warn!(link = %self.name, reason, "the broker blocks publishers");
                        self.up.store(false, Ordering::Release);
                    }
                    Some(lapin::Event::ConnectionUnblocked) => {
                        tracing::info!(link = %self.name, "the broker takes messages again");
                        self.up.store(!stopping, Ordering::Release);
                    }
                    Some(_) => {}
                    None => return Err(lapin::Error::from(lapin::ErrorKind::InvalidConnectionState(lapin::ConnectionState::Closed)).into()),
                },
                message = self.queue.recv(), if unconfirmed.len() < self.config.window => match message {
                    Some(first) => {
                        let messages = self.with_company(first, self.config.window - unconfirmed.len());
                        // Handed to the link in this order, and written by it together.
                        let sent = join_all(messages.iter().map(|message| self.send(channel, message))).await;
                        let mut fault = None;
                        for (mut message, sent) in messages.into_iter().zip(sent) {
                            match sent {
                                Ok(confirm) => unconfirmed.push(settle(message, confirm, self.config.confirm_timeout)),
                                Err(error) => {
                                    message.finish(Outcome::Failed);
                                    fault = Some(error);
                                }
                            }
                        }
                        if let Some(error) = fault {
                            settle_all(unconfirmed).await;
                            return Err(error);
                        }
                    }
                    None => stopping = true,
                },
                () = self.stop.cancelled(), if !stopping => {
                    self.up.store(false, Ordering::Release);
                    self.queue.close();
                    stopping = true;
                }
            }
        }
    }

    /// The message and those that wait behind it already, as far as there is room.
    fn with_company(&mut self, first: Outgoing, room: usize) -> Vec<Outgoing> {
        let mut messages = vec![first];
        while messages.len() < room.min(BURST)
            && let Ok(next) = self.queue.try_recv()
        {
            messages.push(next);
        }
        messages
    }

    async fn send(
        &self,
        channel: &Channel,
        message: &Outgoing,
    ) -> Result<lapin::PublisherConfirm, super::BrokerError> {
        let publish = channel.basic_publish(
            message.exchange.into(),
            short(&message.key),
            BasicPublishOptions::default(),
            &message.body,
            message.properties(),
        );
        tokio::time::timeout(self.config.confirm_timeout, publish)
            .await
            .map_err(|_elapsed| super::BrokerError::Timeout(self.config.confirm_timeout))?
            .map_err(super::BrokerError::from)
    }
}

/// Waits for the broker's word on one message.
async fn settle(
    mut message: Outgoing,
    confirm: lapin::PublisherConfirm,
    patience: std::time::Duration,
) -> Outcome {
    let sent = Instant::now();
    let outcome = match tokio::time::timeout(patience, confirm).await {
        Ok(Ok(Confirmation::Ack(_))) => Outcome::Confirmed,
        _ => Outcome::Failed,
    };
    metrics::histogram!("warren_publish_confirm_seconds").record(sent.elapsed().as_secs_f64());
    message.finish(outcome);
    outcome
}

async fn settle_all(mut unconfirmed: FuturesUnordered<impl Future<Output = Outcome>>) {
    while unconfirmed.next().await.is_some() {}
}
