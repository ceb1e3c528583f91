//! Where clients connect.

use std::net::SocketAddr;

use platform::settings::Settings;

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

impl HttpConfig {
    /// Declares and reads the settings.
    pub(super) fn read(settings: &mut Settings) -> Self {
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
                "Connections of the process at most, in equal parts on its threads.",
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
