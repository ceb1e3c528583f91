//! The link that consumes: this server's three queues, and the binders that keep them bound.
//!
//! *Events* is bounded and drops its oldest; what it drops goes to *overflow*, which holds one
//! message: when there is one, events are missing and sockets are told to sync. *Control* is never
//! dropped and never waits behind events. All three are exclusive: they end with the link, and are
//! made anew with the next.

mod events;

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use futures_util::StreamExt;
use futures_util::future::try_join_all;
use lapin::options::{
    BasicAckOptions, BasicConsumeOptions, BasicQosOptions, QueueBindOptions, QueueDeclareOptions,
};
use lapin::types::{AMQPValue, FieldTable, ShortString};
use lapin::{Channel, Connection, Consumer};
use platform::broker::{BrokerError, connect, declare_topology};
use platform::shutdown::CancellationToken;
use protocol::control::Control;
use protocol::routing::{CONTROL_EXCHANGE, EVENTS_EXCHANGE};

use crate::app::Shared;
use crate::bindings::Work;
use crate::metrics::{self, Dropped};
use crate::workers::Command;

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
        overflow: consume(&control, &overflow_queue, 1).await?,
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
            events::take(shared, self.events.clone()),
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
        shared.workers.tell_all(&Command::Overflowed);
        tokio::time::sleep(shared.config.bindings.overflow_pause).await;
        // Only now: until then what is dropped leaves one message, however much it is.
        delivery.acker.ack(BasicAckOptions::default()).await?;
    }
    Err(ended())
}

/// What `benches/` needs.
#[doc(hidden)]
pub mod bench {
    use crate::workers::Delivery;

    /// Reads a broker's message.
    #[must_use]
    pub fn read(delivery: &lapin::message::Delivery) -> Vec<Delivery> {
        let mut deliveries = Vec::new();
        super::events::read(delivery, &mut deliveries);
        deliveries
    }
}
