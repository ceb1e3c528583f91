//! Pace: nobody commits much faster than the broker takes events.
//!
//! Where processor time is short, a committer that is always served first gains nothing: events that
//! are confirmed too late are published once more by the relay, and queues that overflow make every
//! client ask for what it missed, both on top of a load that is too much already. So a lane lets the
//! broker catch up before its next batch, which gathers meanwhile. It does not wait for long: a
//! broker that hangs holds no message up.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::timeout;

use crate::metrics;

/// Events on their way at which lanes begin to wait: far more than a broker with time to spare has
/// before it, and so few that it can confirm them in time.
const AHEAD: usize = 256;
/// How long a lane waits.
const PATIENCE: Duration = Duration::from_millis(100);

/// The events of a process that are on their way to the broker.
#[derive(Clone, Debug, Default)]
pub(super) struct Pace(Arc<Counted>);

#[derive(Debug, Default)]
struct Counted {
    events: AtomicUsize,
    fewer: Notify,
}

impl Pace {
    /// Counts an event until what is returned is dropped.
    pub(super) fn set_out(&self) -> OnTheWay {
        self.0.events.fetch_add(1, Ordering::AcqRel);
        OnTheWay(self.clone())
    }

    /// Waits while too many are on their way.
    pub(super) async fn keep(&self) {
        if self.is_kept() {
            return;
        }
        metrics::commit_waited();
        let caught_up = async {
            loop {
                let fewer = self.0.fewer.notified();
                if self.is_kept() {
                    return;
                }
                fewer.await;
            }
        };
        // Too slow a broker is the relay's business.
        _ = timeout(PATIENCE, caught_up).await;
    }

    fn is_kept(&self) -> bool {
        self.0.events.load(Ordering::Acquire) <= AHEAD
    }
}

/// An event of which the broker has said nothing yet.
pub(super) struct OnTheWay(Pace);

impl Drop for OnTheWay {
    fn drop(&mut self) {
        let Pace(counted) = &self.0;
        if counted.events.fetch_sub(1, Ordering::AcqRel) == AHEAD + 1 {
            counted.fewer.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::task::Poll;

    use futures_util::poll;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_is_ahead_waits_for_the_broker_and_not_for_long() {
        let pace = Pace::default();
        let mut on_the_way: Vec<_> = (0..AHEAD).map(|_| pace.set_out()).collect();
        assert!(poll!(std::pin::pin!(pace.keep())).is_ready());

        on_the_way.push(pace.set_out());
        let mut waiting = std::pin::pin!(pace.keep());
        assert_eq!(poll!(&mut waiting), Poll::Pending);
        on_the_way.pop();
        assert!(poll!(&mut waiting).is_ready());

        on_the_way.push(pace.set_out());
        let began = tokio::time::Instant::now();
        pace.keep().await;
        assert_eq!(began.elapsed(), PATIENCE);
    }
}
