//! Who is online: one key a user in Memcached, alive while a ws-server keeps refreshing it.
//!
//! `presence:<prefix><user>` is written by each ws-server that holds a live socket of the user,
//! and dies by itself [`PresenceConfig::ttl`] after the last write; nothing ever deletes it, so
//! moving from one server to another does not flicker. Memcached holds nothing that must survive:
//! when it is down, hung or empty, everyone is offline, and no caller sees an error or waits longer
//! than [`PresenceConfig::timeout`].

mod config;

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use memcache::exp::{AsyncMemcache, MemcacheBuilder, Ttl};
use protocol::ids::UserId;

pub use config::PresenceConfig;

/// Keys of one exchange at most: a large set is split, so that each part fits the timeout.
const KEYS_PER_EXCHANGE: usize = 1_000;
/// Any value will do; Memcached's client keeps empty ones for itself.
const ALIVE: &str = "1";

/// A handle to presence; clones share connections.
#[derive(Clone, Debug)]
pub struct Presence {
    config: Arc<PresenceConfig>,
    link: Arc<Mutex<Link>>,
}

/// What is known of Memcached. The lock is never held across an exchange.
#[derive(Debug, Default)]
struct Link {
    /// Made at the first use, and anew after a failure: names are then resolved again.
    client: Option<AsyncMemcache>,
    /// Since when it fails.
    down_since: Option<Instant>,
    /// Not asked before then.
    retry_at: Option<Instant>,
}

impl Presence {
    /// A handle for these servers. Nothing is connected before the first use.
    #[must_use]
    pub fn connect(config: PresenceConfig) -> Self {
        Self {
            config: Arc::new(config),
            link: Arc::default(),
        }
    }

    /// Says that these users hold a live socket now. One round trip a server and thousand users.
    ///
    /// If Memcached does not answer, they look offline; nothing else happens.
    pub async fn refresh(&self, users: &[UserId]) {
        let ttl = Ttl::from(self.config.ttl);
        for part in users.chunks(KEYS_PER_EXCHANGE) {
            let Some(client) = self.client().await else {
                return;
            };
            let pairs: Vec<_> = part.iter().map(|user| (self.key(*user), ALIVE)).collect();
            match client.set_many(pairs, ttl).await {
                Ok(()) => self.answered(),
                Err(error) => return self.failed(&error),
            }
        }
    }

    /// Which of these users are online; nobody when Memcached does not answer.
    pub async fn online(&self, users: &[UserId]) -> HashSet<UserId> {
        let mut online = HashSet::new();
        for part in users.chunks(KEYS_PER_EXCHANGE) {
            let Some(client) = self.client().await else {
                return HashSet::new();
            };
            let keys: Vec<_> = part.iter().map(|user| self.key(*user)).collect();
            match client.get_many::<String, _>(keys.iter()).await {
                Ok(found) => {
                    self.answered();
                    let users = part.iter().zip(&keys);
                    online.extend(
                        users
                            .filter(|(_, key)| found.contains_key(key))
                            .map(|(user, _)| user),
                    );
                }
                Err(error) => {
                    self.failed(&error);
                    return HashSet::new();
                }
            }
        }
        online
    }

    /// Asks every server for a sign of life.
    ///
    /// # Errors
    /// Why one does not answer, for `/readyz`.
    pub async fn ping(&self) -> Result<(), String> {
        let client = match self.cached() {
            Some(client) => client,
            None => self.open().await.map_err(|error| error.to_string())?,
        };
        match client.meta().noop().await {
            Ok(()) => {
                self.answered();
                Ok(())
            }
            Err(error) => {
                self.failed(&error);
                Err(error.to_string())
            }
        }
    }

    fn key(&self, user: UserId) -> String {
        format!("presence:{}{user}", self.config.prefix)
    }

    fn link(&self) -> MutexGuard<'_, Link> {
        self.link.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn cached(&self) -> Option<AsyncMemcache> {
        self.link().client.clone()
    }

    /// The client to ask, or none while a failure is fresh.
    async fn client(&self) -> Option<AsyncMemcache> {
        {
            let link = self.link();
            if link.retry_at.is_some_and(|at| Instant::now() < at) {
                return None;
            }
            if let Some(client) = &link.client {
                return Some(client.clone());
            }
        }
        match self.open().await {
            Ok(client) => Some(client),
            Err(error) => {
                self.failed(&error);
                None
            }
        }
    }

    /// Resolves the servers' names; connections are made when they are needed.
    async fn open(&self) -> Result<AsyncMemcache, memcache::exp::Error> {
        let open = MemcacheBuilder::new()
            .timeout(self.config.timeout)
            .connect_timeout(self.config.timeout)
            .connect_async(self.config.servers.clone());
        let client = match tokio::time::timeout(self.config.timeout, open).await {
            Ok(client) => client?,
            Err(_elapsed) => return Err(std::io::Error::from(std::io::ErrorKind::TimedOut).into()),
        };
        self.link().client = Some(client.clone());
        Ok(client)
    }

    fn answered(&self) {
        let mut link = self.link();
        link.retry_at = None;
        if let Some(since) = link.down_since.take() {
            tracing::info!(
                down_ms = since.elapsed().as_millis() as u64,
                "presence is back"
            );
        }
    }

    /// Counts each failure, and says it once an outage.
    fn failed(&self, error: &memcache::exp::Error) {
        metrics::counter!("warren_presence_failures_total").increment(1);
        let mut link = self.link();
        let now = Instant::now();
        link.client = None;
        link.retry_at = Some(now + self.config.retry);
        if link.down_since.is_none() {
            link.down_since = Some(now);
            tracing::warn!(%error, "presence does not answer: everyone looks offline");
        }
    }
}
