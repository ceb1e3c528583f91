//! The settings of a ws-server: one struct per concern, all faults at once.

use std::net::SocketAddr;
use std::time::Duration;

use platform::admin::AdminConfig;
use platform::broker::BrokerConfig;
use platform::settings::{Faults, Secret, Settings, Url};
use platform::telemetry::LogConfig;
use platform::token::TokenConfig;
use presence::PresenceConfig;

/// Everything a ws-server is told.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where clients connect.
    pub http: HttpConfig,
    /// Health, metrics.
    pub admin: AdminConfig,
    /// RabbitMQ.
    pub broker: BrokerConfig,
    /// Whose tokens count.
    pub token: TokenConfig,
    /// Where the API is.
    pub api: ApiConfig,
    /// Memcached.
    pub presence: PresenceConfig,
    /// Logs.
    pub log: LogConfig,
    /// What a connection may and gets.
    pub socket: SocketConfig,
    /// When frames are written, and how much may wait.
    pub delivery: DeliveryConfig,
    /// What is passed on from clients.
    pub commands: CommandsConfig,
    /// Who is watched, and how often.
    pub watch: WatchConfig,
    /// Queues and bindings.
    pub bindings: BindingsConfig,
    /// Ending.
    pub drain: DrainConfig,
}

/// Where clients connect.
#[derive(Clone, Debug)]
pub struct HttpConfig {
    /// Address and port.
    pub bind: SocketAddr,
    /// Origins whose pages may connect.
    pub allowed_origins: Vec<String>,
    /// Threads that hold connections, each with a hub of its own.
    pub workers: usize,
    /// Connections of the whole process.
    pub max_connections: usize,
    /// Whether rate limits are on.
    pub rate_limits: bool,
}

/// Where the API is, and how often it is asked.
#[derive(Clone, Debug)]
pub struct ApiConfig {
    /// Addresses of the JWKS, tried in turn.
    pub jwks_urls: Vec<Url>,
    /// Admin ports of the API, tried in turn.
    pub internal_urls: Vec<Url>,
    /// What the internal routes ask for.
    pub credential: Secret,
    /// How long one answer may take.
    pub timeout: Duration,
    /// How often revocations are asked for.
    pub revocations: Duration,
    /// After so long without an answer, sockets are closed: one of them may be revoked.
    pub revocations_failure: Duration,
    /// How often keys are fetched again.
    pub jwks: Duration,
    /// An unknown key fetches them again at most so often.
    pub jwks_unknown: Duration,
}

/// What a connection may and gets.
#[derive(Clone, Debug)]
pub struct SocketConfig {
    /// A client says something at least this often.
    pub heartbeat: Duration,
    /// How often deadlines are looked at.
    pub sweep: Duration,
    /// A closed connection that is still there after that is dropped.
    pub close_deadline: Duration,
    /// Frames a second.
    pub frames_per_second: u32,
    /// New sockets a minute and user.
    pub sockets_per_minute: u32,
}

/// When frames are written, and how much may wait.
#[derive(Clone, Debug)]
pub struct DeliveryConfig {
    /// Written at once after that long without a write.
    pub idle: Duration,
    /// Else written at a tick of this length.
    pub tick: Duration,
    /// Bytes that wait for one connection, at most.
    pub queue_bytes: usize,
    /// Frames that wait for one connection, at most.
    pub queue_frames: usize,
    /// Batches that wait for one worker, at most.
    pub hand_over: usize,
    /// How long one full worker may hold up the others, once each time it falls behind.
    pub hand_over_patience: Duration,
}

/// What is passed on from clients.
#[derive(Clone, Debug)]
pub struct CommandsConfig {
    /// How long a watermark waits for more after a quiet second.
    pub receipts_quiet: Duration,
    /// At most one flush a conversation in this time.
    pub receipts_busy: Duration,
    /// Wait between tries when the broker did not confirm.
    pub receipts_retry: Duration,
    /// No confirm for that long is an `unavailable` error for who waits; trying goes on.
    pub receipts_patience: Duration,
    /// `typing: true` at most once in this time.
    pub typing: Duration,
    /// How long users who left are gathered into one message.
    pub last_seen: Duration,
}

/// Who is watched, and how often.
#[derive(Clone, Debug)]
pub struct WatchConfig {
    /// How often presence is written, and read for those who watch.
    pub refresh: Duration,
    /// How often it is asked again who may see whom.
    pub recheck: Duration,
}

