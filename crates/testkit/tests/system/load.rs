//! Several people who send at the same time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use protocol::ids::ConversationId;
use protocol::message::Message;
use testkit::eventually;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::insistent::Insistent;

/// Between two messages of one sender: with six of them, a busy chat.
const PAUSE: Duration = Duration::from_millis(25);
/// For a hundred messages on a machine that compiles beside it.
const DEADLINE: Duration = Duration::from_secs(60);

/// Senders at work. Each sends the next message when the one before was acknowledged.
#[derive(Debug)]
pub struct Load {
    stop: Arc<AtomicBool>,
    acknowledged: Arc<AtomicUsize>,
    senders: Vec<JoinHandle<Vec<Message>>>,
}

impl Load {
    /// Begins; each sender has a chat to write to.
    pub fn start(senders: impl IntoIterator<Item = (Insistent, ConversationId)>) -> Self {
        let (stop, acknowledged) = (Arc::<AtomicBool>::default(), Arc::<AtomicUsize>::default());
        let work = |(number, (sender, chat)): (usize, (Insistent, ConversationId))| {
            let (stop, acknowledged) = (stop.clone(), acknowledged.clone());
            tokio::spawn(async move {
                let mut sent = Vec::new();
                while !stop.load(Ordering::Relaxed) {
                    let body = format!("{}th of sender {number}", sent.len() + 1);
                    sent.push(sender.send(chat, &body).await);
                    acknowledged.fetch_add(1, Ordering::Relaxed);
                    sleep(PAUSE).await;
                }
                sent
            })
        };
        let senders = senders.into_iter().enumerate().map(work).collect();
        Self {
            stop,
            acknowledged,
            senders,
        }
    }

    /// Waits until this many more have been acknowledged.
    pub async fn go_on_for(&self, more: usize) {
        let goal = self.acknowledged.load(Ordering::Relaxed) + more;
        eventually(DEADLINE, || async {
            let reached = self.acknowledged.load(Ordering::Relaxed);
            let ended = self.senders.iter().any(JoinHandle::is_finished);
            assert!(!ended, "a sender has failed");
            (reached >= goal).then_some(()).ok_or((reached, goal))
        })
        .await;
    }

    /// Ends it: what was acknowledged, of each sender in its order.
    pub async fn stop(self) -> Vec<Vec<Message>> {
        self.stop.store(true, Ordering::Relaxed);
        let mut sent = Vec::new();
        for sender in self.senders {
            sent.push(sender.await.expect("a sender has failed"));
        }
        sent
    }
}
