//! Every setting of the service.

use std::net::SocketAddr;
use std::time::Duration;

use ipnet::IpNet;
use platform::admin::AdminConfig;
use platform::broker::BrokerConfig;
use platform::settings::{Faults, Secret, Setting, Settings};
use platform::telemetry::LogConfig;
use platform::token::TokenConfig;
use presence::PresenceConfig;

use crate::committer::CommitterConfig;
use crate::events::relay::RelayConfig;
use crate::files::config::FilesConfig;
use crate::floors::FloorsConfig;
use crate::keys::KeysConfig;
use crate::rate_limit::RateConfig;
use crate::store::DatabaseConfig;

/// The whole configuration of `api serve`.
#[derive(Clone, Debug)]
pub struct Config {
    /// The REST port.
    pub http: HttpConfig,
    /// The admin port.
    pub admin: AdminConfig,
    /// Logs.
    pub log: LogConfig,
    /// Postgres.
    pub database: DatabaseConfig,
    /// RabbitMQ.
    pub broker: BrokerConfig,
    /// Memcached.
    pub presence: PresenceConfig,
    /// Tokens' names.
    pub token: TokenConfig,
    /// Accounts.
    pub auth: AuthConfig,
    /// Signing keys.
    pub keys: KeysConfig,
    /// Rates.
    pub rate: RateConfig,
    /// Messages.
    pub messages: MessagesConfig,
    /// The committer.
    pub committer: CommitterConfig,
    /// The relay.
    pub relay: RelayConfig,
    /// The lowest watermarks of channels.
    pub floors: FloorsConfig,
    /// Files.
    pub files: FilesConfig,
    /// What peers prove themselves with.
    pub internal_credential: Secret,
}

impl Config {
    /// Declares and reads every setting.
    pub fn read(settings: &mut Settings) -> Self {
        Self {
            http: HttpConfig::read(settings),
            admin: AdminConfig::read(settings, "127.0.0.1:9081"),
            log: LogConfig::read(settings),
            database: DatabaseConfig::read(settings),
            broker: BrokerConfig::read(settings),
            presence: PresenceConfig::read(settings),
            token: TokenConfig::read(settings),
            auth: AuthConfig::read(settings),
            keys: KeysConfig {
                dir: settings.require(
                    "WARREN_AUTH_KEYS_DIR",
                    "/run/secrets/keys",
                    "The folder of Ed25519 signing keys, `<kid>.pem` each (PKCS#8); the last by name signs.",
                ),
                reload: settings.millis(
                    "WARREN_AUTH_KEYS_RELOAD_MS",
                    10_000,
                    "How often that folder is read again, in milliseconds.",
                ),
                activation: settings.millis(
                    "WARREN_AUTH_KEY_ACTIVATION_MS",
                    60_000,
                    "How long a new key is published before it signs, in milliseconds.",
                ),
            },
            rate: RateConfig::read(settings),
            messages: MessagesConfig::read(settings),
            committer: CommitterConfig::read(settings),
            relay: RelayConfig {
                every: settings.millis(
                    "WARREN_OUTBOX_RELAY_EVERY_MS",
                    500,
                    "How often the relay looks into the outbox, in milliseconds.",
                ),
                age: settings.millis(
                    "WARREN_OUTBOX_RELAY_AGE_MS",
                    2_000,
                    "Events younger than this, in milliseconds, are still their writer's.",
                ),
            },
            floors: FloorsConfig::read(settings),
            files: FilesConfig::read(settings),
            internal_credential: settings.secret_file(
                "WARREN_INTERNAL_CREDENTIAL_FILE",
                32,
                "The file with the secret that services prove themselves to each other with, 32 bytes or more.",
            ),
        }
    }

    /// Reads the process's settings.
    ///
    /// # Errors
    /// Every fault at once.
    pub fn from_process() -> Result<Self, Faults> {
        let mut settings = Settings::from_process();
        let config = Self::read(&mut settings);
        settings.finish()?;
        Ok(config)
    }
}

/// The REST port.
#[derive(Clone, Debug)]
pub struct HttpConfig {
    /// Address and port.
    pub bind: SocketAddr,
    /// Worker threads; 0 for one a core.
    pub workers: usize,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Origins from which a browser may use a session's cookie.
    pub allowed_origins: Vec<String>,
    /// Where people find the web client, without a slash at the end.
    pub public_url: String,
    /// How long requests may still take when the process ends.
    pub shutdown: Duration,
    /// How long a client may take to send a request's head.
    pub client_timeout: Duration,
}