/// Queues and bindings.
#[derive(Clone, Debug)]
pub struct BindingsConfig {
    /// How long a binding outlives the last socket that needs it.
    pub linger: Duration,
    /// Bindings made at once, each on a channel of its own.
    pub concurrency: usize,
    /// Unacknowledged deliveries.
    pub prefetch: u16,
    /// Events the broker keeps for this server, at most.
    pub queue_messages: u32,
    /// Their bytes, at most.
    pub queue_bytes: u32,
    /// How long a connecting socket waits for its binding before its flags are asked for anyway.
    pub slow_binding: Duration,
    /// At most one `ready restored` for overflows in this time.
    pub overflow_pause: Duration,
}

/// Ending.
#[derive(Clone, Debug)]
pub struct DrainConfig {
    /// Over how long the sockets are closed.
    pub spread: Duration,
    /// The process is gone after that, whatever is left.
    pub deadline: Duration,
}

impl Config {
    /// The process's settings.
    ///
    /// # Errors
    /// Every fault that was met.
    pub fn from_settings(mut settings: Settings) -> Result<Self, Faults> {
        let config = Self::read(&mut settings);
        settings.finish().map(|_entries| config)
    }

    /// Declares and reads the settings.
    pub fn read(settings: &mut Settings) -> Self {
        let config = Self {
            http: HttpConfig::read(settings),
            admin: AdminConfig::read(settings, "127.0.0.1:9091"),
            broker: BrokerConfig::read(settings),
            token: TokenConfig::read(settings),
            api: ApiConfig::read(settings),
            presence: PresenceConfig::read(settings),
            log: LogConfig::read(settings),
            socket: SocketConfig::read(settings),
            delivery: DeliveryConfig::read(settings),
            commands: CommandsConfig::read(settings),
            watch: WatchConfig::read(settings),
            bindings: BindingsConfig::read(settings),
            drain: DrainConfig::read(settings),
        };
        if config.presence.ttl < config.watch.refresh * 2 {
            settings.refuse(
                "WARREN_PRESENCE_TTL_MS",
                "must be at least twice WARREN_WS_PRESENCE_REFRESH_MS, or users flicker",
            );
        }
        config
    }
}

impl HttpConfig {
    fn read(settings: &mut Settings) -> Self {
        let config = Self {
            bind: settings.get(
                "WARREN_HTTP_BIND",
                "127.0.0.1:8091",
                "Where clients connect.",
            ),
            allowed_origins: settings.get(
                "WARREN_HTTP_ALLOWED_ORIGINS",
                "http://localhost:8080,https://localhost:8443",
                "Origins whose pages may open sockets, separated by commas.",
            ),
            workers: settings.get::<Option<usize>>(
                "WARREN_WS_WORKERS",
                "",
                "Threads that hold connections, each with a hub of its own; one for each core if empty.",
            ).unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from)),
            max_connections: settings.get(
                "WARREN_WS_MAX_CONNECTIONS",
                "100000",
                "Connections of the process at most.",
            ),
            rate_limits: settings.get(
                "WARREN_RATE_LIMITS",
                "on",
                "`off` only for load tests: no limits on frames and new sockets.",
            ),
        };
        if config.workers == 0 {
            settings.refuse("WARREN_WS_WORKERS", "must be at least 1");
        }
        config
    }
}

impl ApiConfig {
    fn read(settings: &mut Settings) -> Self {
        let config = Self {
            jwks_urls: settings.require(
                "WARREN_API_JWKS_URLS",
                "http://127.0.0.1:8081/.well-known/jwks.json",
                "Where the keys that verify access tokens are, tried in turn; separated by commas.",
            ),
            internal_urls: settings.require(
                "WARREN_API_INTERNAL_URLS",
                "http://127.0.0.1:9081",
                "The API's admin ports, tried in turn; separated by commas.",
            ),
            credential: settings.secret_file(
                "WARREN_INTERNAL_CREDENTIAL_FILE",
                16,
                "File with the credential of the API's internal routes.",
            ),
            timeout: settings.millis(
                "WARREN_API_TIMEOUT_MS",
                2_000,
                "How long one answer of the API may take, in milliseconds.",
            ),
            revocations: settings.millis(
                "WARREN_WS_REVOCATIONS_MS",
                1_000,
                "How often ended sessions and removed members are asked for, in milliseconds.",
            ),
            revocations_failure: settings.millis(
                "WARREN_WS_REVOCATIONS_FAILURE_MS",
                15_000,
                "Without an answer for that long, sockets close with 1001, in milliseconds.",
            ),
            jwks: settings.millis(
                "WARREN_WS_JWKS_MS",
                300_000,
                "How often the keys are fetched again, in milliseconds.",
            ),
            jwks_unknown: settings.millis(
                "WARREN_WS_JWKS_UNKNOWN_MS",
                30_000,
                "A token with an unknown key fetches them again at most this often, in milliseconds.",
            ),
        };
        if config.jwks_urls.is_empty() {
            settings.refuse("WARREN_API_JWKS_URLS", "names no address");
        }
        if config.internal_urls.is_empty() {
            settings.refuse("WARREN_API_INTERNAL_URLS", "names no address");
        }
        config
    }
}

