//! Says that users are online: at once when one comes, and again before the key's life ends.

use std::sync::Arc;
use std::time::Duration;

use platform::shutdown::CancellationToken;
use presence::Presence;
use protocol::ids::UserId;
use tokio::sync::mpsc;
use tokio::time::MissedTickBehavior;

use crate::roster::Roster;

/// Users who came and are not written yet. Beyond, the next refresh writes them.
const WAITING: usize = 1024;

/// The way to say that somebody came.
#[derive(Clone, Debug)]
pub struct Online(mpsc::Sender<UserId>);

impl Online {
    /// Starts to write the roster's visible users every `refresh` until `stop`.
    pub fn spawn(
        presence: Presence,
        roster: Arc<Roster>,
        refresh: Duration,
        stop: CancellationToken,
    ) -> Self {
        let (came, who) = mpsc::channel(WAITING);
        let task = run(presence, roster, refresh, who);
        tokio::spawn(async move { stop.run_until_cancelled(task).await });
        Self(came)
    }

    /// A user who may be seen has come.
    pub fn came(&self, user: UserId) {
        if self.0.try_send(user).is_err() {
            tracing::debug!("many come at once: the next refresh writes them");
        }
    }
}

async fn run(
    presence: Presence,
    roster: Arc<Roster>,
    refresh: Duration,
    mut who: mpsc::Receiver<UserId>,
) {
    let mut tick = tokio::time::interval(refresh);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut came = Vec::new();
    loop {
        tokio::select! {
            _ = tick.tick() => presence.refresh(&roster.visible()).await,
            count = who.recv_many(&mut came, WAITING) => {
                if count == 0 {
                    return;
                }
                presence.refresh(&came).await;
                came.clear();
            }
        }
    }
}
