//! Gathers the watermarks of many sockets into one message for the API, and tells each socket what
//! became of its own.

use std::time::Duration;

use platform::broker::publisher::{Outcome, Outgoing, Publisher};
use platform::shutdown::CancellationToken;
use protocol::command::ReceiptCommands;
use protocol::routing::{COMMANDS_EXCHANGE, RECEIPTS_QUEUE};
use tokio::sync::{mpsc, oneshot};

/// Flushes in one message: with 64 conversations each, a statement that the API can still bear.
const FLUSHES: usize = 64;
/// Flushes that wait. Beyond, they fail at once, and their sockets try again.
const WAITING: usize = 4096;

/// The way of watermarks to the API.
#[derive(Clone, Debug)]
pub struct Post(mpsc::Sender<Flush>);

#[derive(Debug)]
struct Flush {
    commands: ReceiptCommands,
    done: oneshot::Sender<Outcome>,
}

impl Post {
    /// Starts to pass on what sockets flush, gathered for `gather`. The task ends after `stop`, when
    /// everything is handed over.
    pub fn spawn(
        publisher: Publisher,
        gather: Duration,
        stop: CancellationToken,
    ) -> (Self, tokio::task::JoinHandle<()>) {
        let (flushed, flushes) = mpsc::channel(WAITING);
        let task = tokio::spawn(run(publisher, gather, flushes, stop));
        (Self(flushed), task)
    }

    /// Passes on one socket's watermarks. What comes back is closed without a word where they could
    /// not be taken.
    pub fn pass_on(&self, commands: ReceiptCommands) -> oneshot::Receiver<Outcome> {
        let (done, outcome) = oneshot::channel();
        if let Err(refused) = self.0.try_send(Flush { commands, done }) {
            // Dropped, and with it the sender of its outcome.
            drop(refused);
        }
        outcome
    }
}

async fn run(
    publisher: Publisher,
    gather: Duration,
    mut flushes: mpsc::Receiver<Flush>,
    stop: CancellationToken,
) {
    let mut taken = Vec::with_capacity(FLUSHES);
    loop {
        tokio::select! {
            biased;
            count = flushes.recv_many(&mut taken, FLUSHES) => if count == 0 {
                return;
            },
            () = stop.cancelled(), if !flushes.is_closed() => {
                flushes.close();
                continue;
            }
        }
        if taken.len() < FLUSHES && !flushes.is_closed() {
            tokio::select! {
                () = tokio::time::sleep(gather) => {}
                () = stop.cancelled() => {}
            }
            while taken.len() < FLUSHES
                && let Ok(next) = flushes.try_recv()
            {
                taken.push(next);
            }
        }
        publish(&publisher, taken.drain(..));
    }
}

fn publish(publisher: &Publisher, flushes: impl Iterator<Item = Flush>) {
    let (batch, waiting): (Vec<_>, Vec<_>) = flushes
        .map(|Flush { commands, done }| (commands, done))
        .unzip();
    publisher.publish(Outgoing {
        exchange: COMMANDS_EXCHANGE,
        key: RECEIPTS_QUEUE.to_owned(),
        cc: Vec::new(),
        kind: RECEIPTS_QUEUE.to_owned(),
        body: crate::app::encode(&batch),
        message_id: None,
        request_id: None,
        persistent: true,
        done: Some(Box::new(move |outcome| {
            for done in waiting {
                // The socket has left meanwhile.
                _ = done.send(outcome);
            }
        })),
    });
}
