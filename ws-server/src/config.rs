//! The settings of a ws-server: one struct per concern, all faults at once.

mod api;
mod bindings;
mod commands;
mod delivery;
mod drain;
mod http;
mod socket;
mod watch;

use platform::admin::AdminConfig;
use platform::broker::BrokerConfig;
use platform::settings::{Faults, Settings};
use platform::telemetry::LogConfig;
use platform::token::TokenConfig;
use presence::PresenceConfig;

pub use api::ApiConfig;
pub use bindings::BindingsConfig;
pub use commands::CommandsConfig;
pub use delivery::DeliveryConfig;
pub use drain::DrainConfig;
pub use http::HttpConfig;
pub use socket::SocketConfig;
pub use watch::WatchConfig;

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