impl HttpConfig {
    fn read(settings: &mut Settings) -> Self {
        Self {
            bind: settings.get(
                "WARREN_HTTP_BIND",
                "127.0.0.1:8081",
                "Where the REST API listens.",
            ),
            workers: settings.get(
                "WARREN_HTTP_WORKERS",
                "0",
                "Worker threads; 0 for one a core.",
            ),
            trusted_proxies: settings.get(
                "WARREN_HTTP_TRUSTED_PROXIES",
                "",
                "Networks of proxies whose `X-Forwarded-For` is believed, such as `10.0.0.0/8`.",
            ),
            allowed_origins: settings.get(
                "WARREN_HTTP_ALLOWED_ORIGINS",
                "http://localhost:8080,https://localhost:8443",
                "Origins from which a browser may use a session's cookie.",
            ),
            public_url: public_url(settings),
            shutdown: settings.millis(
                "WARREN_HTTP_SHUTDOWN_MS",
                10_000,
                "How long requests may still take when the process ends, in milliseconds.",
            ),
            client_timeout: settings.millis(
                "WARREN_HTTP_CLIENT_TIMEOUT_MS",
                10_000,
                "How long a client may take to send a request's head, in milliseconds.",
            ),
        }
    }
}

fn public_url(settings: &mut Settings) -> String {
    const NAME: &str = "WARREN_HTTP_PUBLIC_URL";
    let url: String = settings.get(
        NAME,
        "http://localhost:8080",
        "Where people find the web client: links to invites begin with it.",
    );
    if !(url.starts_with("http://") || url.starts_with("https://")) {
        settings.refuse(NAME, "must begin with http:// or https://");
    }
    url.trim_end_matches('/').to_owned()
}

/// Who may register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registration {
    /// Everyone.
    Open,
    /// Whoever has an operator's invitation.
    Invite,
    /// Nobody: the operator makes the accounts.
    Closed,
}

impl Setting for Registration {
    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "open" => Ok(Self::Open),
            "invite" => Ok(Self::Invite),
            "closed" => Ok(Self::Closed),
            _ => Err(format!("{text:?} is neither open, invite nor closed")),
        }
    }
}

/// Accounts and sessions.
#[derive(Clone, Debug)]
pub struct AuthConfig {
    /// Who may register.
    pub registration: Registration,
    /// What refresh tokens are computed with.
    pub refresh_secret: Secret,
    /// A session that is not used for this long ends.
    pub session_life: Duration,
    /// How often revocations are read.
    pub revocations_every: Duration,
    /// How often what has ended is forgotten.
    pub sweep_every: Duration,
}

impl AuthConfig {
    fn read(settings: &mut Settings) -> Self {
        Self {
            registration: settings.get(
                "WARREN_AUTH_REGISTRATION",
                "open",
                "Who may register: `open`, `invite` (`api user invite` makes codes) or `closed`.",
            ),
            refresh_secret: settings.secret_file(
                "WARREN_AUTH_REFRESH_SECRET_FILE",
                32,
                "The file with the secret that refresh tokens are computed with, 32 bytes or more. \
                 Another one ends every session.",
            ),
            session_life: settings.millis(
                "WARREN_AUTH_SESSION_LIFE_MS",
                30 * 24 * 60 * 60 * 1000,
                "A session that is not used for this long ends, in milliseconds (30 days).",
            ),
            revocations_every: settings.millis(
                "WARREN_AUTH_REVOCATIONS_EVERY_MS",
                1_000,
                "How often ended sessions are read, in milliseconds.",
            ),
            sweep_every: settings.millis(
                "WARREN_AUTH_SWEEP_EVERY_MS",
                10 * 60 * 1000,
                "How often what has ended is forgotten, in milliseconds.",
            ),
        }
    }
}

/// What people do with messages.
#[derive(Clone, Copy, Debug)]
pub struct MessagesConfig {
    /// How long after a message was sent its author may edit it.
    pub edit_window: Duration,
}

impl MessagesConfig {
    fn read(settings: &mut Settings) -> Self {
        Self {
            edit_window: Duration::from_secs(settings.get(
                "WARREN_MESSAGES_EDIT_WINDOW_SECONDS",
                "900",
                "How long after a message was sent its author may edit it, in seconds.",
            )),
        }
    }
}
