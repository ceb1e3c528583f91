//! Who has sockets on this server: what the workers must know of each other.
//!
//! Touched when a socket comes or goes and when presence is written, never on the delivery path.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use protocol::ids::{ConnectionId, UserId};
use protocol::limits::SOCKETS_PER_USER;

/// Where a socket lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SocketAddress {
    /// The worker thread.
    pub worker: usize,
    /// Its place in that worker's hub; used again by others later.
    pub slot: u32,
    /// Which socket it is.
    pub id: ConnectionId,
}

/// The sockets of the process by user.
#[derive(Debug, Default)]
pub struct Roster(Mutex<HashMap<UserId, Seats>>);

#[derive(Debug, Default)]
struct Seats {
    /// Oldest first.
    sockets: Vec<SocketAddress>,
    /// Whether presence may be written: not known before the API has said so.
    visible: bool,
}

impl Roster {
    /// Takes a socket in. Returns the user's oldest one if it is one too many.
    pub fn join(&self, user: UserId, socket: SocketAddress) -> Option<SocketAddress> {
        let mut users = self.users();
        let seats = users.entry(user).or_default();
        // Most people have one or two: no room for more in advance.
        seats.sockets.reserve_exact(1);
        seats.sockets.push(socket);
        (seats.sockets.len() > SOCKETS_PER_USER).then(|| seats.sockets.remove(0))
    }

    /// Lets a socket go. Returns whether it was the user's last one.
    pub fn leave(&self, user: UserId, id: ConnectionId) -> bool {
        let mut users = self.users();
        let Some(seats) = users.get_mut(&user) else {
            return false;
        };
        seats.sockets.retain(|socket| socket.id != id);
        let last = seats.sockets.is_empty();
        if last {
            users.remove(&user);
        }
        last
    }

    /// Whether others may see that the user is online. Returns whether that is news.
    pub fn set_visible(&self, user: UserId, visible: bool) -> bool {
        self.users().get_mut(&user).is_some_and(|seats| {
            let news = seats.visible != visible;
            seats.visible = visible;
            news
        })
    }

    /// Whether this socket is still here.
    #[must_use]
    pub fn holds(&self, user: UserId, id: ConnectionId) -> bool {
        self.users()
            .get(&user)
            .is_some_and(|seats| seats.sockets.iter().any(|socket| socket.id == id))
    }

    /// Who is here and may be seen.
    #[must_use]
    pub fn visible(&self) -> Vec<UserId> {
        self.users()
            .iter()
            .filter(|(_, seats)| seats.visible)
            .map(|(user, _)| *user)
            .collect()
    }

    /// How many users are here.
    #[must_use]
    pub fn len(&self) -> usize {
        self.users().len()
    }

    /// Whether nobody is here.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn users(&self) -> MutexGuard<'_, HashMap<UserId, Seats>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn socket(slot: u32) -> SocketAddress {
        SocketAddress {
            worker: 0,
            slot,
            id: ConnectionId::new(),
        }
    }

    #[test]
    fn the_twenty_first_socket_of_a_user_ends_the_oldest() {
        let roster = Roster::default();
        let user = UserId::new();
        let sockets: Vec<_> = (0..22).map(socket).collect();
        for socket in &sockets[..SOCKETS_PER_USER] {
            assert_eq!(roster.join(user, *socket), None);
        }
        assert_eq!(roster.join(UserId::new(), socket(99)), None);
        assert_eq!(roster.join(user, sockets[20]), Some(sockets[0]));
        // The one that was told to go is not counted while it goes.
        assert_eq!(roster.join(user, sockets[21]), Some(sockets[1]));
        assert!(!roster.leave(user, sockets[0].id));
    }

    #[test]
    fn only_the_last_socket_to_leave_is_the_last() {
        let roster = Roster::default();
        let user = UserId::new();
        let (first, second) = (socket(1), socket(2));
        roster.join(user, first);
        roster.join(user, second);
        assert!(!roster.leave(user, first.id));
        assert!(roster.leave(user, second.id));
        assert!(!roster.leave(user, second.id));
        assert!(roster.is_empty());
    }

    #[test]
    fn nobody_is_visible_before_it_is_known_that_they_may_be() {
        let roster = Roster::default();
        let user = UserId::new();
        roster.join(user, socket(1));
        assert!(roster.visible().is_empty());
        assert!(roster.set_visible(user, true));
        assert!(!roster.set_visible(user, true));
        assert_eq!(roster.visible(), [user]);
        assert!(roster.set_visible(user, false));
        assert!(!roster.set_visible(UserId::new(), true));
    }
}
