//! A client that goes on at the next server when one does not answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use protocol::ids::{ClientId, ConversationId};
use protocol::message::{Attachment, Message};
use protocol::problem::Code;
use reqwest::Method;
use serde_json::{Value, json};
use testkit::http::{Client, Reply, Request, User};
use testkit::process::{FrontDoor, System};
use tokio::time::{Instant, sleep};

/// Longer than any process of these tests is away.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two tries: many fit into a restart, and they leave the processor to it.
const PAUSE: Duration = Duration::from_millis(20);

/// What the tries of one client came to.
#[derive(Debug, Default)]
pub struct Tally {
    /// Answered with 503.
    pub refused: AtomicUsize,
    /// No answer, or no whole one.
    pub broken: AtomicUsize,
    /// Sends that were carried out by a try without an answer.
    pub done_unanswered: AtomicUsize,
}

/// One user's client, which knows every api process. Copies share their tally.
#[derive(Clone, Debug)]
pub struct Insistent {
    at: Vec<Client>,
    turn: Arc<AtomicUsize>,
    tally: Arc<Tally>,
}

impl Insistent {
    /// A client that calls `first` until that fails.
    pub fn new(system: &System, user: &User, first: usize) -> Self {
        let all = 0..system.api.len();
        Self {
            at: all.map(|api| system.user_at(api, user).client).collect(),
            turn: Arc::new(AtomicUsize::new(first)),
            tally: Arc::default(),
        }
    }

    /// A client that knows one address alone, where others stand behind.
    pub fn through(front: &FrontDoor, user: &User) -> Self {
        Self {
            at: vec![user.at(front.url()).client],
            turn: Arc::default(),
            tally: Arc::default(),
        }
    }

    /// What its tries came to.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// The same request at every server at once; what was answered.
    pub async fn everywhere(&self, method: Method, path: &str, body: &Value) -> Vec<Reply> {
        let calls = self
            .at
            .iter()
            .map(|client| client.request(method.clone(), path).json(body).try_send());
        let answers = futures_util::future::join_all(calls).await;
        answers.into_iter().filter_map(Result::ok).collect()
    }

    /// Repeats a request, which must be safe to repeat, until it is answered.
    ///
    /// # Panics
    /// At an answer that says that the server failed, and when no server answers for a minute.
    pub async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Reply {
        self.repeat(path, |client| {
            let request = client.request(method.clone(), path);
            match body {
                Some(body) => request.json(body),
                None => request,
            }
        })
        .await
    }

    /// Uploads a file until one is taken; what a try without an answer left behind nobody holds.
    pub async fn upload(&self, name: &str, content: &[u8]) -> Attachment {
        let path = "/v1/uploads";
        let upload = |client: &Client| client.request(Method::POST, path).file(name, content);
        self.repeat(path, upload).await.expect(201).json()
    }

    async fn repeat(&self, path: &str, request: impl Fn(&Client) -> Request) -> Reply {
        let end = Instant::now() + PATIENCE;
        loop {
            let turn = self.turn.load(Ordering::Relaxed);
            let request = request(&self.at[turn % self.at.len()]);
            let (count, seen) = match request.try_send().await {
                Ok(reply) if reply.status == 503 => {
                    reply.problem(503, Code::Unavailable);
                    (&self.tally.refused, reply.to_string())
                }
                Ok(reply) => {
                    assert!(reply.status < 500, "the server failed: {reply}");
                    return reply;
                }
                Err(error) => (&self.tally.broken, format!("{error:?}")),
            };
            count.fetch_add(1, Ordering::Relaxed);
            self.turn.store(turn + 1, Ordering::Relaxed);
            assert!(
                Instant::now() < end,
                "{path}: no answer for {PATIENCE:?}: {seen}"
            );
            sleep(PAUSE).await;
        }
    }

    /// Sends a new message, and repeats that until it is acknowledged.
    pub async fn send(&self, to: ConversationId, body: &str) -> Message {
        let (path, content) = message(to, ClientId::new(), body);
        let tries = || {
            self.tally.refused.load(Ordering::Relaxed) + self.tally.broken.load(Ordering::Relaxed)
        };
        let before = tries();
        let reply = self.call(Method::POST, &path, Some(&content)).await;
        match reply.status {
            200 if tries() > before => {
                self.tally.done_unanswered.fetch_add(1, Ordering::Relaxed);
            }
            201 => {}
            _ => panic!("a new message: {reply}"),
        }
        reply.json()
    }
}

/// Path and body of a send.
pub fn message(to: ConversationId, client_id: ClientId, body: &str) -> (String, Value) {
    (
        format!("/v1/conversations/{to}/messages"),
        json!({ "client_id": client_id, "body": body }),
    )
}
