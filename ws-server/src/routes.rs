//! What to bind for a session: questions of many sockets, gathered into few calls to the API.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use platform::backoff::Backoff;
use platform::shutdown::CancellationToken;
use protocol::internal::{ROUTES_PER_CALL, SessionRef, UserRoutes};
use tokio::sync::{mpsc, oneshot};

use crate::api_client::ApiClient;

/// First and longest wait while the API does not answer.
const RETRY: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));
/// Questions that wait to be asked; whoever comes later waits for room.
const WAITING: usize = 2 * ROUTES_PER_CALL;

struct Question {
    session: SessionRef,
    answer: oneshot::Sender<UserRoutes>,
}

/// The way to ask.
#[derive(Clone, Debug)]
pub struct Routes {
    questions: mpsc::Sender<Question>,
}

impl Routes {
    /// Starts to ask until `stop`; the answers' epoch goes to `epoch`.
    pub fn spawn(
        api: Arc<ApiClient>,
        epoch: Arc<ArcSwapOption<String>>,
        stop: CancellationToken,
    ) -> Self {
        let (questions, asked) = mpsc::channel(WAITING);
        tokio::spawn(async move { stop.run_until_cancelled(run(api, epoch, asked)).await });
        Self { questions }
    }

    /// What to bind for a session. Waits as long as the API does not answer; `None` only when the
    /// process ends.
    pub async fn ask(&self, session: SessionRef) -> Option<UserRoutes> {
        let (answer, answered) = oneshot::channel();
        let question = Question { session, answer };
        self.questions.send(question).await.ok()?;
        answered.await.ok()
    }
}

/// While one call is under way, the next one gathers: a lone socket waits for nobody, and a
/// thousand that come at once cost a few calls.
async fn run(
    api: Arc<ApiClient>,
    epoch: Arc<ArcSwapOption<String>>,
    mut asked: mpsc::Receiver<Question>,
) {
    let mut backoff = Backoff::new(RETRY.0, RETRY.1);
    let mut open: Vec<Question> = Vec::new();
    loop {
        let room = ROUTES_PER_CALL - open.len();
        if open.is_empty() {
            if asked.recv_many(&mut open, room).await == 0 {
                return;
            }
        } else {
            while open.len() < ROUTES_PER_CALL
                && let Ok(question) = asked.try_recv()
            {
                open.push(question);
            }
        }
        // Who has left no longer asks.
        open.retain(|question| !question.answer.is_closed());
        if open.is_empty() {
            continue;
        }
        let sessions = open.iter().map(|question| question.session).collect();
        match api.routes(sessions).await {
            Ok(response) => {
                backoff.reset();
                set_epoch(&epoch, &response.epoch);
                for (question, routes) in open.drain(..).zip(response.routes) {
                    // Who has left meanwhile no longer asks.
                    _ = question.answer.send(routes);
                }
            }
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    sessions = open.len(),
                    "routes cannot be asked for"
                );
                tokio::time::sleep(backoff.next_delay()).await;
            }
        }
    }
}

/// Notes the epoch when it is new.
pub fn set_epoch(epoch: &ArcSwapOption<String>, now: &str) {
    if epoch.load().as_deref().is_none_or(|known| known != now) {
        tracing::info!(epoch = now, "the database's epoch");
        epoch.store(Some(Arc::new(now.to_owned())));
    }
}
