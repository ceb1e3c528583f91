//! The link that consumes: this server's three queues, and the binders that keep them bound.
//!
//! *Events* is bounded and drops its oldest; what it drops goes to *overflow*, which holds one
//! message: when there is one, events are missing and sockets are told to sync. *Control* is never
//! dropped and never waits behind events. All three are exclusive: they end with the link, and are
//! made anew with the next.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use futures_util::future::try_join_all;
use futures_util::{FutureExt, StreamExt};
use lapin::Acker;
use lapin::message::Delivery as AmqpDelivery;
use lapin::options::{
    BasicAckOptions, BasicConsumeOptions, BasicQosOptions, QueueBindOptions, QueueDeclareOptions,
};
use lapin::types::{AMQPValue, FieldTable, ShortString};
use lapin::{Channel, Connection, Consumer};
use platform::broker::{BrokerError, connect, declare_topology};
use platform::shutdown::CancellationToken;
use protocol::bundle;
use protocol::control::Control;
use protocol::routing::{CC_HEADER, CONTROL_EXCHANGE, EVENTS_EXCHANGE, REQUEST_ID_HEADER, Route};

use crate::app::Shared;
use crate::bindings::Work;
use crate::metrics::{self, Dropped};
use crate::outbound::text_frame;
use crate::workers::{Batch, Command, Delivery};

/// Events handed to the workers at once: enough to spare wakes, few enough to be soon done.
const BATCH: usize = 64;
/// Events handed over before the broker hears of it: it can spare as many answers. Far below what
/// may be on its way (WARREN_WS_PREFETCH).
const ACK_AFTER: usize = 64;
/// The broker hears of them no later.
const ACK_WITHIN: Duration = Duration::from_millis(50);
/// Between two looks of a consumer that has nothing to acknowledge.
const A_WHILE: Duration = Duration::from_secs(3600);
/// Control messages taken and not yet acknowledged.
const CONTROL_PREFETCH: u16 = 100;

/// Consumes until `stop`, over as many links as it takes.
pub async fn run(shared: Arc<Shared>, stop: CancellationToken) {
    let mut backoff = shared.config.broker.backoff();
    let name = format!("ws-server {} consume", shared.server_id);
    let mut restored = false;
    while !stop.is_cancelled() {
        let ended = match open(&shared, &name).await {
            Ok(link) => {
                tracing::info!(link = name, "broker link is up");
                metrics::broker_up(true);
                shared.consuming.store(true, Ordering::Release);
                backoff.reset();
                let ended = tokio::select! {
                    ended = link.serve(&shared, restored) => ended,
                    () = stop.cancelled() => {
                        // Already on the way out: the broker notices a lost link as well.
                        _ = link.connection.close(200, "shutdown".into()).await;
                        return;
                    }
                };
                restored = true;
                shared.consuming.store(false, Ordering::Release);
                metrics::broker_up(false);
                shared.bindings.lost();
                ended
            }
            Err(error) => Err(error),
        };
        let Err(error) = ended;
        tracing::warn!(
            link = name,
            error = &error as &dyn std::error::Error,
            "broker link is down"
        );
        tokio::select! {
            () = tokio::time::sleep(backoff.next_delay()) => {}
            () = stop.cancelled() => {}
        }
    }
}

/// A link with its queues.
struct Link {
    connection: Connection,
    /// The queue that is bound.
    queue: ShortString,
    events: Consumer,
    overflow: Consumer,
    control: Consumer,
    binders: Vec<Channel>,
}

async fn open(shared: &Shared, name: &str) -> Result<Link, BrokerError> {
    let opened = tokio::time::timeout(
        shared.config.broker.connect_timeout * 2,
        Box::pin(declare(shared, name)),
    );
    opened
        .await
        .unwrap_or_else(|_elapsed| Err(BrokerError::Timeout(shared.config.broker.connect_timeout)))
}

async fn declare(shared: &Shared, name: &str) -> Result<Link, BrokerError> {
    let config = &shared.config.bindings;
    let connection = connect(&shared.config.broker, name).await?;
    let control = connection.create_channel().await?;
    declare_topology(&control).await?;
    let overflow_queue = declare_queue(&control, [("x-max-length", number(1))]).await?;
    let queue = declare_queue(
        &control,
        [
            ("x-max-length", number(config.queue_messages)),
            ("x-max-length-bytes", number(config.queue_bytes)),
            ("x-overflow", text("drop-head")),
            ("x-dead-letter-exchange", text("")),
            ("x-dead-letter-routing-key", text(overflow_queue.as_str())),
        ],
    )
    .await?;
    let control_queue = declare_queue(&control, []).await?;
    let (exchange, key) = (CONTROL_EXCHANGE.into(), "".into());
    let options = QueueBindOptions::default();
    control
        .queue_bind(
            control_queue.clone(),
            exchange,
            key,
            options,
            FieldTable::default(),
        )
        .await?;
    let events = connection.create_channel().await?;
    let mut binders = Vec::with_capacity(config.concurrency);
    for _ in 0..config.concurrency {
        binders.push(connection.create_channel().await?);
    }
    Ok(Link {
        events: consume(&events, &queue, config.prefetch).await?,
        overflow: consume(&control, &overflow_queue, CONTROL_PREFETCH).await?,
        control: consume(&control, &control_queue, CONTROL_PREFETCH).await?,
        connection,
        queue,
        binders,
    })
}

