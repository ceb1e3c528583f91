//! Queues and bindings.

use std::time::Duration;

use platform::settings::Settings;

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

impl BindingsConfig {
    /// Declares and reads the settings.
    pub(super) fn read(settings: &mut Settings) -> Self {
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
