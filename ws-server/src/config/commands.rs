//! What is passed on from clients.

use std::time::Duration;

use platform::settings::Settings;

/// What is passed on from clients.
#[derive(Clone, Debug)]
pub struct CommandsConfig {
    /// How long a watermark waits for more after a quiet second.
    pub receipts_quiet: Duration,
    /// At most one flush a conversation in this time.
    pub receipts_busy: Duration,
    /// How long the watermarks of many sockets are gathered into one message.
    pub receipts_gather: Duration,
    /// Wait between tries when the broker did not confirm.
    pub receipts_retry: Duration,
    /// No confirm for that long is an `unavailable` error for who waits; trying goes on.
    pub receipts_patience: Duration,
    /// `typing: true` at most once in this time.
    pub typing: Duration,
    /// How long users who left are gathered into one message.
    pub last_seen: Duration,
}

impl CommandsConfig {
    /// Declares and reads the settings.
    pub(super) fn read(settings: &mut Settings) -> Self {
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
            receipts_gather: settings.millis(
                "WARREN_WS_RECEIPTS_GATHER_MS",
                100,
                "Watermarks that sockets pass on are gathered into one message for that long, in \
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
