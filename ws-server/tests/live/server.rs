//! A ws-server for one test, and what tests do to its surroundings.

use std::sync::LazyLock;
use std::time::Duration;

use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::types::{AMQPValue, FieldArray, FieldTable};
use lapin::{BasicProperties, Channel, Connection};
use metrics_exporter_prometheus::PrometheusHandle;
use platform::settings::Settings;
use protocol::bundle;
use protocol::control::Control;
use protocol::frame::{ReadyReason, ServerFrame};
use protocol::ids::{ConversationId, UserId};
use protocol::routing::{CC_HEADER, CONTROL_EXCHANGE, EVENTS_EXCHANGE, Route};
use testkit::ws::{Connect, Socket};
use testkit::{TestEnv, eventually};
use ws_server::app::App;
use ws_server::config::Config;

use crate::api::{self, Api, Person};

/// Long enough for a busy machine.
pub const DEADLINE: Duration = Duration::from_secs(20);

/// One process has one recorder.
pub static METRICS: LazyLock<PrometheusHandle> =
    LazyLock::new(|| platform::metrics::install().unwrap());

/// A ws-server and everything around it.
pub struct World {
    pub app: App,
    pub api: Api,
    pub env: TestEnv,
    pub url: String,
}

impl World {
    /// With every interval short, and these settings over them.
    pub async fn start(settings: &[(&str, &str)]) -> Self {
        Self::start_in(TestEnv::new().await, settings).await
    }

    /// As [`start`](Self::start), with proxies in front of the servers.
    pub async fn with_faults(settings: &[(&str, &str)]) -> Self {
        Self::start_in(TestEnv::with_faults().await, settings).await
    }

    pub async fn start_in(env: TestEnv, settings: &[(&str, &str)]) -> Self {
        let api = Api::start(&env);
        Self::around(env, api, settings).await
    }

    /// As [`start_in`](Self::start_in), with an API that runs already.
    pub async fn around(env: TestEnv, api: Api, settings: &[(&str, &str)]) -> Self {
        let app = start(&env, &api, settings);
        let url = format!("ws://{}/ws", app.address);
        let world = Self { app, api, env, url };
        world.ready().await;
        world
    }

    /// Waits until every dependency answers.
    pub async fn ready(&self) {
        eventually(DEADLINE, || async {
            match self.readyz().await {
                (200, _) => Ok(()),
                other => Err(other),
            }
        })
        .await;
    }

