//! Sessions that have ended while their access tokens may still live.
//!
//! Every process asks the database each second, by index, so that a revocation holds everywhere
//! within two seconds, whatever the broker does. It is not ready before it has read those of a
//! token's whole life.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use platform::shutdown::CancellationToken;
use protocol::ids::SessionId;
use protocol::limits;

use crate::store::{self, Db};

/// A transaction that began this long before the last look may have committed after it.
const OVERLAP: Duration = Duration::from_secs(20);

/// The sessions that count no more.
#[derive(Clone, Debug, Default)]
pub struct Revocations {
    /// By session: when its last token ends, by this process's clock.
    ended: Arc<RwLock<HashMap<SessionId, DateTime<Utc>>>>,
    loaded: Arc<std::sync::atomic::AtomicBool>,
}

impl Revocations {
    /// Whether a session has ended.
    #[must_use]
    pub fn contains(&self, id: SessionId) -> bool {
        self.ended
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .contains_key(&id)
    }

    /// Remembers sessions that have just ended.
    pub fn insert(&self, ids: impl IntoIterator<Item = SessionId>) {
        let now = Utc::now();
        let life = token_life();
        let mut ended = self.ended.write().unwrap_or_else(PoisonError::into_inner);
        ended.retain(|_, until| *until > now);
        ended.extend(ids.into_iter().map(|id| (id, now + life)));
    }

    /// Whether those of a token's whole life have been read.
    #[must_use]
    pub fn is_loaded(&self) -> bool {
        self.loaded.load(std::sync::atomic::Ordering::Acquire)
    }

    /// Asks the database every `every` until `stop` is cancelled.
    pub async fn watch(self, db: Db, every: Duration, stop: CancellationToken) {
        // By the database's clock; `None` until the first look has succeeded.
        let mut seen: Option<DateTime<Utc>> = None;
        loop {
            match self.look(&db, seen).await {
                Ok(now) => {
                    seen = Some(now);
                    self.loaded
                        .store(true, std::sync::atomic::Ordering::Release);
                }
                Err(error) => tracing::warn!(%error, "revocations could not be read"),
            }
            tokio::select! {
                () = tokio::time::sleep(every) => {}
                () = stop.cancelled() => return,
            }
        }
    }

    async fn look(
        &self,
        db: &Db,
        seen: Option<DateTime<Utc>>,
    ) -> Result<DateTime<Utc>, crate::error::ApiError> {
        let mut conn = db.reserved().await?;
        let now = store::sessions::database_now(&mut conn).await?;
        let since =
            seen.unwrap_or(now - token_life()) - TimeDelta::from_std(OVERLAP).unwrap_or_default();
        let found = store::sessions::revocations_since(&mut conn, since).await?;
        if !found.is_empty() {
            self.insert(found.into_iter().map(|row| row.session_id.into()));
        }
        Ok(now)
    }
}

fn token_life() -> TimeDelta {
    TimeDelta::from_std(limits::ACCESS_TOKEN_LIFE).unwrap_or(TimeDelta::MAX)
}
