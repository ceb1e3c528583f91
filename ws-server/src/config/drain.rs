//! Ending.

use std::time::Duration;

use platform::settings::Settings;

/// Ending.
#[derive(Clone, Debug)]
pub struct DrainConfig {
    /// Over how long the sockets are closed.
    pub spread: Duration,
    /// The process is gone after that, whatever is left.
    pub deadline: Duration,
}

impl DrainConfig {
    /// Declares and reads the settings.
    pub(super) fn read(settings: &mut Settings) -> Self {
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
