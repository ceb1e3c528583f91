//! Going away: every socket is told when it will be closed, spread over time, so that the other
//! servers are not run over by all of them at once.

use std::rc::Rc;
use std::time::Duration;

use protocol::frame::ServerFrame;
use tokio::time::Instant;

use crate::hub::Worker;
use crate::outbound::text_frame;

/// Gives each socket that has none a time to leave within `spread`, and tells it.
pub fn schedule(worker: &Rc<Worker>, spread: Duration) {
    let mut sockets = worker.hub().sockets();
    sockets.retain(|socket| socket.leave_at.get().is_none() && socket.closing().is_none());
    let count = sockets.len();
    for (place, socket) in sockets.iter().enumerate() {
        let after = moment(place, count, spread);
        socket.leave_at.set(Some(Instant::now() + after));
        let draining = ServerFrame::Draining {
            reconnect_after_ms: after.as_millis() as u64,
        };
        worker.enqueue(socket, text_frame(draining.encode().as_bytes()));
    }
}

/// A random moment of this place's share of the time.
fn moment(place: usize, count: usize, spread: Duration) -> Duration {
    let share = 1.0 / count.max(1) as f64;
    let within = rand::random_range(0.0..1.0);
    spread.mul_f64(share * (place as f64 + within))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_leave_evenly_over_the_whole_time() {
        let spread = Duration::from_secs(10);
        let moments: Vec<_> = (0..1000).map(|place| moment(place, 1000, spread)).collect();
        assert!(moments.is_sorted());
        assert!(moments.iter().all(|moment| *moment <= spread));
        let half = moments
            .iter()
            .filter(|moment| **moment < spread / 2)
            .count();
        assert_eq!(half, 500);
        assert!(moment(0, 1, spread) <= spread);
    }
}
