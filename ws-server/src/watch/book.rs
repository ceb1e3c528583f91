//! Who watches whom, and what they were told: no questions, no frames sent.

use std::collections::{HashMap, HashSet};

use bytes::Bytes;
use protocol::frame::ServerFrame;
use protocol::ids::{ConnectionId, UserId};
use protocol::internal::Visible;
use protocol::presence::Status;
use protocol::time::Timestamp;
use tokio::time::Instant;

use super::Subscription;
use crate::outbound::text_frame;
use crate::roster::{Roster, SocketAddress};

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
pub(super) struct Book {
    pub(super) watchers: HashMap<ConnectionId, Watcher>,
    pub(super) users: HashMap<UserId, Watched>,
}

/// One socket that watches.
#[derive(Debug)]
pub(super) struct Watcher {
    socket: SocketAddress,
    pub(super) user_id: UserId,
    pub(super) wanted: Vec<UserId>,
    /// Whom it may see.
    visible: HashSet<UserId>,
    checked_at: Instant,
}

/// One user who is watched.
#[derive(Debug, Default)]
pub(super) struct Watched {
    online: bool,
    /// As the API said, or when they were last found online here.
    last_seen_at: Option<Timestamp>,
    by: HashSet<ConnectionId>,
}

impl Book {
    /// Takes a subscription in; returns the present state of everyone it names.
    pub(super) fn insert(
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

    pub(super) fn remove(&mut self, id: ConnectionId) {
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
    pub(super) fn set_visible(
        &mut self,
        id: ConnectionId,
        visible: Visible,
    ) -> Vec<(SocketAddress, Bytes)> {
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
    pub(super) fn update(
        &mut self,
        online: &HashSet<UserId>,
        now: Timestamp,
    ) -> Vec<(SocketAddress, Bytes)> {
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

    pub(super) fn watched(&self) -> Vec<UserId> {
        self.users.keys().copied().collect()
    }

    pub(super) fn checked_before(&self, moment: Instant) -> Vec<ConnectionId> {
        self.watchers
            .iter()
            .filter(|(_, watcher)| watcher.checked_at <= moment)
            .map(|(id, _)| *id)
            .collect()
    }

    /// Who of the two watches the other.
    pub(super) fn between(&self, [one, other]: [UserId; 2]) -> Vec<ConnectionId> {
        self.watchers
            .iter()
            .filter(|(_, watcher)| {
                (watcher.user_id == one && watcher.wanted.contains(&other))
                    || (watcher.user_id == other && watcher.wanted.contains(&one))
            })
            .map(|(id, _)| *id)
            .collect()
    }

    pub(super) fn drop_gone(&mut self, roster: &Roster) {
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
