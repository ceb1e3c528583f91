//! The way from the process to its workers' hubs: bounded, and never waiting for a slow worker
//! longer than once each time it falls behind. A worker is woken by events only for its own sockets.
//!
//! A worker that could not be told something is marked; its hub then asks the API again for all its
//! sockets and tells them to sync. So nothing that is dropped here is lost.

mod interests;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use bytes::Bytes;
use protocol::control::Control;
use protocol::frame::CloseCode;
use protocol::internal::MemberRef;
use protocol::routing::Route;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

pub use self::interests::Interests;
use crate::metrics;
use crate::roster::SocketAddress;

/// Commands that wait for one worker: they are few, and a worker that is this far behind will have
/// to look at everything again anyway.
const COMMANDS: usize = 1024;

/// Events that arrived together.
#[derive(Debug)]
pub struct Batch {
    /// When they came from the broker.
    pub received_at: Instant,
    /// In the broker's order.
    pub deliveries: Vec<Delivery>,
}

/// One event for the sockets of its routes.
#[derive(Debug)]
pub struct Delivery {
    /// For whom.
    pub routes: Vec<Route>,
    /// The whole WebSocket frame.
    pub frame: Bytes,
    /// What it is.
    pub kind: String,
    /// The chat message it is about.
    pub message_id: Option<String>,
    /// The request that caused it.
    pub request_id: Option<String>,
}

/// What a hub is told to do.
#[derive(Clone, Debug)]
pub enum Command {
    /// The API says: look again.
    Control(Arc<Control>),
    /// A member was removed, says the API's list.
    MemberRemoved(MemberRef),
    /// The broker's link was lost and everything is bound again.
    Restored,
    /// The broker dropped events.
    Overflowed,
    /// Closes one socket.
    Close(SocketAddress, CloseCode),
    /// Frames for single sockets; each may be several frames in one piece.
    Send(Vec<(SocketAddress, Bytes)>),
}

/// The receiving side, for one hub.
#[derive(Debug)]
pub struct Inbox {
    /// The worker's number.
    pub index: usize,
    /// Taken first.
    pub commands: mpsc::Receiver<Command>,
    /// Taken after the commands.
    pub events: mpsc::Receiver<Arc<Batch>>,
    /// What the hub takes events for.
    pub interests: Arc<Interests>,
    /// Something could not be handed over.
    pub missed: Arc<AtomicBool>,
}

#[derive(Clone, Debug)]
struct Worker {
    index: usize,
    commands: mpsc::Sender<Command>,
    events: mpsc::Sender<Arc<Batch>>,
    interests: Arc<Interests>,
    missed: Arc<AtomicBool>,
    /// It held up the others and has not caught up.
    behind: Arc<AtomicBool>,
}

/// Every worker of the process.
#[derive(Debug)]
pub struct Workers {
    list: ArcSwap<Vec<Worker>>,
    next: AtomicUsize,
    hand_over: usize,
    patience: Duration,
}

impl Workers {
    /// None yet. `hand_over` batches may wait for each; a full one may hold up the others for
    /// `patience` each time it falls behind.
    #[must_use]
    pub fn new(hand_over: usize, patience: Duration) -> Self {
        Self {
            list: ArcSwap::default(),
            next: AtomicUsize::new(0),
            hand_over,
            patience,
        }
    }

    /// Takes a worker in; one that has ended is forgotten.
    #[must_use]
    pub fn register(&self) -> Inbox {
        let (commands, commanded) = mpsc::channel(COMMANDS);
        let (events, delivered) = mpsc::channel(self.hand_over);
        let worker = Worker {
            index: self.next.fetch_add(1, Ordering::Relaxed),
            commands,
            events,
            interests: Arc::default(),
            missed: Arc::default(),
            behind: Arc::default(),
        };
        let inbox = Inbox {
            index: worker.index,
            commands: commanded,
            events: delivered,
            interests: worker.interests.clone(),
            missed: worker.missed.clone(),
        };
        self.list.rcu(|list| {
            let alive = list.iter().filter(|worker| !worker.events.is_closed());
            alive.chain([&worker]).cloned().collect::<Vec<_>>()
        });
        inbox
    }

    /// Tells every worker.
    pub fn tell_all(&self, command: &Command) {
        for worker in self.list.load().iter() {
            worker.tell(command.clone());
        }
    }

    /// Tells the worker that holds a socket.
    pub fn tell(&self, socket: SocketAddress, command: Command) {
        let list = self.list.load();
        if let Some(worker) = list.iter().find(|worker| worker.index == socket.worker) {
            worker.tell(command);
        }
    }

    /// Sends frames to single sockets, in one command for each worker.
    pub fn send(&self, mut frames: Vec<(SocketAddress, Bytes)>) {
        for worker in self.list.load().iter() {
            let own: Vec<_> = frames
                .extract_if(.., |(socket, _)| socket.worker == worker.index)
                .collect();
            if !own.is_empty() {
                worker.tell(Command::Send(own));
            }
        }
    }

