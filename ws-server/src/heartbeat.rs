//! Deadlines of a worker's sockets: one sweep over all of them, no timer for each.

use std::rc::Rc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use protocol::frame::CloseCode;
use tokio::time::{Instant, MissedTickBehavior};

use crate::connection::Socket;
use crate::drain;
use crate::hub::Worker;

/// Looks at the sockets' deadlines until the worker ends.
pub async fn run(worker: Rc<Worker>) {
    let mut tick = tokio::time::interval(worker.shared.config.socket.sweep);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let spread = worker.shared.config.drain.spread;
    let mut draining_since = None;
    loop {
        tick.tick().await;
        if worker.shared.is_draining() {
            let since = *draining_since.get_or_insert_with(Instant::now);
            // Whose handshake was under way leaves with the others.
            drain::schedule(&worker, spread.saturating_sub(since.elapsed()));
        }
        sweep(&worker, Instant::now());
    }
}

fn sweep(worker: &Rc<Worker>, now: Instant) {
    let trusted = worker.shared.trusted.load(Ordering::Acquire);
    if !trusted {
        drain::schedule(worker, Duration::ZERO);
    }
    let patience = worker
        .shared
        .config
        .socket
        .heartbeat
        .mul_f64(SILENT_HEARTBEATS);
    let hub = worker.hub();
    let at_end: Vec<_> = hub
        .all()
        .filter_map(|socket| Some((socket.clone(), due(socket, now, patience, trusted)?)))
        .collect();
    // Closing asks for it again.
    drop(hub);
    for (socket, due) in at_end {
        match due {
            Due::Drop => socket.drop_now(),
            Due::Close(code) => worker.close_in_turn(&socket, code),
        }
    }
}

/// A client that said nothing for so many heartbeats is gone.
const SILENT_HEARTBEATS: f64 = 2.5;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Due {
    Close(CloseCode),
    Drop,
}

fn due(socket: &Socket, now: Instant, patience: Duration, trusted: bool) -> Option<Due> {
    if let Some(closing) = socket.closing() {
        return (closing.deadline <= now).then_some(Due::Drop);
    }
    let code = if !trusted {
        CloseCode::GoingAway
    } else if socket.expires_at.get() <= now {
        CloseCode::TokenExpired
    } else if now.duration_since(socket.heard_at.get()) > patience {
        CloseCode::Silent
    } else if socket.leave_at.get().is_some_and(|at| at <= now) {
        CloseCode::GoingAway
    } else {
        return None;
    };
    Some(Due::Close(code))
}
