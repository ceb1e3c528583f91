//! What the group commit is compared with: one transaction for each message, by the committer's own
//! statement, on 32 connections, each kept as a lane of the committer keeps its own.
//!
//! It gets the better of it where the two cannot be alike: nobody publishes, answers or authenticates,
//! and no timeout ends what waits for a lock.

use std::cell::Cell;
use std::ops::Range;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::time::sleep_until;
use tokio_postgres::Client;
use uuid::Uuid;

use crate::bench::Bench;
use crate::people::{People, database};

/// Connections at once.
const CONNECTIONS: usize = 32;

/// The function that commits one message; what it returns is thrown away.
const STATEMENT: &str = "SELECT o_seq FROM commit_one($1::text::uuid, $2::text::uuid, gen_random_uuid(), \
     gen_random_uuid(), '\\x00', $3, $4, NULL)";

/// As the committer's lanes set theirs (`store.rs` of the API), but for the timeouts.
const SETTINGS: &str = "SET jit = off; SET default_text_search_config = 'pg_catalog.simple'; \
     SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; \
     SET enable_hashjoin = off; SET enable_mergejoin = off;";
/// What a lane does after 1, 2, 4, 8 … commits, because tables grow under a plan that is kept.
const RENEW_PLANS: &str = "DISCARD PLANS";

/// What the publisher of an API process does with what the broker has confirmed. Nobody publishes
/// here; rows that were left would be taken for a dead process' after two seconds.
const FORGET: &str =
    "DELETE FROM outbox WHERE id IN (SELECT id FROM outbox FOR UPDATE SKIP LOCKED)";
/// How often.
const FORGET_EVERY: Duration = Duration::from_millis(200);

/// What came of it.
pub struct OneByOne {
    /// Messages a second.
    pub rate: f64,
    /// Processor time of PostgreSQL for each of them, in µs.
    pub postgres_us: f64,
}

/// Commits into these conversations by these people in turn, in a window as long as any other and as
/// warm.
///
/// # Errors
/// The database refuses.
pub async fn measure(bench: &Bench, places: &[(Uuid, Vec<u32>)]) -> Result<OneByOne> {
    let options = &bench.options;
    let mut clients = Vec::with_capacity(CONNECTIONS);
    for _ in 0..CONNECTIONS {
        let client = database(&options.database).await?;
        client.batch_execute(SETTINGS).await?;
        clients.push(client);
    }
    let cleaner = database(&options.database).await?;
    let committed = Rc::new(Cell::new(0_u64));
    let from = Instant::now() + Duration::from_secs(options.warm_up);
    let window = from..from + Duration::from_secs(options.seconds);
    let mut tasks = tokio::task::JoinSet::new();
    for (number, client) in clients.into_iter().enumerate() {
        tasks.spawn_local(commit(
            client,
            number,
            places.to_vec(),
            committed.clone(),
            window.clone(),
        ));
    }
    let all_committed = async {
        while !tasks.is_empty() {
            tokio::time::sleep(FORGET_EVERY).await;
            cleaner.execute(FORGET, &[]).await?;
            while let Some(done) = tasks.try_join_next() {
                done??;
            }
        }
        cleaner.execute(FORGET, &[]).await?;
        anyhow::Ok(())
    };
    let spent = async {
        sleep_until(window.start.into()).await;
        let meter = bench.meter()?;
        sleep_until(window.end.into()).await;
        anyhow::Ok(meter.stop())
    };
    let (spent, ()) = tokio::try_join!(spent, all_committed)?;
    let count = committed.get().max(1) as f64;
    Ok(OneByOne {
        rate: count / spent.seconds,
        postgres_us: spent.cpu_of("postgres") * 1e6 / count,
    })
}

/// One connection's share.
async fn commit(
    client: Client,
    number: usize,
    places: Vec<(Uuid, Vec<u32>)>,
    committed: Rc<Cell<u64>>,
    window: Range<Instant>,
) -> Result<()> {
    let body = "x".repeat(64);
    let head = format!("{{\"type\":\"message.created\",\"message\":{{\"body\":\"{body}\",\"seq\":");
    let statement = client.prepare(STATEMENT).await?;
    let mut turn = number;
    let mut commits = 0_usize;
    while Instant::now() < window.end {
        let Some((place, people)) = places.get(turn % places.len().max(1)) else {
            break;
        };
        let round = turn / places.len().max(1);
        let sender = people.get(round % people.len().max(1)).copied();
        let (place, sender) = (
            place.to_string(),
            People::id(sender.unwrap_or(1)).to_string(),
        );
        client
            .query_one(&statement, &[&place, &sender, &body, &head])
            .await?;
        if window.contains(&Instant::now()) {
            committed.set(committed.get() + 1);
        }
        commits += 1;
        if commits.is_power_of_two() {
            client.batch_execute(RENEW_PLANS).await?;
        }
        turn += CONNECTIONS;
    }
    Ok(())
}
