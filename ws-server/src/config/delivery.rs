//! When frames are written, and how much may wait.

use std::time::Duration;

use platform::settings::Settings;

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

impl DeliveryConfig {
    /// Declares and reads the settings.
    pub(super) fn read(settings: &mut Settings) -> Self {
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
