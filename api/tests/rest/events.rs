//! The broker's side of a change: what a ws-server would have been handed.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::StreamExt;
use lapin::Connection;
use lapin::options::{BasicConsumeOptions, QueueDeclareOptions};
use lapin::types::FieldTable;
use platform::broker::declare_topology;
use protocol::bundle;
use protocol::control::Control;
use protocol::frame::ServerFrame;
use protocol::routing::{CONTROL_EXCHANGE, EVENTS_EXCHANGE, Route};
use testkit::TestEnv;

/// Events take one hop through the broker; a relay adds its wait.
const DEADLINE: Duration = Duration::from_secs(10);

/// A message as a consumer gets it.
#[derive(Clone, Debug)]
pub struct Heard {
    /// First key and `CC`.
    pub keys: Vec<String>,
    /// The AMQP `type`.
    pub kind: String,
    /// The AMQP `message_id`.
    pub message_id: Option<String>,
    /// The body.
    pub body: String,
}

impl Heard {
    /// A bundle as the events that it carries; each of their keys is one of the publish.
    fn unpack(self) -> Vec<Self> {
        if self.kind != bundle::KIND {
            return vec![self];
        }
        let frames = bundle::read(&self.body).map(Option::unwrap);
        let events = frames.map(|(routes, frame)| {
            let keys: Vec<_> = routes.into_iter().map(Route::key).collect();
            assert!(keys.iter().all(|key| self.keys.contains(key)), "{self:?}");
            let kind: ServerFrame = serde_json::from_str(frame).unwrap();
            Self {
                keys,
                kind: kind.kind().to_owned(),
                message_id: None,
                body: frame.to_owned(),
            }
        });
        events.collect()
    }
}

/// Everything that was published since it began to listen.
pub struct Events {
    heard: Arc<Mutex<Vec<Heard>>>,
    _connection: Connection,
}

impl Events {
    /// Hears every event for clients.
    pub async fn listen(env: &TestEnv) -> Self {
        Self::on(env, EVENTS_EXCHANGE, "#").await
    }

    /// Hears every control message.
    pub async fn control(env: &TestEnv) -> Self {
        Self::on(env, CONTROL_EXCHANGE, "").await
    }

    async fn on(env: &TestEnv, exchange: &str, key: &str) -> Self {
        let connection = env.amqp().await;
        let channel = connection.create_channel().await.unwrap();
        declare_topology(&channel).await.unwrap();
        let exclusive = QueueDeclareOptions {
            exclusive: true,
            ..Default::default()
        };
        let queue = channel
            .queue_declare("".into(), exclusive, FieldTable::default())
            .await
            .unwrap();
        let name = queue.name().clone();
        channel
            .queue_bind(
                name.clone(),
                exchange.into(),
                key.into(),
                Default::default(),
                FieldTable::default(),
            )
            .await
            .unwrap();
        let no_ack = BasicConsumeOptions {
            no_ack: true,
            ..Default::default()
        };
        let mut consumer = channel
            .basic_consume(name, "".into(), no_ack, FieldTable::default())
            .await
            .unwrap();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let list = heard.clone();
        tokio::spawn(async move {
            while let Some(Ok(delivery)) = consumer.next().await {
                let properties = &delivery.properties;
                let mut keys = vec![delivery.routing_key.to_string()];
                let headers = properties.headers().as_ref();
                let cc = headers
                    .and_then(|headers| headers.inner().get("CC"))
                    .and_then(|cc| cc.as_array());
                keys.extend(
                    cc.into_iter()
                        .flat_map(|cc| cc.as_slice())
                        .filter_map(|key| key.as_long_string().map(ToString::to_string)),
                );
                let heard = Heard {
                    keys,
                    kind: properties
                        .kind()
                        .as_ref()
                        .map(ToString::to_string)
                        .unwrap_or_default(),
                    message_id: properties.message_id().as_ref().map(ToString::to_string),
                    body: String::from_utf8(delivery.data).unwrap(),
                };
                list.lock().unwrap().extend(heard.unpack());
            }
        });
        Self {
            heard,
            _connection: connection,
        }
    }

    /// Everything so far.
    pub fn all(&self) -> Vec<Heard> {
        self.heard.lock().unwrap().clone()
    }

    /// Every frame so far.
    pub fn frames(&self) -> Vec<ServerFrame> {
        self.all()
            .iter()
            .map(|heard| serde_json::from_str(&heard.body).unwrap())
            .collect()
    }

    /// Waits for a message that fits.
    pub async fn expect(&self, fits: impl Fn(&Heard) -> bool) -> Heard {
        testkit::eventually(DEADLINE, || async {
            self.all()
                .into_iter()
                .find(|heard| fits(heard))
                .ok_or_else(|| format!("heard {:#?}", self.all()))
        })
        .await
    }

    /// Waits for a frame that fits.
    pub async fn expect_frame(&self, fits: impl Fn(&ServerFrame) -> bool) -> Heard {
        self.expect(|heard| serde_json::from_str(&heard.body).is_ok_and(|frame| fits(&frame)))
            .await
    }

    /// Waits for a control message.
    pub async fn expect_control(&self, want: &Control) -> Heard {
        self.expect(|heard| {
            serde_json::from_str::<Control>(&heard.body).is_ok_and(|control| control == *want)
        })
        .await
    }
}
