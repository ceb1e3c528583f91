//! Who watches whose presence: one task for the process, which reads the union of all that is
//! watched every few seconds and pushes what changed.
//!
//! A subscription costs the broker nothing. The API says who may see whom: when a subscription is
//! made, every minute, and when it says that something changed between two users.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use platform::shutdown::CancellationToken;
use presence::Presence;
use protocol::frame::ServerFrame;
use protocol::ids::{ConnectionId, UserId};
use protocol::internal::{Visible, Watcher as Asked};
use protocol::presence::Status;
use protocol::problem::Code;
use protocol::time::Timestamp;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior};

use crate::api_client::ApiClient;
use crate::metrics;
use crate::outbound::text_frame;
use crate::roster::{Roster, SocketAddress};
use crate::workers::Workers;

/// Requests that wait; beyond, a subscription is refused with `unavailable`.
const WAITING: usize = 4096;
/// Watchers one question to the API names.
const WATCHERS_PER_CALL: usize = 100;

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
                        self.workers.send(vec![(older.socket, frame)]);
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
            let mut bytes = acknowledgement(subscription.r#ref.as_deref()).to_vec();
            for frame in book.insert(subscription, visible, &online) {
                bytes.extend_from_slice(&frame);
            }
            frames.push((socket, Bytes::from(bytes)));
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

/// Nothing, when nobody waits for it.
fn acknowledgement(r#ref: Option<&str>) -> Bytes {
    r#ref.map_or_else(Bytes::new, |text| {
        let r#ref = text.to_owned();
        text_frame(ServerFrame::Ack { r#ref }.encode().as_bytes())
    })
}

fn state(user_id: UserId, online: bool, last_seen_at: Option<Timestamp>) -> Bytes {
    let frame = ServerFrame::Presence {
        user_id,
        status: if online {
            Status::Online
        } else {
            Status::Offline
        },
        last_seen_at: last_seen_at.filter(|_| !online),
    };
    text_frame(frame.encode().as_bytes())
}

/// Who watches whom, and what they were told.
#[derive(Debug, Default)]
struct Book {
    watchers: HashMap<ConnectionId, Watcher>,
    users: HashMap<UserId, Watched>,
}

#[derive(Debug)]
struct Watcher {
    socket: SocketAddress,
    user_id: UserId,
    wanted: Vec<UserId>,
    /// Whom it may see.
    visible: HashSet<UserId>,
    checked_at: Instant,
}

#[derive(Debug, Default)]
struct Watched {
    online: bool,
    /// As the API said, or when they were last found online here.
    last_seen_at: Option<Timestamp>,
    by: HashSet<ConnectionId>,
}

impl Book {
    /// Takes a subscription in; returns the present state of everyone it names.
    fn insert(
        &mut self,
        subscription: Subscription,
        visible: Visible,
        online: &HashSet<UserId>,
    ) -> Vec<Bytes> {
        let id = subscription.socket.id;
        self.remove(id);
        if subscription.user_ids.is_empty() {
            return Vec::new();
        }
        let wanted = subscription.user_ids;
        let mut may_see = HashSet::new();
        for user in visible.users {
            let watched = self.users.entry(user.user_id).or_default();
            if watched.by.is_empty() {
                watched.online = online.contains(&user.user_id);
            }
            watched.last_seen_at = watched.last_seen_at.max(user.last_seen_at);
            watched.by.insert(id);
            may_see.insert(user.user_id);
        }
        let states = wanted
            .iter()
            .map(|user| {
                let watched = self.users.get(user).filter(|_| may_see.contains(user));
                state(
                    *user,
                    watched.is_some_and(|watched| watched.online),
                    watched.and_then(|watched| watched.last_seen_at),
                )
            })
            .collect();
        let watcher = Watcher {
            socket: subscription.socket,
            user_id: subscription.user_id,
            wanted,
            visible: may_see,
            checked_at: Instant::now(),
        };
        self.watchers.insert(id, watcher);
        states
    }

    fn remove(&mut self, id: ConnectionId) {
        let Some(watcher) = self.watchers.remove(&id) else {
            return;
        };
        for user in &watcher.visible {
            self.unwatch(*user, id);
        }
    }

    fn unwatch(&mut self, user: UserId, id: ConnectionId) {
        if let Some(watched) = self.users.get_mut(&user) {
            watched.by.remove(&id);
            if watched.by.is_empty() {
                self.users.remove(&user);
            }
        }
    }

    /// Notes whom a watcher may see now; returns what it must be told.
    fn set_visible(&mut self, id: ConnectionId, visible: Visible) -> Vec<(SocketAddress, Bytes)> {
        let Some(watcher) = self.watchers.get_mut(&id) else {
            return Vec::new();
        };
        watcher.checked_at = Instant::now();
        let socket = watcher.socket;
        let now: HashMap<_, _> = visible
            .users
            .iter()
            .map(|user| (user.user_id, user.last_seen_at))
            .collect();
        let lost: Vec<_> = watcher
            .visible
            .extract_if(|user| !now.contains_key(user))
            .collect();
        let mut frames = Vec::new();
        for (user, last_seen_at) in now {
            let new = watcher.visible.insert(user);
            let watched = self.users.entry(user).or_default();
            watched.last_seen_at = watched.last_seen_at.max(last_seen_at);
            watched.by.insert(id);
            // Of someone nobody watched the next tick finds out whether they are online.
            if new {
                frames.push((socket, state(user, watched.online, watched.last_seen_at)));
            }
        }
        for user in lost {
            self.unwatch(user, id);
            frames.push((socket, state(user, false, None)));
        }
        frames
    }

    /// Notes who is online; returns what watchers must be told, in one piece for each.
    fn update(&mut self, online: &HashSet<UserId>, now: Timestamp) -> Vec<(SocketAddress, Bytes)> {
        let mut news: HashMap<ConnectionId, Vec<u8>> = HashMap::new();
        for (user, watched) in &mut self.users {
            let is_online = online.contains(user);
            if is_online {
                watched.last_seen_at = Some(now);
            }
            if watched.online != is_online {
                watched.online = is_online;
                let frame = state(*user, is_online, watched.last_seen_at);
                for id in &watched.by {
                    news.entry(*id).or_default().extend_from_slice(&frame);
                }
            }
        }
        news.into_iter()
            .filter_map(|(id, bytes)| {
                let watcher = self.watchers.get(&id)?;
                Some((watcher.socket, Bytes::from(bytes)))
            })
            .collect()
    }

    fn watched(&self) -> Vec<UserId> {
        self.users.keys().copied().collect()
    }

    fn checked_before(&self, moment: Instant) -> Vec<ConnectionId> {
        self.watchers
            .iter()
            .filter(|(_, watcher)| watcher.checked_at <= moment)
            .map(|(id, _)| *id)
            .collect()
    }

    /// Who of the two watches the other.
    fn between(&self, [one, other]: [UserId; 2]) -> Vec<ConnectionId> {
        self.watchers
            .iter()
            .filter(|(_, watcher)| {
                (watcher.user_id == one && watcher.wanted.contains(&other))
                    || (watcher.user_id == other && watcher.wanted.contains(&one))
            })
            .map(|(id, _)| *id)
            .collect()
    }

    fn drop_gone(&mut self, roster: &Roster) {
        let gone: Vec<_> = self
            .watchers
            .iter()
            .filter(|(id, watcher)| !roster.holds(watcher.user_id, **id))
            .map(|(id, _)| *id)
            .collect();
        for id in gone {
            self.remove(id);
        }
    }
}

#[cfg(test)]
mod tests {
    use protocol::internal::VisibleUser;

    use super::*;

    fn subscription(user_ids: &[UserId]) -> Subscription {
        Subscription {
            socket: SocketAddress {
                worker: 0,
                slot: 0,
                id: ConnectionId::new(),
            },
            user_id: UserId::new(),
            user_ids: user_ids.to_vec(),
            r#ref: None,
        }
    }

    fn visible(watcher: UserId, users: &[UserId]) -> Visible {
        Visible {
            user_id: watcher,
            users: users
                .iter()
                .map(|user_id| VisibleUser {
                    user_id: *user_id,
                    last_seen_at: None,
                })
                .collect(),
        }
    }

    fn read(frame: &[u8]) -> (UserId, Status) {
        let text = frame.iter().position(|byte| *byte == b'{').unwrap();
        match serde_json::from_slice(&frame[text..]).unwrap() {
            ServerFrame::Presence {
                user_id, status, ..
            } => (user_id, status),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn everyone_named_has_a_state_and_who_may_not_be_seen_is_offline() {
        let (seen, hidden) = (UserId::new(), UserId::new());
        let mut book = Book::default();
        let one = subscription(&[seen, hidden]);
        let (watcher, online) = (one.user_id, HashSet::from([seen, hidden]));
        let states = book.insert(one, visible(watcher, &[seen]), &online);
        let states: Vec<_> = states.iter().map(|frame| read(frame)).collect();
        assert_eq!(states, [(seen, Status::Online), (hidden, Status::Offline)]);
        assert_eq!(book.watched(), [seen]);
    }

    #[test]
    fn only_changes_are_pushed_and_only_to_who_watches() {
        let (one, other) = (UserId::new(), UserId::new());
        let mut book = Book::default();
        let first = subscription(&[one]);
        let second = subscription(&[one, other]);
        let sockets = (first.socket, second.socket);
        let (a, b) = (first.user_id, second.user_id);
        book.insert(first, visible(a, &[one]), &HashSet::new());
        book.insert(second, visible(b, &[one, other]), &HashSet::new());
        let news = book.update(&HashSet::from([one]), Timestamp::now());
        assert_eq!(news.len(), 2);
        assert!(
            news.iter()
                .all(|(_, frame)| read(frame) == (one, Status::Online))
        );
        assert!(
            book.update(&HashSet::from([one]), Timestamp::now())
                .is_empty()
        );
        book.remove(sockets.0.id);
        let news = book.update(&HashSet::from([other]), Timestamp::now());
        assert_eq!(news.len(), 1);
        assert_eq!(news[0].0, sockets.1);
        book.remove(sockets.1.id);
        assert!(book.users.is_empty());
    }

    #[test]
    fn who_may_no_longer_be_seen_goes_offline_and_comes_back() {
        let user = UserId::new();
        let mut book = Book::default();
        let one = subscription(&[user]);
        let (watcher, id) = (one.user_id, one.socket.id);
        book.insert(one, visible(watcher, &[user]), &HashSet::from([user]));
        assert_eq!(book.between([user, watcher]), [id]);
        let told = book.set_visible(id, visible(watcher, &[]));
        assert_eq!(read(&told[0].1), (user, Status::Offline));
        assert!(
            book.update(&HashSet::from([user]), Timestamp::now())
                .is_empty()
        );
        book.set_visible(id, visible(watcher, &[user]));
        let news = book.update(&HashSet::from([user]), Timestamp::now());
        assert_eq!(read(&news[0].1), (user, Status::Online));
    }
}
