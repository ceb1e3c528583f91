//! Who is watched, and how often.

use std::time::Duration;

use platform::settings::Settings;

/// Who is watched, and how often.
#[derive(Clone, Debug)]
pub struct WatchConfig {
    /// How often presence is written, and read for those who watch.
    pub refresh: Duration,
    /// How often it is asked again who may see whom.
    pub recheck: Duration,
}

impl WatchConfig {
    /// Declares and reads the settings.
    pub(super) fn read(settings: &mut Settings) -> Self {
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
