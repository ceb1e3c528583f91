//! The keys that verify access tokens: fetched at the start, from time to time, and when a token
//! names one that is not known.

use std::sync::Arc;
use std::time::Duration;

use platform::backoff::Backoff;
use platform::shutdown::CancellationToken;
use platform::token::Verifier;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use crate::api_client::ApiClient;
use crate::config::ApiConfig;

/// First and longest wait between tries while no key is known.
const RETRY: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));

/// The way to ask for new keys.
#[derive(Clone, Debug)]
pub struct Keys {
    unknown: Arc<Notify>,
    fetched: watch::Receiver<u64>,
    patience: Duration,
}

impl Keys {
    /// Starts to fetch keys into `verifier` until `stop`.
    pub fn spawn(
        api: Arc<ApiClient>,
        config: &ApiConfig,
        verifier: Verifier,
        stop: CancellationToken,
    ) -> Self {
        let (count, fetched) = watch::channel(0);
        let unknown = Arc::new(Notify::new());
        let task = Task {
            api,
            verifier,
            every: config.jwks,
            unknown_every: config.jwks_unknown,
            unknown: unknown.clone(),
            count,
        };
        tokio::spawn(async move { stop.run_until_cancelled(task.run()).await });
        Self {
            unknown,
            fetched,
            patience: config.timeout,
        }
    }

    /// A token named an unknown key: fetches again, unless that was done a moment ago.
    /// Returns whether there was a fetch, and so a reason to look at the token again.
    pub async fn refetch(&self) -> bool {
        let mut fetched = self.fetched.clone();
        fetched.mark_unchanged();
        self.unknown.notify_one();
        let changed = tokio::time::timeout(self.patience, fetched.changed()).await;
        matches!(changed, Ok(Ok(())))
    }
}

struct Task {
    api: Arc<ApiClient>,
    verifier: Verifier,
    every: Duration,
    unknown_every: Duration,
    unknown: Arc<Notify>,
    /// One more after each try; `refetch` waits for it.
    count: watch::Sender<u64>,
}

impl Task {
    async fn run(self) {
        let mut backoff = Backoff::new(RETRY.0, RETRY.1);
        let mut asked_at: Option<Instant> = None;
        loop {
            let wait = match self.fetch().await {
                Ok(()) => {
                    backoff.reset();
                    self.every
                }
                Err(()) if self.verifier.has_keys() => self.unknown_every.min(self.every),
                Err(()) => backoff.next_delay(),
            };
            let next = Instant::now() + wait;
            loop {
                tokio::select! {
                    () = tokio::time::sleep_until(next) => break,
                    () = self.unknown.notified() => {
                        let now = Instant::now();
                        if asked_at.is_none_or(|at| now - at >= self.unknown_every) {
                            asked_at = Some(now);
                            break;
                        }
                        // Too soon: whoever asked is answered with what is known.
                        self.count.send_modify(|count| *count += 1);
                    }
                }
            }
        }
    }

    async fn fetch(&self) -> Result<(), ()> {
        let keys = self.api.keys().await;
        let result = match keys {
            // No server has none: whoever answers so is not ready itself.
            Ok(keys) if keys.keys.is_empty() => {
                tracing::warn!("the list of keys is empty");
                Err(())
            }
            Ok(keys) => {
                tracing::debug!(keys = keys.keys.len(), "keys fetched");
                self.verifier.set_keys(&keys);
                Ok(())
            }
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "keys cannot be fetched"
                );
                Err(())
            }
        };
        self.count.send_modify(|count| *count += 1);
        result
    }
}