    pub async fn readyz(&self) -> (u16, String) {
        let answer = reqwest::get(format!("http://{}/readyz", self.app.admin_address))
            .await
            .unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    pub fn person(&self) -> Person {
        api::person(&self.env.secrets().signing_key)
    }

    /// A fresh token of the same session.
    pub fn token(&self, person: &Person, lives_secs: i64) -> String {
        let claims = api::claims(person.user_id, person.session_id, lives_secs);
        self.env.secrets().signing_key.token(&claims)
    }

    /// A socket after its `ready`.
    pub async fn connect(&self, person: &Person) -> Socket {
        let socket = self.open(person).await;
        socket.expect_ready(ReadyReason::Connected).await;
        socket
    }

    /// A socket after its `hello`.
    pub async fn open(&self, person: &Person) -> Socket {
        let socket = Socket::connect(&self.url, &person.token).await;
        socket.expect_hello().await;
        socket
    }

    pub fn dial(&self) -> Connect {
        Connect::to(&self.url)
    }

    pub async fn publisher(&self) -> Publisher {
        Publisher::new(&self.env).await
    }

    pub async fn end(self) {
        self.app.end().await;
        self.api.stop().await;
        self.env.close().await;
    }
}

/// Starts a ws-server with every interval short, and these settings over them.
pub fn start(env: &TestEnv, api: &Api, settings: &[(&str, &str)]) -> App {
    let pairs = pairs(env, api, settings);
    let config = Config::from_settings(Settings::from_pairs(pairs)).unwrap();
    App::start(config, METRICS.clone()).unwrap()
}

/// The settings of a ws-server with every interval short, and these over them.
pub fn pairs(env: &TestEnv, api: &Api, settings: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut pairs: Vec<(String, String)> = [
        ("WARREN_HTTP_BIND", "127.0.0.1:0".to_owned()),
        ("WARREN_ADMIN_BIND", "127.0.0.1:0".to_owned()),
        ("WARREN_BROKER_URL", env.broker_url()),
        ("WARREN_BROKER_RECONNECT_MS", "20".to_owned()),
        (
            "WARREN_API_JWKS_URLS",
            format!("{}/.well-known/jwks.json", api.url),
        ),
        ("WARREN_API_INTERNAL_URLS", api.url.clone()),
        (
            "WARREN_INTERNAL_CREDENTIAL_FILE",
            env.secrets().internal_credential_file.display().to_string(),
        ),
        ("WARREN_PRESENCE_SERVERS", env.presence_servers()),
        ("WARREN_PRESENCE_PREFIX", env.presence_prefix()),
        ("WARREN_PRESENCE_TTL_MS", "2000".to_owned()),
        ("WARREN_PRESENCE_RETRY_MS", "100".to_owned()),
        (
            "WARREN_HTTP_ALLOWED_ORIGINS",
            "http://localhost:8080".to_owned(),
        ),
        ("WARREN_WS_WORKERS", "2".to_owned()),
        ("WARREN_WS_SWEEP_MS", "20".to_owned()),
        ("WARREN_WS_REVOCATIONS_MS", "100".to_owned()),
        ("WARREN_WS_PRESENCE_REFRESH_MS", "100".to_owned()),
        ("WARREN_WS_RECEIPTS_QUIET_MS", "20".to_owned()),
        ("WARREN_WS_RECEIPTS_BUSY_MS", "100".to_owned()),
        ("WARREN_WS_RECEIPTS_RETRY_MS", "100".to_owned()),
        ("WARREN_WS_LAST_SEEN_MS", "50".to_owned()),
        ("WARREN_WS_BINDING_LINGER_MS", "300".to_owned()),
        ("WARREN_WS_OVERFLOW_PAUSE_MS", "50".to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into();
    // Later pairs go over earlier ones.
    pairs.extend(
        settings
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
    );
    pairs
}

/// Publishes as the API does.
pub struct Publisher {
    channel: Channel,
    _connection: Connection,
}

impl Publisher {
    pub async fn new(env: &TestEnv) -> Self {
        let connection = env.amqp().await;
        let channel = connection.create_channel().await.unwrap();
        channel
            .confirm_select(ConfirmSelectOptions::default())
            .await
            .unwrap();
        Self {
            channel,
            _connection: connection,
        }
    }

    /// An event with these routes; returns when the broker has it.
    pub async fn event(&self, routes: &[Route], body: impl AsRef<[u8]>) {
        self.routed(routes, "typing", body.as_ref()).await;
    }

    /// Frames that travel together; returns when the broker has them.
    pub async fn bundle(&self, frames: &[(&[Route], ServerFrame)]) {
        let mut body = String::new();
        for (routes, frame) in frames {
            let keys: Vec<_> = routes.iter().map(|route| route.key()).collect();
            bundle::add(&mut body, &keys, &frame.encode());
        }
        let routes: Vec<_> = frames
            .iter()
            .flat_map(|(routes, _)| *routes)
            .copied()
            .collect();
        self.routed(&routes, bundle::KIND, body.as_bytes()).await;
    }

    async fn routed(&self, routes: &[Route], kind: &str, body: &[u8]) {
        let (first, others) = routes.split_first().unwrap();
        let mut headers = FieldTable::default();
        let keys: Vec<_> = others
            .iter()
            .map(|route| AMQPValue::LongString(route.key().into()))
            .collect();
        headers.insert(
            CC_HEADER.into(),
            AMQPValue::FieldArray(FieldArray::from(keys)),
        );
        let properties = BasicProperties::default()
            .with_type(kind.into())
            .with_headers(headers);
        self.publish(EVENTS_EXCHANGE, &first.key(), body, properties)
            .await;
    }

    pub async fn control(&self, control: &Control) {
        let body = control.encode();
        self.publish(
            CONTROL_EXCHANGE,
            "",
            body.as_bytes(),
            BasicProperties::default(),
        )
        .await;
    }

    async fn publish(&self, exchange: &str, key: &str, body: &[u8], properties: BasicProperties) {
        self.channel
            .basic_publish(
                exchange.into(),
                key.into(),
                BasicPublishOptions::default(),
                body,
                properties,
            )
            .await
            .unwrap()
            .await
            .unwrap();
    }
}

/// An event that can be told from others.
pub fn marked(number: i64) -> ServerFrame {
    ServerFrame::Receipts {
        conversation_id: ConversationId(uuid::Uuid::nil()),
        delivered_seq: number,
        read_seq: 0,
    }
}

/// The marks of the events a socket has got, in their order.
pub fn marks(socket: &Socket) -> Vec<i64> {
    socket
        .arrived()
        .iter()
        .filter_map(|arrived| match &arrived.frame {
            Some(ServerFrame::Receipts { delivered_seq, .. }) => Some(*delivered_seq),
            _ => None,
        })
        .collect()
}

/// Waits for one marked event.
pub async fn expect_mark(socket: &Socket, number: i64) {
    let is_it = |frame: &ServerFrame| *frame == marked(number);
    socket.expect_event(is_it, DEADLINE).await;
}

pub fn user(person: &Person) -> Route {
    Route::User(person.user_id)
}

/// The user's presence key is there, or not.
pub async fn expect_online(env: &TestEnv, user: UserId, online: bool) {
    let presence = presence::Presence::connect(presence::PresenceConfig {
        servers: env
            .presence_servers()
            .split(',')
            .map(ToOwned::to_owned)
            .collect(),
        prefix: env.presence_prefix(),
        ttl: Duration::from_secs(2),
        timeout: Duration::from_secs(2),
        retry: Duration::ZERO,
    });
    eventually(DEADLINE, || async {
        let found = presence.online(&[user]).await.contains(&user);
        if found == online { Ok(()) } else { Err(found) }
    })
    .await;
}
