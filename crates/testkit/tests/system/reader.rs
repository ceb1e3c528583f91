//! A client without a socket: it only asks, and looks closely at the answers.

use std::collections::BTreeMap;

use protocol::conversation::{Receipts, View};
use protocol::ids::ConversationId;
use protocol::message::MessagePage;
use protocol::sync::{Changes, SyncResponse};
use reqwest::Method;
use testkit::client::{Need, Replica, Snapshot};
use testkit::http::Expected;

use crate::insistent::Insistent;

/// Keeps a replica by `sync` and `changes` alone, over servers that come and go.
#[derive(Debug)]
pub struct Reader {
    replica: Replica,
    client: Insistent,
    watermarks: BTreeMap<ConversationId, [i64; 5]>,
}

impl Reader {
    /// One that holds nothing yet.
    pub fn new(replica: Replica, client: Insistent) -> Self {
        Self {
            replica,
            client,
            watermarks: BTreeMap::new(),
        }
    }

    /// What the user sees.
    pub fn snapshot(&self) -> BTreeMap<ConversationId, Snapshot> {
        self.replica.snapshot()
    }

    /// Syncs to the last answer, and fetches what follows from it.
    pub async fn sync(&mut self) {
        let mut cursor = None;
        loop {
            let request = self.replica.sync_request(cursor);
            let body = serde_json::to_value(&request).expect("it is plain data");
            let reply = self.client.call(Method::POST, "/v1/sync", Some(&body));
            let answer: SyncResponse = reply.await.expect(200).json();
            for (id, changes) in &answer.changes {
                require_ascending(request.known[id].rev, changes);
            }
            for (id, change) in &answer.views {
                self.require_rising(*id, &change.me, change.receipts);
            }
            cursor = answer.next_cursor.clone();
            let needs = self.replica.sync(answer);
            self.fulfil(needs).await;
            if cursor.is_none() {
                return;
            }
        }
    }

    async fn fulfil(&mut self, mut needs: Vec<Need>) {
        while let Some(need) = needs.pop() {
            match need {
                Need::Conversation(id) => {
                    if let Some(reply) = self.get(id, "").await {
                        needs.extend(self.replica.conversation(id, Some(reply.json())));
                    }
                }
                Need::Changes(id, since) => {
                    let rest = format!("/changes?since={since}&limit=20");
                    if let Some(reply) = self.get(id, &rest).await {
                        let answer: Changes = reply.json();
                        require_ascending(since, &answer);
                        needs.extend(self.replica.changes(id, answer));
                    }
                }
                Need::Messages(id) => self.load(id, &mut needs).await,
            }
        }
    }

    async fn load(&mut self, id: ConversationId, needs: &mut Vec<Need>) {
        let mut before = String::new();
        loop {
            let rest = format!("/messages?limit=100{before}");
            let Some(reply) = self.get(id, &rest).await else {
                return;
            };
            let page: MessagePage = reply.json();
            let (oldest, more) = (
                page.items.first().map(|message| message.seq),
                page.has_before,
            );
            needs.extend(self.replica.page(id, page));
            match oldest {
                Some(seq) if more => before = format!("&before={seq}"),
                _ => return,
            }
        }
    }

    /// What is said of a conversation; `None` if the user is not in it any more, and then it is
    /// dropped.
    async fn get(&mut self, id: ConversationId, rest: &str) -> Option<Expected> {
        let path = format!("/v1/conversations/{id}{rest}");
        let reply = self.client.call(Method::GET, &path, None).await;
        if reply.status == 404 {
            let needs = self.replica.conversation(id, None);
            assert_eq!(needs, None, "what is gone needs nothing");
            return None;
        }
        Some(reply.expect(200))
    }

    fn require_rising(&mut self, id: ConversationId, me: &View, receipts: Receipts) {
        let now = [
            me.delivered_seq,
            me.read_seq,
            me.version,
            receipts.delivered_seq,
            receipts.read_seq,
        ];
        let before = self.watermarks.insert(id, now).unwrap_or_default();
        let fell = before.iter().zip(&now).any(|(before, now)| now < before);
        assert!(!fell, "{id}: watermarks fell from {before:?} to {now:?}");
    }
}

/// Requires that an answer goes up from a revision, and says truly whether it reaches its own. What
/// it may leave out (changed again since, cleared, hidden) only a whole client can tell, in the end.
pub fn require_ascending(since: i64, changes: &Changes) {
    if changes.reset {
        return assert!(changes.items.is_empty(), "a reset with items: {changes:#?}");
    }
    let revs: Vec<i64> = changes.items.iter().map(|message| message.rev).collect();
    let bounds: Vec<i64> = [since].into_iter().chain(revs).collect();
    let (ascends, last) = (
        bounds.is_sorted_by(|one, next| one < next),
        bounds.last().copied().unwrap_or(since),
    );
    assert!(
        ascends && last <= changes.rev.max(since),
        "since {since}: {changes:#?}"
    );
    // An answer that is not the last one leads on.
    let leads_on = last > since && last < changes.rev;
    assert!(changes.complete || leads_on, "since {since}: {changes:#?}");
}