    /// Hands events to every worker that has a socket for one of them.
    ///
    /// When one is full, all others get them first; then it is waited for, and meanwhile events
    /// gather in the broker's bounded queue. A worker that uses up the patience is left behind: it
    /// misses events without holding anybody up until it takes one again, and its sockets sync.
    pub async fn deliver(&self, batch: &Arc<Batch>) {
        let list = self.list.load_full();
        let concerned = list
            .iter()
            .filter(|worker| worker.interests.concern(&batch.deliveries));
        let full: Vec<_> = concerned.filter(|worker| worker.offer(batch)).collect();
        let deadline = tokio::time::Instant::now() + self.patience;
        for worker in full {
            let room = tokio::time::timeout_at(deadline, worker.events.reserve()).await;
            match room {
                Ok(Ok(room)) => room.send(batch.clone()),
                Ok(Err(_closed)) => {}
                Err(_elapsed) => {
                    tracing::warn!(worker = worker.index, "a worker is behind");
                    worker.behind.store(true, Ordering::Relaxed);
                    worker.miss(batch.deliveries.len());
                }
            }
        }
    }
}

impl Worker {
    fn tell(&self, command: Command) {
        if let Err(TrySendError::Full(_)) = self.commands.try_send(command) {
            self.miss(1);
        }
    }

    /// Whether the worker is full and worth waiting for.
    fn offer(&self, batch: &Arc<Batch>) -> bool {
        match self.events.try_send(batch.clone()) {
            Ok(()) => {
                self.behind.store(false, Ordering::Relaxed);
                false
            }
            Err(TrySendError::Full(_)) if self.behind.load(Ordering::Relaxed) => {
                self.miss(batch.deliveries.len());
                false
            }
            Err(TrySendError::Full(_)) => true,
            Err(TrySendError::Closed(_)) => false,
        }
    }

    fn miss(&self, count: usize) {
        metrics::dropped(metrics::Dropped::WorkerBehind, count);
        self.missed.store(true, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use protocol::ids::UserId;

    use super::*;

    const PATIENCE: Duration = Duration::from_millis(500);

    fn route() -> Route {
        Route::User(UserId::new())
    }

    /// A worker that has a socket for a route.
    fn register(workers: &Workers, route: Route) -> Inbox {
        let inbox = workers.register();
        inbox.interests.add(route);
        inbox
    }

    fn batch(route: Route) -> Arc<Batch> {
        Arc::new(Batch {
            received_at: Instant::now(),
            deliveries: vec![Delivery {
                routes: vec![route],
                frame: Bytes::from_static(b"x"),
                kind: "message.created".to_owned(),
                message_id: None,
                request_id: None,
            }],
        })
    }

    #[tokio::test(start_paused = true)]
    async fn a_full_worker_holds_up_the_others_once_and_is_told_what_it_missed() {
        let (workers, route) = (Workers::new(1, PATIENCE), route());
        let mut quick = register(&workers, route);
        let mut slow = register(&workers, route);
        let start = tokio::time::Instant::now();
        for round in 0..10 {
            workers.deliver(&batch(route)).await;
            assert!(quick.events.try_recv().is_ok(), "round {round}");
        }
        assert_eq!(start.elapsed(), PATIENCE);
        assert!(!quick.missed.load(Ordering::Acquire));
        assert!(slow.missed.load(Ordering::Acquire));
        // It catches up, and counts again.
        assert!(slow.events.try_recv().is_ok());
        workers.deliver(&batch(route)).await;
        assert!(slow.events.try_recv().is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_worker_that_makes_room_in_time_misses_nothing() {
        let (workers, route) = (Workers::new(1, PATIENCE), route());
        let mut inbox = register(&workers, route);
        workers.deliver(&batch(route)).await;
        let taker = async {
            tokio::time::sleep(PATIENCE / 2).await;
            inbox.events.recv().await;
            inbox.events.recv().await
        };
        let next = batch(route);
        let (_, taken) = tokio::join!(workers.deliver(&next), taker);
        assert!(taken.is_some());
        assert!(!inbox.missed.load(Ordering::Acquire));
    }

    #[tokio::test]
    async fn a_worker_is_woken_for_its_own_sockets_alone() {
        let (workers, [first, second]) = (Workers::new(8, PATIENCE), [route(), route()]);
        let mut inbox = register(&workers, first);
        let mut other = register(&workers, second);
        workers.deliver(&batch(first)).await;
        assert!(inbox.events.try_recv().is_ok());
        assert!(other.events.try_recv().is_err());
        inbox.interests.remove(first);
        workers.deliver(&batch(first)).await;
        assert!(inbox.events.try_recv().is_err());
    }

    #[tokio::test]
    async fn a_worker_that_ended_is_forgotten() {
        let workers = Workers::new(1, PATIENCE);
        drop(workers.register());
        let mut inbox = workers.register();
        assert_eq!(workers.list.load().len(), 1);
        workers.tell_all(&Command::Restored);
        assert!(matches!(inbox.commands.try_recv(), Ok(Command::Restored)));
    }

    #[tokio::test]
    async fn a_worker_that_takes_no_commands_looks_at_everything_again() {
        let workers = Workers::new(1, PATIENCE);
        let inbox = workers.register();
        for _ in 0..=COMMANDS {
            workers.tell_all(&Command::Restored);
        }
        assert!(inbox.missed.load(Ordering::Acquire));
    }
}
