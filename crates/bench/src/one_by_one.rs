//! What the group commit is compared with: the same statement, one transaction for each message,
//! on as many connections as a service's pool has.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::Result;
use tokio_postgres::Client;
use uuid::Uuid;

use crate::people::{People, database};

/// Connections at once.
const CONNECTIONS: usize = 32;

/// The function that commits one message; what it returns is thrown away.
const STATEMENT: &str = "SELECT o_seq FROM commit_one($1::text::uuid, $2::text::uuid, gen_random_uuid(), \
     gen_random_uuid(), '\\x00', $3, $4, NULL)";

/// What the publisher of an API process does with what the broker has confirmed. Nobody publishes
/// here; rows that were left would be taken for a dead process' after two seconds.
const FORGET: &str =
    "DELETE FROM outbox WHERE id IN (SELECT id FROM outbox FOR UPDATE SKIP LOCKED)";
/// How often.
const FORGET_EVERY: Duration = Duration::from_millis(200);

/// Messages a second, into these conversations by these people in turn.
///
/// # Errors
/// The database refuses.
pub async fn rate(url: &str, places: &[(Uuid, Vec<u32>)], seconds: u64) -> Result<f64> {
    let committed = Rc::new(Cell::new(0_u64));
    let began = Instant::now();
    let end = began + Duration::from_secs(seconds);
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..CONNECTIONS {
        let client = database(url).await?;
        tasks.spawn_local(commit(
            client,
            number,
            places.to_vec(),
            committed.clone(),
            end,
        ));
    }
    let cleaner = database(url).await?;
    while !tasks.is_empty() {
        tokio::time::sleep(FORGET_EVERY).await;
        cleaner.execute(FORGET, &[]).await?;
        while let Some(done) = tasks.try_join_next() {
            done??;
        }
    }
    cleaner.execute(FORGET, &[]).await?;
    Ok(committed.get() as f64 / seconds.max(1) as f64)
}

/// One connection's share.
async fn commit(
    client: Client,
    number: usize,
    places: Vec<(Uuid, Vec<u32>)>,
    committed: Rc<Cell<u64>>,
    end: Instant,
) -> Result<()> {
    let body = "x".repeat(64);
    let head = format!("{{\"type\":\"message.created\",\"message\":{{\"body\":\"{body}\",\"seq\":");
    let statement = client.prepare(STATEMENT).await?;
    let mut turn = number;
    while Instant::now() < end {
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
        committed.set(committed.get() + 1);
        turn += CONNECTIONS;
    }
    Ok(())
}