fn number(value: u32) -> AMQPValue {
    AMQPValue::LongLongInt(value.into())
}

fn text(value: &str) -> AMQPValue {
    AMQPValue::LongString(value.into())
}

/// An exclusive queue that the broker names.
async fn declare_queue<const N: usize>(
    channel: &Channel,
    arguments: [(&'static str, AMQPValue); N],
) -> Result<ShortString, lapin::Error> {
    let mut table = FieldTable::default();
    for (name, value) in arguments {
        table.insert(name.into(), value);
    }
    let options = QueueDeclareOptions {
        exclusive: true,
        ..Default::default()
    };
    let queue = channel.queue_declare("".into(), options, table).await?;
    Ok(queue.name().clone())
}

async fn consume(
    channel: &Channel,
    queue: &ShortString,
    prefetch: u16,
) -> Result<Consumer, lapin::Error> {
    channel
        .basic_qos(prefetch, BasicQosOptions::default())
        .await?;
    let options = BasicConsumeOptions::default();
    channel
        .basic_consume(queue.clone(), "".into(), options, FieldTable::default())
        .await
}

/// The broker ended a consumer: the link is as good as lost.
fn ended() -> BrokerError {
    lapin::Error::from(std::io::Error::from(std::io::ErrorKind::ConnectionAborted)).into()
}

impl Link {
    /// Works until the link is lost. `restored` says that there was one before.
    async fn serve(&self, shared: &Shared, restored: bool) -> Result<Infallible, BrokerError> {
        let binders = self
            .binders
            .iter()
            .map(|channel| bind(shared, channel, &self.queue));
        let restore = async {
            if restored {
                shared.bindings.restored().await;
                tracing::info!("every binding is made again");
                shared.workers.tell_all(&Command::Restored);
            }
            std::future::pending::<Result<Infallible, BrokerError>>().await
        };
        // Polled in this order, so a control message never waits behind events that came with it.
        let (never, ..) = tokio::try_join!(
            take_control(shared, self.control.clone()),
            take_overflow(shared, self.overflow.clone()),
            take_events(shared, self.events.clone()),
            try_join_all(binders),
            restore,
        )?;
        Ok(never)
    }
}

/// Makes and takes away bindings, one after the other.
async fn bind(
    shared: &Shared,
    channel: &Channel,
    queue: &ShortString,
) -> Result<Infallible, BrokerError> {
    loop {
        let work = shared.bindings.next().await;
        let (queue, exchange) = (queue.clone(), EVENTS_EXCHANGE.into());
        match work {
            Work::Bind(route) => {
                let options = QueueBindOptions::default();
                channel
                    .queue_bind(
                        queue,
                        exchange,
                        route.key().into(),
                        options,
                        FieldTable::default(),
                    )
                    .await?;
            }
            Work::Unbind(route) => {
                channel
                    .queue_unbind(queue, exchange, route.key().into(), FieldTable::default())
                    .await?;
            }
        }
        shared.bindings.done(work);
        metrics::bindings(shared.bindings.len());
    }
}

async fn take_control(shared: &Shared, mut control: Consumer) -> Result<Infallible, BrokerError> {
    while let Some(delivery) = control.next().await {
        let delivery = delivery?;
        match serde_json::from_slice::<Control>(&delivery.data) {
            Ok(message) => {
                tracing::debug!(?message, "control");
                if let Control::VisibilityChanged { user_ids } = &message {
                    shared.watches.changed(*user_ids);
                }
                shared
                    .workers
                    .tell_all(&Command::Control(Arc::new(message)));
            }
            // A newer API may say more than this server understands; what it must not miss, it
            // hears from the revocations as well.
            Err(error) => tracing::warn!(%error, "a control message cannot be read"),
        }
        delivery.acker.ack(BasicAckOptions::default()).await?;
    }
    Err(ended())
}

async fn take_overflow(shared: &Shared, mut overflow: Consumer) -> Result<Infallible, BrokerError> {
    while let Some(delivery) = overflow.next().await {
        let delivery = delivery?;
        tracing::warn!("the broker dropped events: every socket syncs");
        metrics::dropped(Dropped::QueueOverflow, 1);
        // Acknowledged first: what is dropped from here on makes a message of its own.
        delivery.acker.ack(BasicAckOptions::default()).await?;
        shared.workers.tell_all(&Command::Overflowed);
        tokio::time::sleep(shared.config.bindings.overflow_pause).await;
    }
    Err(ended())
}

async fn take_events(shared: &Shared, mut events: Consumer) -> Result<Infallible, BrokerError> {
    let mut unacked = Unacked::default();
    loop {
        let next = tokio::time::timeout_at(unacked.deadline(), events.next()).await;
        let Ok(next) = next else {
            unacked.acknowledge().await?;
            continue;
        };
        let received_at = Instant::now();
        let mut deliveries = Vec::new();
        unacked.take(next.ok_or_else(ended)??, &mut deliveries);
        for _ in 1..BATCH {
            // Only what is here already: nobody waits for a batch to fill.
            let Some(Some(next)) = events.next().now_or_never() else {
                break;
            };
            unacked.take(next?, &mut deliveries);
        }
        let batch = Arc::new(Batch {
            received_at,
            deliveries,
        });
        shared.workers.deliver(&batch).await;
        // After the hand-over: while a worker is full, events wait in the broker's bounded queue.
        if unacked.count >= ACK_AFTER {
            unacked.acknowledge().await?;
        }
    }
}

/// What was handed over and the broker does not know of.
#[derive(Default)]
struct Unacked {
    last: Option<Acker>,
    count: usize,
    since: Option<tokio::time::Instant>,
}

impl Unacked {
    fn take(&mut self, delivery: AmqpDelivery, deliveries: &mut Vec<Delivery>) {
        read(&delivery, deliveries);
        self.last = Some(delivery.acker);
        self.count += 1;
        self.since.get_or_insert_with(tokio::time::Instant::now);
    }

    fn deadline(&self) -> tokio::time::Instant {
        self.since
            .unwrap_or_else(|| tokio::time::Instant::now() + A_WHILE)
            + ACK_WITHIN
    }

    async fn acknowledge(&mut self) -> Result<(), lapin::Error> {
        if let Some(last) = std::mem::take(self).last {
            last.ack(BasicAckOptions { multiple: true }).await?;
        }
        Ok(())
    }
}

/// For whom an event is, and its frame. The body is the frame's text and is not read further; a
/// bundle's is several.
fn read(delivery: &AmqpDelivery, deliveries: &mut Vec<Delivery>) {
    let kind = name(delivery.properties.kind()).unwrap_or_default();
    // Clients end the connection at a text frame that is none.
    let body = std::str::from_utf8(&delivery.data).ok();
    if kind == bundle::KIND {
        let frames = body.map(bundle::read).into_iter().flatten();
        for frame in frames {
            match frame {
                Some((routes, frame)) => deliveries.push(Delivery {
                    routes,
                    frame: text_frame(frame.as_bytes()),
                    kind: kind.clone(),
                    message_id: None,
                    request_id: None,
                }),
                None => cannot_be_read(delivery),
            }
        }
        return;
    }
    let routes = routes(delivery);
    if routes.is_empty() || body.is_none() {
        return cannot_be_read(delivery);
    }
    let request_id = match header(delivery, REQUEST_ID_HEADER) {
        Some(AMQPValue::LongString(id)) => Some(id.to_string()),
        _ => None,
    };
    deliveries.push(Delivery {
        routes,
        frame: text_frame(&delivery.data),
        kind,
        message_id: name(delivery.properties.message_id()),
        request_id,
    });
}

fn cannot_be_read(delivery: &AmqpDelivery) {
    tracing::warn!(routing_key = %delivery.routing_key, "an event cannot be read");
    metrics::dropped(Dropped::Malformed, 1);
}

fn routes(delivery: &AmqpDelivery) -> Vec<Route> {
    let mut routes = Vec::from_iter(Route::parse(delivery.routing_key.as_str()));
    if let Some(AMQPValue::FieldArray(keys)) = header(delivery, CC_HEADER) {
        for key in keys.as_slice() {
            if let AMQPValue::LongString(key) = key
                && let Ok(key) = std::str::from_utf8(key.as_bytes())
            {
                routes.extend(Route::parse(key));
            }
        }
    }
    routes
}

fn header<'a>(delivery: &'a AmqpDelivery, name: &str) -> Option<&'a AMQPValue> {
    delivery.properties.headers().as_ref()?.inner().get(name)
}

fn name(name: &Option<ShortString>) -> Option<String> {
    name.as_ref().map(|name| name.as_str().to_owned())
}

/// What `benches/` needs of this file.
#[doc(hidden)]
pub mod bench {
    use crate::workers::Delivery;

    /// Reads a broker's message.
    #[must_use]
    pub fn read(delivery: &super::AmqpDelivery) -> Vec<Delivery> {
        let mut deliveries = Vec::new();
        super::read(delivery, &mut deliveries);
        deliveries
    }
}