impl SocketConfig {
    fn read(settings: &mut Settings) -> Self {
        let config = Self {
            heartbeat: settings.millis(
                "WARREN_WS_HEARTBEAT_MS",
                15_000,
                "A client says something at least this often; silent for 2.5 times that closes with 4408.",
            ),
            sweep: settings.millis(
                "WARREN_WS_SWEEP_MS",
                250,
                "How often each worker looks at its sockets' deadlines, in milliseconds.",
            ),
            close_deadline: settings.millis(
                "WARREN_WS_CLOSE_DEADLINE_MS",
                5_000,
                "A closed connection whose client does not read is dropped after that, in milliseconds.",
            ),
            frames_per_second: settings.get(
                "WARREN_WS_FRAMES_PER_SECOND",
                "30",
                "Frames a socket may send a second, and at once; more closes with 4429.",
            ),
            sockets_per_minute: settings.get(
                "WARREN_WS_SOCKETS_PER_MINUTE",
                "30",
                "Sockets a user may open a minute.",
            ),
        };
        for (name, value) in [
            (
                "WARREN_WS_FRAMES_PER_SECOND",
                u64::from(config.frames_per_second),
            ),
            (
                "WARREN_WS_SOCKETS_PER_MINUTE",
                u64::from(config.sockets_per_minute),
            ),
            (
                "WARREN_WS_HEARTBEAT_MS",
                config.heartbeat.as_millis() as u64,
            ),
            ("WARREN_WS_SWEEP_MS", config.sweep.as_millis() as u64),
        ] {
            if value == 0 {
                settings.refuse(name, "must be at least 1");
            }
        }
        config
    }
}

impl DeliveryConfig {
    fn read(settings: &mut Settings) -> Self {
        let config = Self {
            idle: settings.millis(
                "WARREN_WS_FLUSH_IDLE_MS",
                10,
                "A connection without a write for that long is written to at once, in milliseconds.",
            ),
            tick: settings.millis(
                "WARREN_WS_FLUSH_TICK_MS",
                30,
                "Else it is written to at a tick of this length, in milliseconds.",
            ),
            queue_bytes: settings.get(
                "WARREN_WS_QUEUE_BYTES",
                "262144",
                "Bytes that may wait for one connection; more closes it with 4508.",
            ),
            queue_frames: settings.get(
                "WARREN_WS_QUEUE_FRAMES",
                "2048",
                "Frames that may wait for one connection; more closes it with 4508.",
            ),
            hand_over: settings.get(
                "WARREN_WS_HAND_OVER",
                "64",
                "Batches of events that may wait for one worker thread.",
            ),
            hand_over_patience: settings.millis(
                "WARREN_WS_HAND_OVER_PATIENCE_MS",
                500,
                "How long a worker thread that is behind may hold up the others, in milliseconds; \
                 then its sockets are told to sync.",
            ),
        };
        for (name, value) in [
            ("WARREN_WS_QUEUE_BYTES", config.queue_bytes),
            ("WARREN_WS_QUEUE_FRAMES", config.queue_frames),
            ("WARREN_WS_HAND_OVER", config.hand_over),
        ] {
            if value == 0 {
                settings.refuse(name, "must be at least 1");
            }
        }
        config
    }
}

impl CommandsConfig {
    fn read(settings: &mut Settings) -> Self {
        Self {
            receipts_quiet: settings.millis(
                "WARREN_WS_RECEIPTS_QUIET_MS",
                250,
                "A watermark waits this long for more, in milliseconds, when its conversation had \
                 none for WARREN_WS_RECEIPTS_BUSY_MS.",
            ),
            receipts_busy: settings.millis(
                "WARREN_WS_RECEIPTS_BUSY_MS",
                1_000,
                "Watermarks of one socket and conversation are passed on at most this often, in \
                 milliseconds.",
            ),
            receipts_retry: settings.millis(
                "WARREN_WS_RECEIPTS_RETRY_MS",
                500,
                "Wait before unconfirmed watermarks are sent again, in milliseconds.",
            ),
            receipts_patience: settings.millis(
                "WARREN_WS_RECEIPTS_PATIENCE_MS",
                5_000,
                "Watermarks unconfirmed for that long answer `unavailable`, in milliseconds.",
            ),
            typing: settings.millis(
                "WARREN_WS_TYPING_MS",
                3_000,
                "`typing: true` is passed on at most this often, in milliseconds.",
            ),
            last_seen: settings.millis(
                "WARREN_WS_LAST_SEEN_MS",
                1_000,
                "Users who left are gathered for that long, in milliseconds.",
            ),
        }
    }
}

