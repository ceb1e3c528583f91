//! A replica with hands: it asks the API for what it needs.

use std::collections::BTreeMap;
use std::time::Duration;

use protocol::frame::{ReadyReason, ServerFrame};
use protocol::ids::ConversationId;
use protocol::message::MessagePage;
use tokio::time::{Instant, sleep};

use super::replica::{Need, Replica};
use super::room::Snapshot;
use crate::http::{Client, Expected, User};
use crate::ws::Socket;

/// Rounds of needs that lead to needs: more means that the two never agree.
const ROUNDS: usize = 1000;

/// One device of a user: a replica, the API to heal it with, and how far it has read a socket.
#[derive(Clone, Debug)]
pub struct Device {
    replica: Replica,
    client: Client,
    /// Frames of the socket it has applied.
    applied: usize,
}

impl Device {
    /// A device that holds nothing yet.
    #[must_use]
    pub fn new(user: &User) -> Self {
        Self {
            replica: Replica::new(user.id()),
            client: user.client.clone(),
            applied: 0,
        }
    }

    /// A device that has just loaded everything: what the database says.
    pub async fn fresh(user: &User) -> Self {
        let mut device = Self::new(user);
        device.sync().await;
        device
    }

    /// What it holds.
    #[must_use]
    pub fn replica(&self) -> &Replica {
        &self.replica
    }

    /// What the user sees.
    #[must_use]
    pub fn snapshot(&self) -> BTreeMap<ConversationId, Snapshot> {
        self.replica.snapshot()
    }

    /// The same device, on which the user has moved to another API server.
    #[must_use]
    pub fn at(mut self, base: impl Into<String>) -> Self {
        self.client = self.client.at(base);
        self
    }

    /// Applies one frame, and asks for what it makes necessary. Holes stay open.
    pub async fn apply(&mut self, frame: &ServerFrame) {
        let needs = self.replica.frame(frame);
        self.fulfil(needs).await;
        if let ServerFrame::Ready {
            reason: ReadyReason::Joined,
            ..
        } = frame
        {
            self.sync().await;
        }
    }

    /// Applies what has arrived at a socket since the last time.
    pub async fn follow(&mut self, socket: &Socket) {
        for arrived in socket.arrived().into_iter().skip(self.applied) {
            self.applied += 1;
            if let Some(frame) = &arrived.frame {
                self.apply(frame).await;
            }
        }
    }

    /// Begins to follow a new socket.
    pub fn moved(&mut self) {
        self.applied = 0;
    }

    /// Asks for the changes in every open hole.
    pub async fn fill_holes(&mut self) {
        let holes = self.replica.holes().into_iter().collect();
        self.fulfil(holes).await;
    }

    /// `POST /v1/sync` to its last answer, and everything that follows from it.
    pub async fn sync(&mut self) {
        let mut cursor = None;
        loop {
            let answer = self.client.sync(&self.replica.sync_request(cursor)).await;
            if self.replica.is_of_another_epoch(&answer.epoch) {
                // The answer is about what was held, and leaves out what seems to be known.
                self.replica = Replica::new(self.replica.own());
                cursor = None;
                continue;
            }
            cursor = answer.next_cursor.clone();
            let needs = self.replica.sync(answer);
            self.fulfil(needs).await;
            if cursor.is_none() {
                return;
            }
        }
    }

    /// Follows a socket until the user sees exactly what a fresh load shows.
    ///
    /// # Panics
    /// If the two still differ by the deadline.
    pub async fn converge(&mut self, socket: &Socket, user: &User, deadline: Duration) {
        let end = Instant::now() + deadline;
        loop {
            self.follow(socket).await;
            let fresh = Self::fresh(user).await.snapshot();
            let held = self.snapshot();
            if held == fresh {
                return;
            }
            assert!(
                Instant::now() < end,
                "the device and the database differ after {deadline:?}:\nheld {held:#?}\nfresh {fresh:#?}"
            );
            sleep(Duration::from_millis(50)).await;
        }
    }

    async fn fulfil(&mut self, mut needs: Vec<Need>) {
        for _ in 0..ROUNDS {
            let Some(need) = needs.pop() else { return };
            match need {
                Need::Conversation(id) => {
                    let path = format!("/v1/conversations/{id}");
                    if let Some(reply) = self.readable(id, &path).await {
                        needs.extend(self.replica.conversation(id, Some(reply.json())));
                    }
                }
                Need::Changes(id, since) => {
                    let path = format!("/v1/conversations/{id}/changes?since={since}&limit=100");
                    if let Some(reply) = self.readable(id, &path).await {
                        needs.extend(self.replica.changes(id, reply.json()));
                    }
                }
                Need::Messages(id) => needs.extend(self.load(id).await),
            }
        }
        panic!("the API never satisfies the replica; left: {needs:?}");
    }

    /// What the API says of a conversation; `None` if the user can read it no longer, and then it is
    /// held no longer.
    async fn readable(&mut self, id: ConversationId, path: &str) -> Option<Expected> {
        let reply = self.client.get(path).await;
        if reply.status == 404 {
            let needs = self.replica.conversation(id, None);
            assert_eq!(needs, None, "what is gone needs nothing");
            return None;
        }
        Some(reply.expect(200))
    }

    /// The whole timeline, from the newest page back.
    async fn load(&mut self, id: ConversationId) -> Vec<Need> {
        let mut needs = Vec::new();
        let mut query = "?limit=100".to_owned();
        loop {
            let path = format!("/v1/conversations/{id}/messages{query}");
            let Some(reply) = self.readable(id, &path).await else {
                return needs;
            };
            let page: MessagePage = reply.json();
            let oldest = page.items.first().map(|message| message.seq);
            let more = page.has_before;
            needs.extend(self.replica.page(id, page));
            match oldest {
                Some(seq) if more => query = format!("?before={seq}&limit=100"),
                _ => return needs,
            }
        }
    }
}
