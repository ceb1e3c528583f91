//! Every metric of a ws-server, each with a closed set of labels: no other file names one.

use std::sync::LazyLock;
use std::time::Duration;

use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};
use protocol::frame::CloseCode;

/// Why a frame did not reach a socket it was for.
#[derive(Clone, Copy, Debug)]
pub enum Dropped {
    /// The socket reads slower than it is sent to; it is closed with 4508.
    SlowReader,
    /// A worker thread did not keep up; its sockets sync.
    WorkerBehind,
    /// The broker's queue for this server overflowed; all sockets sync. Counted once each time.
    QueueOverflow,
    /// The message cannot be read: no known key, or no text.
    Malformed,
}

/// Counts frames that did not arrive.
pub fn dropped(reason: Dropped, count: usize) {
    let reason = match reason {
        Dropped::SlowReader => "slow_reader",
        Dropped::WorkerBehind => "worker_behind",
        Dropped::QueueOverflow => "queue_overflow",
        Dropped::Malformed => "malformed",
    };
    counter!("warren_delivery_dropped_total", "reason" => reason).increment(count as u64);
}

/// Counts a handshake; `result` is a problem's code, or `accepted`.
pub fn handshake(result: &'static str) {
    counter!("warren_ws_handshakes_total", "result" => result).increment(1);
}

/// Counts a socket that closed; `None` when the client was gone without a word.
pub fn closed(code: Option<CloseCode>) {
    let code = match code {
        None => "none",
        Some(CloseCode::Normal) => "1000",
        Some(CloseCode::GoingAway) => "1001",
        Some(CloseCode::ProtocolError) => "1002",
        Some(CloseCode::TooBig) => "1009",
        Some(CloseCode::Malformed) => "4400",
        Some(CloseCode::TokenExpired) => "4401",
        Some(CloseCode::SessionEnded) => "4403",
        Some(CloseCode::Silent) => "4408",
        Some(CloseCode::TooManySockets) => "4409",
        Some(CloseCode::RateLimited) => "4429",
        Some(CloseCode::SlowReader) => "4508",
    };
    counter!("warren_ws_closes_total", "code" => code).increment(1);
}

/// Says how many bindings there are.
pub fn bindings(count: usize) {
    gauge!("warren_ws_bindings").set(count as f64);
}

/// Says whether the link that consumes is up.
pub fn broker_up(up: bool) {
    gauge!("warren_ws_broker_up").set(f64::from(u8::from(up)));
}

/// Counts times that sockets were told to sync because events may have been missed.
pub fn restored() {
    counter!("warren_ws_restores_total").increment(1);
}

/// Counts watermarks passed on; `confirmed` says whether the broker has them.
pub fn receipts(count: usize, confirmed: bool) {
    let result = if confirmed { "confirmed" } else { "failed" };
    counter!("warren_ws_receipts_total", "result" => result).increment(count as u64);
}

/// Records how long a socket waited from `hello` to `ready`.
pub fn ready_after(wait: Duration) {
    histogram!("warren_ws_ready_seconds").record(wait.as_secs_f64());
}

/// Says how many users are watched.
pub fn watched(users: usize) {
    gauge!("warren_ws_watched_users").set(users as f64);
}

/// Counts users whose departure could not be passed on.
pub fn last_seen_dropped(count: usize) {
    counter!("warren_ws_last_seen_dropped_total").increment(count as u64);
}

/// What the delivery path counts: made once, because a look-up a frame would cost too much.
#[derive(Debug)]
pub struct DeliveryMetrics {
    /// Sockets.
    pub connections: Gauge,
    /// Frames put on a socket's queue.
    pub deliveries: Counter,
    /// System calls that wrote them.
    pub writes: Counter,
    /// From the broker to the queues of a worker's sockets.
    pub hand_over: Histogram,
}

/// The delivery path's metrics.
pub static DELIVERY: LazyLock<DeliveryMetrics> = LazyLock::new(|| DeliveryMetrics {
    connections: gauge!("warren_ws_connections"),
    deliveries: counter!("warren_deliveries_total"),
    writes: counter!("warren_ws_writes_total"),
    hand_over: histogram!("warren_ws_hand_over_seconds"),
});

/// Frames from clients, by what they are: made once, for the same reason.
#[derive(Debug)]
pub struct FramesIn {
    /// Not one that the protocol knows.
    pub malformed: Counter,
    /// Not text.
    pub binary: Counter,
    /// WebSocket's own question.
    pub websocket_ping: Counter,
    /// WebSocket's own answer.
    pub websocket_pong: Counter,
    /// `ping`.
    pub ping: Counter,
    /// `delivered`.
    pub delivered: Counter,
    /// `read`.
    pub read: Counter,
    /// `typing`.
    pub typing: Counter,
    /// `presence.subscribe`.
    pub presence_subscribe: Counter,
    /// `auth`.
    pub auth: Counter,
}

/// What clients say.
pub static FRAMES_IN: LazyLock<FramesIn> = LazyLock::new(|| {
    let of = |kind| counter!("warren_ws_frames_received_total", "type" => kind);
    FramesIn {
        malformed: of("malformed"),
        binary: of("binary"),
        websocket_ping: of("websocket_ping"),
        websocket_pong: of("websocket_pong"),
        ping: of("ping"),
        delivered: of("delivered"),
        read: of("read"),
        typing: of("typing"),
        presence_subscribe: of("presence.subscribe"),
        auth: of("auth"),
    }
});
