//! The relay: publishes what its writer could not, one relay at a time in the whole system.
//!
//! Every API process tries to take one advisory lock, which Postgres gives back when the holder's
//! connection ends. The holder looks for control events of any age, then for events older than
//! their writer's patience, in the order of their ids: in one conversation that is commit order.

use std::time::Duration;

use futures_util::future::join_all;
use platform::broker::publisher::Outcome;
use platform::shutdown::CancellationToken;

use super::Events;
use crate::metrics;
use crate::store::outbox::{self, Waiting};
use crate::store::{Conn, Db, Purpose};

/// Events published and confirmed before the next are read.
const BATCH: i64 = 500;
/// The gauge is counted up to here: an exact figure of a long outage would cost more than it tells.
const PENDING_MAX: i64 = 100_000;

/// When the relay looks.
#[derive(Clone, Copy, Debug)]
pub struct RelayConfig {
    /// Between two looks.
    pub every: Duration,
    /// Younger events are still their writer's.
    pub age: Duration,
}

/// Runs until `stop` is cancelled.
pub async fn run(db: Db, events: Events, config: RelayConfig, stop: CancellationToken) {
    let mut seat: Option<Seat> = None;
    loop {
        if seat.is_none() {
            seat = Seat::take(&db).await;
        }
        let looked = match &mut seat {
            Some(seat) => seat.look(&events, config).await,
            None => Ok(false),
        };
        let full = looked.unwrap_or_else(|error| {
            tracing::warn!(%error, "the relay lost its connection");
            seat = None;
            false
        });
        // A full batch means that more waits.
        let pause = if full { Duration::ZERO } else { config.every };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = stop.cancelled() => return,
        }
    }
}

/// A connection that holds the lock, or waits for it: to connect costs both sides far more than to
/// ask again.
struct Seat {
    conn: Conn,
    leads: bool,
}

impl Seat {
    async fn take(db: &Db) -> Option<Self> {
        match db.connect(Purpose::Writing).await {
            Ok(conn) => Some(Self { conn, leads: false }),
            Err(error) => {
                tracing::debug!(%error, "the relay cannot reach the database");
                None
            }
        }
    }

    /// Relays if it leads; whether there is more. Who cannot reach the broker leaves it to another.
    async fn look(&mut self, events: &Events, config: RelayConfig) -> diesel::QueryResult<bool> {
        if !events.is_up() {
            if std::mem::take(&mut self.leads) {
                outbox::stop_leading(&mut self.conn).await?;
                tracing::info!("this process relays no more: it cannot reach the broker");
            }
            metrics::outbox(outbox::pending(&mut self.conn, PENDING_MAX).await?, 0);
            return Ok(false);
        }
        if !self.leads {
            self.leads = outbox::try_lead(&mut self.conn).await?;
            if !self.leads {
                // Whoever leads counts.
                metrics::outbox(0, 0);
                return Ok(false);
            }
            tracing::info!("this process relays the outbox");
        }
        relay(&mut self.conn, events, config).await
    }
}

/// One look; whether it found a full batch and published it.
async fn relay(conn: &mut Conn, events: &Events, config: RelayConfig) -> diesel::QueryResult<bool> {
    let pending = outbox::pending(conn, PENDING_MAX).await?;
    let mut relayed = 0;
    if pending > 0 {
        let control = outbox::control(conn, BATCH).await?;
        relayed += publish(conn, events, control).await?;
        let age_ms = i64::try_from(config.age.as_millis()).unwrap_or(i64::MAX);
        let overdue = outbox::overdue(conn, age_ms, BATCH).await?;
        relayed += publish(conn, events, overdue).await?;
    }
    metrics::outbox(pending, relayed);
    Ok(i64::try_from(relayed).is_ok_and(|relayed| relayed >= BATCH))
}

async fn publish(
    conn: &mut Conn,
    events: &Events,
    waiting: Vec<Waiting>,
) -> diesel::QueryResult<usize> {
    let sent = waiting.into_iter().map(|row| async move {
        let id = row.id;
        let outcome = events.publish_and_wait(row.into_event()).await;
        (outcome == Outcome::Confirmed).then_some(id)
    });
    let confirmed: Vec<i64> = join_all(sent).await.into_iter().flatten().collect();
    if !confirmed.is_empty() {
        tracing::info!(events = confirmed.len(), "relayed");
        outbox::delete(conn, &confirmed).await?;
    }
    Ok(confirmed.len())
}
