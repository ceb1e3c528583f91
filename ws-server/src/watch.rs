//! Who watches whose presence: one task for the process, which reads the union of all that is
//! watched every few seconds and pushes what changed.
//!
//! A subscription costs the broker nothing. The API says who may see whom: when a subscription is
//! made, every minute, and when it says that something changed between two users.

mod book;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use platform::shutdown::CancellationToken;
use presence::Presence;
use protocol::frame::ServerFrame;
use protocol::ids::{ConnectionId, UserId};
use protocol::internal::Watcher as Asked;
use protocol::problem::Code;
use protocol::time::Timestamp;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior};

use self::book::Book;
use crate::api_client::ApiClient;
use crate::metrics;
use crate::outbound::text_frame;
use crate::roster::{Roster, SocketAddress};
use crate::workers::Workers;

/// Requests that wait; beyond, a subscription is refused with `unavailable`.
const WAITING: usize = 4096;
/// Watchers one question to the API names: with 500 users each, 400 kB.
const WATCHERS_PER_CALL: usize = 20;

/// Whom a socket wants to watch from now on.
#[derive(Debug)]
pub struct Subscription {
    /// The socket.
    pub socket: SocketAddress,
    /// Its user.
    pub user_id: UserId,
    /// Whom; nobody ends the subscription.
    pub user_ids: Vec<UserId>,
    /// Repeated by the answer.
    pub r#ref: Option<String>,
}

#[derive(Debug)]
enum Request {
    Subscribe(Subscription),
    Unsubscribe(ConnectionId),
    Changed([UserId; 2]),
}

/// The way to the task.
#[derive(Clone, Debug)]
pub struct Watches(mpsc::Sender<Request>);

impl Watches {
    /// A way to a task that [`Task::run`] will be.
    #[must_use]
    pub fn channel() -> (Self, Requests) {
        let (sender, receiver) = mpsc::channel(WAITING);
        (Self(sender), Requests(receiver))
    }

    /// Puts a socket's subscription in the place of its old one; false when too many wait.
    #[must_use]
    pub fn subscribe(&self, subscription: Subscription) -> bool {
        self.0.try_send(Request::Subscribe(subscription)).is_ok()
    }

    /// A socket has left. If this is lost, the next check finds it gone.
    pub fn unsubscribe(&self, socket: SocketAddress) {
        if self.0.try_send(Request::Unsubscribe(socket.id)).is_err() {
            tracing::debug!("many leave at once: the next check finds them gone");
        }
    }

    /// Who may see whom changed between two users. If this is lost, the next check finds out.
    pub fn changed(&self, users: [UserId; 2]) {
        if self.0.try_send(Request::Changed(users)).is_err() {
            tracing::warn!("many changes at once: the next check finds them");
        }
    }
}

/// The task's end of [`Watches`].
#[derive(Debug)]
pub struct Requests(mpsc::Receiver<Request>);

/// What the task works with.
#[derive(Debug)]
pub struct Task {
    /// Who may see whom.
    pub api: Arc<ApiClient>,
    /// Who is online.
    pub presence: Presence,
    /// Which sockets are here.
    pub roster: Arc<Roster>,
    /// Where frames go.
    pub workers: Arc<Workers>,
    /// How often presence is read.
    pub refresh: Duration,
    /// How often it is asked again who may see whom.
    pub recheck: Duration,
}

impl Task {
    /// Works until `stop`.
    pub async fn run(self, requests: Requests, stop: CancellationToken) {
        let work = self.work(requests);
        stop.run_until_cancelled(work).await;
    }

    async fn work(self, Requests(mut requests): Requests) {
        let mut tick = tokio::time::interval(self.refresh);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut book = Book::default();
        let mut taken = Vec::new();
        loop {
            tokio::select! {
                _ = tick.tick() => {
                    book.drop_gone(&self.roster);
                    let stale = book.checked_before(Instant::now() - self.recheck.min(UPTIME));
                    self.recheck(&mut book, stale).await;
                    let online = self.presence.online(&book.watched()).await;
                    self.workers.send(book.update(&online, Timestamp::now()));
                    metrics::watched(book.users.len());
                }
                count = requests.recv_many(&mut taken, WATCHERS_PER_CALL) => {
                    if count == 0 {
                        return;
                    }
                    self.take(&mut book, taken.drain(..)).await;
                }
            }
        }
    }

