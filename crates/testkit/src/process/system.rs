//! Several processes of both services on one environment.

use std::collections::BTreeMap;

use protocol::frame::ReadyReason;

use super::{Binary, Process};
use crate::TestEnv;
use crate::http::{Client, User};
use crate::ws::Socket;

/// The `Origin` that the processes allow.
pub const ORIGIN: &str = "http://front.test";

/// Api and ws-server processes that know each other.
#[derive(Debug)]
pub struct System {
    // In the order of dropping: the processes end before what they use.
    /// The WebSocket servers.
    pub ws: Vec<Process>,
    /// The REST servers.
    pub api: Vec<Process>,
    /// What they run on.
    pub env: TestEnv,
}

/// A system in the making.
#[derive(Debug)]
#[must_use = "it is not started yet"]
pub struct Builder {
    env: TestEnv,
    api: usize,
    ws: usize,
    settings: BTreeMap<String, String>,
}

impl Builder {
    /// How many api processes; 1 by default.
    pub fn api(mut self, count: usize) -> Self {
        self.api = count;
        self
    }

    /// How many ws-server processes; 1 by default.
    pub fn ws(mut self, count: usize) -> Self {
        self.ws = count;
        self
    }

    /// One more setting for every process; each reads those that are its own.
    pub fn set(mut self, name: &str, value: impl ToString) -> Self {
        self.settings.insert(name.to_owned(), value.to_string());
        self
    }

    /// Migrates the schema, starts the processes and waits until all are ready.
    pub async fn start(self) -> System {
        let Self {
            env,
            api,
            ws,
            settings,
        } = self;
        let for_api = api_settings(&env, &settings);
        Process::run(Binary::Api, &["migrate"], for_api.clone()).await;
        let mut system = System {
            ws: vec![],
            api: vec![],
            env,
        };
        for i in 0..api {
            let name = format!("api-{i}");
            let process = Process::start(Binary::Api, &name, for_api.clone()).await;
            system.api.push(process);
        }
        let for_ws = ws_settings(&system, &settings);
        for i in 0..ws {
            let name = format!("ws-{i}");
            let process = Process::start(Binary::WsServer, &name, for_ws.clone()).await;
            system.ws.push(process);
        }
        system
    }
}

impl System {
    /// A system on a fresh environment.
    pub async fn builder() -> Builder {
        Self::on(TestEnv::new().await)
    }

    /// A system on this environment, for instance one with faults.
    pub fn on(env: TestEnv) -> Builder {
        Builder {
            env,
            api: 1,
            ws: 1,
            settings: BTreeMap::new(),
        }
    }

    /// Calls an api process without a token.
    #[must_use]
    pub fn client(&self, api: usize) -> Client {
        Client::anonymous(format!("http://{}", self.api[api].http()))
    }

    /// A new account, made through the first api process.
    pub async fn register(&self, username: &str) -> User {
        self.client(0).register(username).await
    }

    /// The same user, calling another api process.
    #[must_use]
    pub fn user_at(&self, api: usize, user: &User) -> User {
        user.at(format!("http://{}", self.api[api].http()))
    }

    /// Where a ws-server takes sockets.
    #[must_use]
    pub fn ws_url(&self, ws: usize) -> String {
        format!("ws://{}/ws", self.ws[ws].http())
    }

    /// A socket of a user at a ws-server, after `hello` and `ready`.
    pub async fn socket(&self, ws: usize, user: &User) -> Socket {
        let socket = Socket::connect(&self.ws_url(ws), &user.access_token).await;
        let hello = socket.expect_hello().await;
        assert_eq!(hello.user_id, user.id(), "hello is for somebody else");
        socket.expect_ready(ReadyReason::Connected).await;
        socket
    }
}

fn both(env: &TestEnv, own: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let credential = &env.secrets().internal_credential_file;
    let mut settings = BTreeMap::from([
        ("WARREN_BROKER_URL".to_owned(), env.broker_url()),
        ("WARREN_PRESENCE_SERVERS".to_owned(), env.presence_servers()),
        ("WARREN_PRESENCE_PREFIX".to_owned(), env.presence_prefix()),
        (
            "WARREN_INTERNAL_CREDENTIAL_FILE".to_owned(),
            credential.display().to_string(),
        ),
        ("WARREN_HTTP_ALLOWED_ORIGINS".to_owned(), ORIGIN.to_owned()),
        // Tests come from one address and one user more often than anyone; those about limits
        // switch them on.
        ("WARREN_RATE_LIMITS".to_owned(), "off".to_owned()),
        (
            "WARREN_LOG_FILTER".to_owned(),
            "info,lapin=error".to_owned(),
        ),
    ]);
    settings.extend(own.clone());
    settings
}

fn api_settings(env: &TestEnv, own: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let secrets = env.secrets();
    let mut settings = BTreeMap::from([
        ("WARREN_DATABASE_URL".to_owned(), env.database_url()),
        (
            "WARREN_AUTH_KEYS_DIR".to_owned(),
            secrets.keys_dir.display().to_string(),
        ),
        (
            "WARREN_AUTH_REFRESH_SECRET_FILE".to_owned(),
            secrets.refresh_secret_file.display().to_string(),
        ),
        (
            "WARREN_FILES_SIGNING_SECRET_FILE".to_owned(),
            secrets.files_secret_file.display().to_string(),
        ),
        ("WARREN_FILES_LOCATION".to_owned(), env.files_location()),
        // Ten times as often as in production: a test about the relay waits for it.
        ("WARREN_OUTBOX_RELAY_EVERY_MS".to_owned(), "50".to_owned()),
        ("WARREN_OUTBOX_RELAY_AGE_MS".to_owned(), "200".to_owned()),
    ]);
    settings.extend(both(env, own));
    settings
}

fn ws_settings(system: &System, own: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let list = |address: fn(&Process) -> String| {
        let all: Vec<String> = system.api.iter().map(address).collect();
        all.join(",")
    };
    let mut settings = BTreeMap::from([
        (
            "WARREN_API_INTERNAL_URLS".to_owned(),
            list(|api| format!("http://{}", api.admin())),
        ),
        (
            "WARREN_API_JWKS_URLS".to_owned(),
            list(|api| format!("http://{}/.well-known/jwks.json", api.http())),
        ),
    ]);
    settings.extend(both(&system.env, own));
    settings
}
