//! Where Memcached is, and how long a sign of life counts.

use std::time::Duration;

use platform::settings::Settings;

/// Where Memcached is, and how long a sign of life counts.
#[derive(Clone, Debug)]
pub struct PresenceConfig {
    /// `host:port` of each server; a user's key always lives on the same one.
    pub servers: Vec<String>,
    /// Stands between `presence:` and the user, so that several systems may share a server.
    pub prefix: String,
    /// How long a key lives; Memcached counts whole seconds, so it is rounded up to one.
    pub ttl: Duration,
    /// How long one exchange, or one connect, may take.
    pub timeout: Duration,
    /// How long nothing is asked after a failure: everyone is offline at once, nobody waits.
    pub retry: Duration,
}

impl PresenceConfig {
    /// Declares and reads the settings.
    pub fn read(settings: &mut Settings) -> Self {
        let config = Self {
            servers: settings.get(
                "WARREN_PRESENCE_SERVERS",
                "127.0.0.1:11211",
                "Memcached servers, as `host:port`, separated by commas.",
            ),
            prefix: settings.get(
                "WARREN_PRESENCE_PREFIX",
                "",
                "Stands between `presence:` and the user in Memcached's keys.",
            ),
            ttl: settings.millis(
                "WARREN_PRESENCE_TTL_MS",
                10_000,
                "How long a user counts as online after the last sign of life, in milliseconds; \
                 rounded up to whole seconds.",
            ),
            timeout: settings.millis(
                "WARREN_PRESENCE_TIMEOUT_MS",
                250,
                "How long Memcached may take to answer, in milliseconds.",
            ),
            retry: settings.millis(
                "WARREN_PRESENCE_RETRY_MS",
                500,
                "After Memcached failed, everyone is offline for this long before it is asked \
                 again, in milliseconds.",
            ),
        };
        if config.servers.is_empty() {
            settings.refuse("WARREN_PRESENCE_SERVERS", "names no server");
        }
        if config.ttl.is_zero() {
            settings.refuse("WARREN_PRESENCE_TTL_MS", "must be more than 0");
        }
        config
    }
}