impl WatchConfig {
    fn read(settings: &mut Settings) -> Self {
        let config = Self {
            refresh: settings.millis(
                "WARREN_WS_PRESENCE_REFRESH_MS",
                4_000,
                "How often presence is written, and read for those who watch, in milliseconds.",
            ),
            recheck: settings.millis(
                "WARREN_WS_VISIBILITY_RECHECK_MS",
                60_000,
                "How often it is asked again who may see whom, in milliseconds.",
            ),
        };
        for (name, value) in [
            ("WARREN_WS_PRESENCE_REFRESH_MS", config.refresh),
            ("WARREN_WS_VISIBILITY_RECHECK_MS", config.recheck),
        ] {
            if value.is_zero() {
                settings.refuse(name, "must be at least 1");
            }
        }
        config
    }
}

impl BindingsConfig {
    fn read(settings: &mut Settings) -> Self {
        let config = Self {
            linger: settings.millis(
                "WARREN_WS_BINDING_LINGER_MS",
                10_000,
                "How long a binding outlives its last socket, in milliseconds.",
            ),
            concurrency: settings.get(
                "WARREN_WS_BINDING_CONCURRENCY",
                "4",
                "Bindings made at once.",
            ),
            prefetch: settings.get(
                "WARREN_WS_PREFETCH",
                "1000",
                "Deliveries taken from the broker and not yet acknowledged.",
            ),
            queue_messages: settings.get(
                "WARREN_WS_EVENTS_QUEUE_MESSAGES",
                "50000",
                "Events the broker keeps for this server; beyond, the oldest are dropped and \
                 clients sync.",
            ),
            queue_bytes: settings.get(
                "WARREN_WS_EVENTS_QUEUE_BYTES",
                "67108864",
                "Bytes of them.",
            ),
            slow_binding: settings.millis(
                "WARREN_WS_SLOW_BINDING_MS",
                250,
                "A socket whose binding takes longer is checked for a revoked session meanwhile, \
                 in milliseconds.",
            ),
            overflow_pause: settings.millis(
                "WARREN_WS_OVERFLOW_PAUSE_MS",
                1_000,
                "After dropped events clients are told to sync at most this often, in milliseconds.",
            ),
        };
        for (name, value) in [
            ("WARREN_WS_BINDING_CONCURRENCY", config.concurrency as u64),
            ("WARREN_WS_PREFETCH", u64::from(config.prefetch)),
            (
                "WARREN_WS_EVENTS_QUEUE_MESSAGES",
                u64::from(config.queue_messages),
            ),
            (
                "WARREN_WS_EVENTS_QUEUE_BYTES",
                u64::from(config.queue_bytes),
            ),
        ] {
            if value == 0 {
                settings.refuse(name, "must be at least 1");
            }
        }
        config
    }
}

impl DrainConfig {
    fn read(settings: &mut Settings) -> Self {
        let config = Self {
            spread: settings.millis(
                "WARREN_WS_DRAIN_SPREAD_MS",
                10_000,
                "Over how long a process that ends closes its sockets, in milliseconds.",
            ),
            deadline: settings.millis(
                "WARREN_WS_DRAIN_DEADLINE_MS",
                20_000,
                "A process that ends is gone after that, in milliseconds.",
            ),
        };
        if config.deadline < config.spread {
            settings.refuse(
                "WARREN_WS_DRAIN_DEADLINE_MS",
                "must not be less than WARREN_WS_DRAIN_SPREAD_MS",
            );
        }
        config
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_is_reported_at_once() {
        let settings = Settings::from_pairs([
            ("WARREN_WS_HEARTBEAT_MS", "0"),
            ("WARREN_WS_QUEUE_BYTES", "many"),
            ("WARREN_WS_DRAIN_DEADLINE_MS", "5"),
            ("WARREN_PRESENCE_TTL_MS", "5000"),
        ]);
        let faults = Config::from_settings(settings).unwrap_err();
        let names: Vec<_> = faults.0.iter().map(|fault| fault.name.as_str()).collect();
        for name in [
            "WARREN_WS_HEARTBEAT_MS",
            "WARREN_WS_QUEUE_BYTES",
            "WARREN_WS_DRAIN_DEADLINE_MS",
            "WARREN_PRESENCE_TTL_MS",
            "WARREN_BROKER_URL",
            "WARREN_API_JWKS_URLS",
            "WARREN_API_INTERNAL_URLS",
            "WARREN_INTERNAL_CREDENTIAL_FILE",
        ] {
            assert!(names.contains(&name), "{name} is not in {names:?}");
        }
    }

    #[test]
    fn the_table_lists_each_setting_once() {
        let entries = Settings::describe(Config::read);
        let mut names: Vec<_> = entries.iter().map(|entry| entry.name).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}
