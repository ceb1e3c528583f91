//! Tells the API when a user's last socket left, many users in one message.

use std::collections::HashMap;
use std::time::Duration;

use platform::broker::publisher::{Outcome, Outgoing, Publisher};
use platform::shutdown::CancellationToken;
use protocol::command::{LastSeen, LastSeenCommands};
use protocol::ids::UserId;
use protocol::routing::{COMMANDS_EXCHANGE, LAST_SEEN_QUEUE};
use protocol::time::Timestamp;
use tokio::sync::{mpsc, oneshot};

use crate::metrics;

/// Users in one message.
const BATCH: usize = 500;
/// Users who left and are not taken up yet, and users kept while the broker is away.
const WAITING: usize = 16_384;
/// Tries at the end of the process.
const LAST_TRIES: u32 = 3;

/// The way to say that somebody left.
#[derive(Clone, Debug)]
pub struct LastSeenLog(mpsc::Sender<LastSeen>);

impl LastSeenLog {
    /// Starts to pass on who left, gathered for `gather`. The task ends after `stop`, when
    /// everything is passed on or that has failed a few times.
    pub fn spawn(
        publisher: Publisher,
        gather: Duration,
        stop: CancellationToken,
    ) -> (Self, tokio::task::JoinHandle<()>) {
        let (left, who) = mpsc::channel(WAITING);
        let task = tokio::spawn(run(publisher, gather, who, stop));
        (Self(left), task)
    }

    /// A user's last socket has left.
    pub fn left(&self, user_id: UserId) {
        let at = Timestamp::now();
        if self.0.try_send(LastSeen { user_id, at }).is_err() {
            metrics::last_seen_dropped(1);
        }
    }
}

async fn run(
    publisher: Publisher,
    gather: Duration,
    mut who: mpsc::Receiver<LastSeen>,
    stop: CancellationToken,
) {
    let mut waiting: HashMap<UserId, Timestamp> = HashMap::new();
    let mut taken = Vec::new();
    let mut tries = 0;
    while !(stop.is_cancelled() && (waiting.is_empty() || tries >= LAST_TRIES)) {
        if waiting.is_empty() {
            tokio::select! {
                count = who.recv_many(&mut taken, BATCH) => if count == 0 { return },
                () = stop.cancelled() => {}
            }
        }
        tokio::select! {
            () = tokio::time::sleep(gather) => {}
            () = stop.cancelled() => {}
        }
        while let Ok(one) = who.try_recv() {
            taken.push(one);
        }
        for LastSeen { user_id, at } in taken.drain(..) {
            if waiting.len() < WAITING || waiting.contains_key(&user_id) {
                waiting.insert(user_id, at);
            } else {
                metrics::last_seen_dropped(1);
            }
        }
        if stop.is_cancelled() {
            tries += 1;
        }
        pass_on(&publisher, &mut waiting).await;
    }
    metrics::last_seen_dropped(waiting.len());
}

/// Passes on what waits, and keeps what the broker does not confirm.
async fn pass_on(publisher: &Publisher, waiting: &mut HashMap<UserId, Timestamp>) {
    while !waiting.is_empty() {
        let items: Vec<_> = waiting
            .iter()
            .take(BATCH)
            .map(|(user_id, at)| LastSeen {
                user_id: *user_id,
                at: *at,
            })
            .collect();
        let (done, outcome) = oneshot::channel();
        publisher.publish(Outgoing {
            exchange: COMMANDS_EXCHANGE,
            key: LAST_SEEN_QUEUE.to_owned(),
            cc: Vec::new(),
            kind: LAST_SEEN_QUEUE.to_owned(),
            body: crate::app::encode(&LastSeenCommands {
                items: items.clone(),
            }),
            message_id: None,
            request_id: None,
            persistent: true,
            done: Some(Box::new(move |outcome| {
                // The receiver waits right below.
                _ = done.send(outcome);
            })),
        });
        if outcome.await != Ok(Outcome::Confirmed) {
            return;
        }
        for item in items {
            waiting.remove(&item.user_id);
        }
    }
}
