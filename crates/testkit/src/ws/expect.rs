//! What tests require of a socket.

use std::panic::Location;
use std::time::Duration;

use protocol::frame::{ReadyReason, ServerFrame};
use protocol::ids::{ConnectionId, GroupId, UserId};
use protocol::time::Timestamp;

use super::Socket;
use super::inbox::{Arrived, Closed, Content};

/// Long enough for a busy machine, where a test does not say.
pub const DEADLINE: Duration = Duration::from_secs(10);

/// The first frame of a socket.
#[derive(Clone, Debug)]
pub struct Hello {
    /// This connection, as the logs name it.
    pub connection_id: ConnectionId,
    /// The server that holds it.
    pub server_id: String,
    /// Whose it is.
    pub user_id: UserId,
    /// Send something at least this often, in milliseconds.
    pub heartbeat_ms: u64,
    /// When the access token ends.
    pub expires_at: Timestamp,
    /// The database's epoch.
    pub epoch: String,
}

impl Socket {
    /// Takes the `hello`, which must be the first frame of all.
    #[track_caller]
    pub fn expect_hello(&self) -> impl Future<Output = Hello> {
        let caller = Location::caller();
        async move {
            let first = |content: &mut Content| {
                let first = content.arrived.first_mut()?;
                first.taken = true;
                Some(first.frame.clone())
            };
            let frame = self.inbox.wait(DEADLINE, first).await.flatten();
            let Some(ServerFrame::Hello {
                connection_id,
                server_id,
                user_id,
                heartbeat_ms,
                expires_at,
                epoch,
            }) = frame
            else {
                panic!("{caller}: no hello comes first:\n{}", self.inbox.lock());
            };
            Hello {
                connection_id,
                server_id,
                user_id,
                heartbeat_ms,
                expires_at,
                epoch,
            }
        }
    }

    /// Takes the next `ready`, which must have this reason; says which group it names.
    #[track_caller]
    pub fn expect_ready(&self, reason: ReadyReason) -> impl Future<Output = Option<GroupId>> {
        let caller = Location::caller();
        async move {
            let ready = |frame: &ServerFrame| match frame {
                ServerFrame::Ready { reason, group_id } => Some((*reason, *group_id)),
                _ => None,
            };
            let (found, group) = self.take(caller, "ready", DEADLINE, ready).await;
            assert!(
                found == reason,
                "{caller}: ready {found:?}, not {reason:?}:\n{}",
                self.inbox.lock()
            );
            group
        }
    }

    /// Takes the first frame not taken yet that matches, waiting for it until the deadline. What
    /// does not match stays for later expectations.
    ///
    /// # Panics
    /// If none comes; the message shows everything that did.
    #[track_caller]
    pub fn expect_event(
        &self,
        matches: impl Fn(&ServerFrame) -> bool,
        deadline: Duration,
    ) -> impl Future<Output = ServerFrame> {
        self.expect_some(move |frame| matches(frame).then(|| frame.clone()), deadline)
    }

    /// As [`expect_event`](Self::expect_event), and gives what `find` made of the frame.
    #[track_caller]
    pub fn expect_some<T>(
        &self,
        find: impl Fn(&ServerFrame) -> Option<T>,
        deadline: Duration,
    ) -> impl Future<Output = T> {
        self.take(Location::caller(), "such frame", deadline, find)
    }

    /// Requires that no frame matches: none that arrived and was not taken, none for this long.
    #[track_caller]
    pub fn expect_none(
        &self,
        matches: impl Fn(&ServerFrame) -> bool,
        for_: Duration,
    ) -> impl Future<Output = ()> {
        let caller = Location::caller();
        async move {
            let find = |content: &mut Content| {
                untaken(content, |frame| matches(frame).then_some(())).map(|(text, ())| text)
            };
            if let Some(text) = self.inbox.wait(for_, find).await {
                panic!(
                    "{caller}: unwanted: {text}\nall of it:\n{}",
                    self.inbox.lock()
                );
            }
        }
    }

    /// Takes the `ack` of a frame that carried this `ref`.
    #[track_caller]
    pub fn expect_ack(&self, r#ref: &str) -> impl Future<Output = ()> {
        let wanted = r#ref.to_owned();
        let find = move |frame: &ServerFrame| match frame {
            ServerFrame::Ack { r#ref } => (*r#ref == wanted).then_some(()),
            _ => None,
        };
        self.take(Location::caller(), "ack", DEADLINE, find)
    }

    /// Takes the answer to a WebSocket ping with this payload.
    #[track_caller]
    pub fn expect_pong(&self, payload: &[u8]) -> impl Future<Output = ()> {
        let caller = Location::caller();
        async move {
            let find = |content: &mut Content| {
                let i = content.pongs.iter().position(|pong| pong == payload)?;
                Some(content.pongs.swap_remove(i))
            };
            if self.inbox.wait(DEADLINE, find).await.is_none() {
                panic!("{caller}: no pong:\n{}", self.inbox.lock());
            }
        }
    }

    /// Waits for the end of the socket, and gives its code: 1006 if the connection just ended.
    #[track_caller]
    pub fn expect_close(&self) -> impl Future<Output = u16> {
        self.expect_close_within(DEADLINE)
    }

    /// As [`expect_close`](Self::expect_close), with a deadline of the test's own.
    #[track_caller]
    pub fn expect_close_within(&self, deadline: Duration) -> impl Future<Output = u16> {
        let caller = Location::caller();
        async move {
            let closed = |content: &mut Content| content.closed.clone();
            match self.inbox.wait(deadline, closed).await {
                Some(Closed { code, .. }) => code,
                None => panic!(
                    "{caller}: still open after {deadline:?}:\n{}",
                    self.inbox.lock()
                ),
            }
        }
    }

    /// How the socket ended, if it has.
    #[must_use]
    pub fn closed(&self) -> Option<Closed> {
        self.inbox.lock().closed.clone()
    }

    async fn take<T>(
        &self,
        caller: &Location<'_>,
        what: &str,
        deadline: Duration,
        find: impl Fn(&ServerFrame) -> Option<T>,
    ) -> T {
        // Nothing more will come through a closed socket: then the deadline need not pass.
        let look = |content: &mut Content| match untaken(content, &find) {
            Some((_, found)) => Some(Some(found)),
            None => content.closed.is_some().then_some(None),
        };
        match self.inbox.wait(deadline, look).await.flatten() {
            Some(found) => found,
            None => panic!(
                "{caller}: no {what} within {deadline:?}; what did arrive (✓ = taken):\n{}",
                self.inbox.lock()
            ),
        }
    }
}

/// Takes the first frame of which `find` makes something.
fn untaken<T>(
    content: &mut Content,
    find: impl Fn(&ServerFrame) -> Option<T>,
) -> Option<(String, T)> {
    let waiting = content.arrived.iter_mut().filter(|arrived| !arrived.taken);
    for arrived in waiting {
        let Arrived {
            frame, text, taken, ..
        } = arrived;
        if let Some(found) = frame.as_ref().and_then(&find) {
            *taken = true;
            return Some((text.clone(), found));
        }
    }
    None
}