    async fn take(&self, book: &mut Book, requests: impl Iterator<Item = Request>) {
        let mut subscriptions: HashMap<ConnectionId, Subscription> = HashMap::new();
        let mut stale = HashSet::new();
        for request in requests {
            match request {
                Request::Subscribe(subscription) => {
                    if let Some(older) = subscriptions.insert(subscription.socket.id, subscription)
                    {
                        // Replaced before it was made; its sender still hears that it was taken.
                        let frame = acknowledgement(older.r#ref.as_deref());
                        let frame = frame.map(|frame| (older.socket, frame));
                        self.workers.send(frame.into_iter().collect());
                    }
                }
                Request::Unsubscribe(id) => {
                    subscriptions.remove(&id);
                    book.remove(id);
                }
                Request::Changed(users) => stale.extend(book.between(users)),
            }
        }
        self.recheck(book, stale.into_iter().collect()).await;
        let subscriptions: Vec<_> = subscriptions.into_values().collect();
        self.subscribe(book, subscriptions).await;
    }

    async fn subscribe(&self, book: &mut Book, subscriptions: Vec<Subscription>) {
        if subscriptions.is_empty() {
            return;
        }
        let asked = subscriptions
            .iter()
            .map(|subscription| Asked {
                user_id: subscription.user_id,
                user_ids: subscription.user_ids.clone(),
            })
            .collect();
        let answer = match self.api.visible(asked).await {
            Ok(answer) => answer,
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "visibility cannot be asked for"
                );
                return self
                    .workers
                    .send(subscriptions.iter().map(refusal).collect());
            }
        };
        let visible: HashSet<UserId> = answer
            .watchers
            .iter()
            .flat_map(|watcher| watcher.users.iter().map(|user| user.user_id))
            .collect();
        let visible: Vec<_> = visible.into_iter().collect();
        let online = self.presence.online(&visible).await;
        let mut frames = Vec::new();
        for (subscription, visible) in subscriptions.into_iter().zip(answer.watchers) {
            let socket = subscription.socket;
            let mut bytes = Vec::new();
            bytes.extend(
                acknowledgement(subscription.r#ref.as_deref())
                    .into_iter()
                    .flatten(),
            );
            for frame in book.insert(subscription, visible, &online) {
                bytes.extend_from_slice(&frame);
            }
            // An empty write would be taken for the end of the stream.
            if !bytes.is_empty() {
                frames.push((socket, Bytes::from(bytes)));
            }
        }
        self.workers.send(frames);
    }

    /// Asks again whom these watchers may see. What cannot be asked now is asked at the next tick.
    async fn recheck(&self, book: &mut Book, stale: Vec<ConnectionId>) {
        for part in stale.chunks(WATCHERS_PER_CALL) {
            let (ids, asked): (Vec<_>, Vec<_>) = part
                .iter()
                .filter_map(|id| {
                    let watcher = book.watchers.get(id)?;
                    let asked = Asked {
                        user_id: watcher.user_id,
                        user_ids: watcher.wanted.clone(),
                    };
                    Some((*id, asked))
                })
                .unzip();
            if ids.is_empty() {
                continue;
            }
            match self.api.visible(asked).await {
                Ok(answer) => {
                    for (id, visible) in ids.into_iter().zip(answer.watchers) {
                        self.workers.send(book.set_visible(id, visible));
                    }
                }
                Err(error) => {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "visibility cannot be asked for"
                    );
                    return;
                }
            }
        }
    }
}

/// A process that has just started cannot look back further than this without underflow.
const UPTIME: Duration = Duration::from_secs(3600);

fn refusal(subscription: &Subscription) -> (SocketAddress, Bytes) {
    let error = ServerFrame::Error {
        code: Code::Unavailable,
        detail: "presence cannot be subscribed to now; try again".to_owned(),
        r#ref: subscription.r#ref.clone(),
    };
    (subscription.socket, text_frame(error.encode().as_bytes()))
}

/// None when nobody waits for it.
fn acknowledgement(r#ref: Option<&str>) -> Option<Bytes> {
    let r#ref = r#ref?.to_owned();
    Some(text_frame(ServerFrame::Ack { r#ref }.encode().as_bytes()))
}
