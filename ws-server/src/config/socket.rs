//! What a connection may and gets.

use std::time::Duration;

use platform::settings::Settings;

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

impl SocketConfig {
    /// Declares and reads the settings.
    pub(super) fn read(settings: &mut Settings) -> Self {
        let config = Self {
            heartbeat: settings.millis(
                "WARREN_WS_HEARTBEAT_MS",
                15_000,
                "A client says something at least this often; silent for 2.5 times that closes with 4408.",
            ),
            sweep: settings.millis(
                "WARREN_WS_SWEEP_MS",
                500,
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
