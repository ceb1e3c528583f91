//! The link to RabbitMQ: connecting, the topology, and a publisher with a bounded window.

pub mod publisher;

use std::time::Duration;

use lapin::options::{ExchangeDeclareOptions, QueueDeclareOptions};
use lapin::types::FieldTable;
use lapin::uri::AMQPUri;
use lapin::{Channel, Connection, ConnectionProperties, ExchangeKind};
use protocol::routing;

use crate::settings::{Settings, Url};

/// Where the broker is and how long to wait for it.
#[derive(Clone, Debug)]
pub struct BrokerConfig {
    /// `amqp://user:password@host:port/vhost`.
    pub url: Url,
    /// How long connecting may take.
    pub connect_timeout: Duration,
    /// Silence of the broker beyond twice this is the link's end.
    pub heartbeat_seconds: u16,
    /// First wait after a lost link; doubles up to 20 times that, with full jitter.
    pub reconnect: Duration,
    /// Messages published and not yet confirmed, at most.
    pub window: usize,
    /// A confirm later than this counts as failed.
    pub confirm_timeout: Duration,
}

impl BrokerConfig {
    /// Declares and reads the settings.
    pub fn read(settings: &mut Settings) -> Self {
        Self {
            url: settings.require(
                "WARREN_BROKER_URL",
                "amqp://warren:password@127.0.0.1:5672/warren",
                "RabbitMQ, with user, password and virtual host.",
            ),
            connect_timeout: settings.millis(
                "WARREN_BROKER_CONNECT_TIMEOUT_MS",
                5_000,
                "How long connecting to RabbitMQ may take, in milliseconds.",
            ),
            heartbeat_seconds: settings.get(
                "WARREN_BROKER_HEARTBEAT_SECONDS",
                "10",
                "Both ends of a link say something at least this often; after twice this time in silence it is given up.",
            ),
            reconnect: settings.millis(
                "WARREN_BROKER_RECONNECT_MS",
                100,
                "First wait after a lost link, in milliseconds; doubles up to 20 times that, with jitter.",
            ),
            window: settings.get(
                "WARREN_BROKER_WINDOW",
                "1024",
                "Messages published and not yet confirmed, at most.",
            ),
            confirm_timeout: settings.millis(
                "WARREN_BROKER_CONFIRM_TIMEOUT_MS",
                800,
                "A publisher confirm later than this, in milliseconds, leaves the event to the outbox.",
            ),
        }
    }

    /// How long to wait between tries to connect.
    #[must_use]
    pub fn backoff(&self) -> crate::backoff::Backoff {
        crate::backoff::Backoff::new(self.reconnect, self.reconnect * 20)
    }
}

/// Why a link could not be made.
#[derive(Debug, thiserror::Error)]
pub enum BrokerError {
    /// The broker did not answer in time.
    #[error("the broker did not answer within {0:?}")]
    Timeout(Duration),
    /// The address is none of a broker.
    #[error("not the address of a broker: {0}")]
    Address(String),
    /// The broker refused, or the link broke.
    #[error(transparent)]
    Amqp(#[from] lapin::Error),
}

/// Connects once; `name` is what the broker's management shows.
///
/// # Errors
/// If the broker refuses or does not answer in time.
pub async fn connect(config: &BrokerConfig, name: &str) -> Result<Connection, BrokerError> {
    let properties = ConnectionProperties::default().with_connection_name(name.into());
    let mut uri: AMQPUri = config.url.expose().parse().map_err(BrokerError::Address)?;
    // The broker's own proposal is a minute.
    uri.query.heartbeat.get_or_insert(config.heartbeat_seconds);
    tokio::time::timeout(
        config.connect_timeout,
        Connection::connect_uri(uri, properties),
    )
    .await
    .map_err(|_elapsed| BrokerError::Timeout(config.connect_timeout))?
    .map_err(BrokerError::from)
}

/// Declares the exchanges and the shared queues. Declaring what exists changes nothing.
///
/// # Errors
/// If the broker refuses, for instance because one exists with other properties.
pub async fn declare_topology(channel: &Channel) -> Result<(), lapin::Error> {
    let durable = ExchangeDeclareOptions {
        durable: true,
        ..Default::default()
    };
    for (name, kind) in [
        (routing::EVENTS_EXCHANGE, ExchangeKind::Topic),
        (routing::CONTROL_EXCHANGE, ExchangeKind::Fanout),
        (routing::COMMANDS_EXCHANGE, ExchangeKind::Direct),
    ] {
        channel
            .exchange_declare(name.into(), kind, durable, FieldTable::default())
            .await?;
    }
    for (queue, limit) in [
        (routing::RECEIPTS_QUEUE, None),
        (routing::LAST_SEEN_QUEUE, None),
        // Typing is worth nothing after a few seconds: what nobody takes is dropped.
        (routing::TYPING_QUEUE, Some((1_000, 5_000))),
    ] {
        let mut arguments = FieldTable::default();
        if let Some((messages, ttl_ms)) = limit {
            arguments.insert(
                "x-max-length".into(),
                lapin::types::AMQPValue::LongInt(messages),
            );
            arguments.insert(
                "x-message-ttl".into(),
                lapin::types::AMQPValue::LongInt(ttl_ms),
            );
        }
        let durable = QueueDeclareOptions {
            durable: true,
            ..Default::default()
        };
        channel
            .queue_declare(queue.into(), durable, arguments)
            .await?;
        channel
            .queue_bind(
                queue.into(),
                routing::COMMANDS_EXCHANGE.into(),
                queue.into(),
                Default::default(),
                FieldTable::default(),
            )
            .await?;
    }
    Ok(())
}
