//! Finding messages: the newest first, among those that the caller may read.
//!
//! How often a word occurs decides what is cheap, and nobody knows it before. A frequent word is met
//! after a few messages when one walks back from the newest; to look it up would be to sort a
//! hundred thousand. A rare one is looked up at once; to walk would be to read everything. So a
//! search walks as far as its budget goes, and looks up what it has not met by then. Where only one
//! person's messages are asked for, and they have written little, those are simply read. All ways
//! are exact.
//!
//! "Newest" goes by the message's id, whose front is the time at which the server took it in.

mod walk;

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::result::QueryResult;
use protocol::ids::UserId;
use protocol::message::Found;
use uuid::Uuid;

use crate::domain::search::Search;
use crate::error::Result;
use crate::store::Conn;
use crate::store::messages;
use crate::store::search::{self as store, Hit, Lookup, Place, Scope};
use walk::Walk;

/// The clocks of two processes differ by less.
const SKEW: TimeDelta = TimeDelta::minutes(10);
/// What one person has written is read as a whole up to so many messages: about 10 ms.
const WHOLE: i64 = 4096;
/// Messages read again in one transaction: some hundred milliseconds, in which none of them can be
/// changed.
const REINDEX_BATCH: i64 = 1000;

/// The newest messages below `cursor` that fit, at most `limit`.
///
/// # Errors
/// If the database fails.
pub async fn find(
    conn: &mut Conn,
    reader: UserId,
    search: &Search,
    cursor: Option<Uuid>,
    limit: usize,
) -> Result<Vec<Found>> {
    let mut snapshot = conn.build_transaction().repeatable_read().read_only();
    snapshot
        .run(async |conn| {
            let Some(query) = store::parse(conn, &search.typed).await? else {
                return Ok(Vec::new());
            };
            let below = start(search.before, cursor);
            let scopes = store::scopes(conn, reader, search.conversation_id).await?;
            let lookup = Lookup {
                reader,
                query: &query,
                search,
            };
            let hits = newest(conn, &lookup, scopes, below, limit).await?;
            found(conn, reader, &query, hits).await
        })
        .await
}

/// Reads all messages again, in the connection's language; how many there were. Others write
/// meanwhile: each batch is a transaction of its own.
///
/// # Errors
/// If the database fails; what was read again stays.
pub async fn reindex(conn: &mut Conn) -> QueryResult<usize> {
    let (mut after, mut count) = (Place::default(), 0);
    loop {
        let batch = store::reindex(conn, after, REINDEX_BATCH).await?;
        match batch.last() {
            Some(last) => after = *last,
            None => return Ok(count),
        }
        count += batch.len();
    }
}

/// The messages of hits, in their order.
async fn found(conn: &mut Conn, reader: UserId, query: &str, hits: Vec<Hit>) -> Result<Vec<Found>> {
    let places: Vec<_> = hits
        .iter()
        .map(|hit| (hit.conversation_id, hit.seq))
        .collect();
    let rows = messages::at(conn, reader, &places).await?;
    let excerpts = store::excerpts(conn, query, &hits).await?;
    let mut excerpts: HashMap<_, _> = excerpts
        .into_iter()
        .map(|row| (row.id, row.excerpt))
        .collect();
    let messages = rows.into_iter().map(|row| row.message());
    let mut messages: HashMap<_, _> = messages.map(|message| (message.id.0, message)).collect();
    let found = hits.into_iter().filter_map(|hit| {
        Some(Found {
            message: messages.remove(&hit.id)?,
            excerpt: excerpts.remove(&hit.id)?,
        })
    });
    Ok(found.collect())
}

async fn newest(
    conn: &mut Conn,
    lookup: &Lookup<'_>,
    scopes: Vec<Scope>,
    below: Uuid,
    limit: usize,
) -> Result<Vec<Hit>> {
    if let Some(sender) = lookup.search.sender_id {
        let all = store::of_sender(conn, lookup, sender, &scopes, below, WHOLE).await?;
        if let Some(mut hits) = all {
            hits.sort_unstable_by(|a, b| b.cmp(a));
            hits.truncate(limit);
            return Ok(hits);
        }
    }
    let above = lookup
        .search
        .after
        .map_or(Uuid::nil(), |at| id_at(at - SKEW, 0));
    let mut walk = Walk::new(&scopes, above, below, limit);
    while walk.has_budget() {
        let steps = walk.next_steps();
        if steps.is_empty() {
            return Ok(walk.into_newest());
        }
        let strips = store::walk(conn, lookup, &steps).await?;
        walk.learn(&steps, strips);
    }
    Ok(store::look_up(conn, lookup, &scopes, below, limit).await?)
}

/// Every message that may be shown has a lower id.
fn start(before: Option<DateTime<Utc>>, cursor: Option<Uuid>) -> Uuid {
    let cursor = cursor.unwrap_or(Uuid::max());
    before.map_or(cursor, |at| newest_id(at).min(cursor))
}

/// No message that was committed until then has a higher id.
fn newest_id(at: DateTime<Utc>) -> Uuid {
    id_at(at + SKEW, u64::MAX)
}

fn id_at(at: DateTime<Utc>, tail: u64) -> Uuid {
    let millis = u64::try_from(at.timestamp_millis()).unwrap_or(0);
    Uuid::from_u64_pair(millis.saturating_mul(1 << 16) | (tail & 0xFFFF), tail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_of_now_lies_within_the_skew_of_now() {
        let (id, now) = (Uuid::now_v7(), Utc::now());
        assert!(id < newest_id(now));
        assert!(id > newest_id(now - SKEW - TimeDelta::seconds(5)));
        assert!(id > id_at(now - SKEW, 0));
    }

    #[test]
    fn the_end_of_time_is_no_overflow() {
        assert!(newest_id("9999-12-31T23:59:59Z".parse().unwrap()) > Uuid::now_v7());
        assert!(id_at("0000-01-01T00:00:00Z".parse().unwrap(), 0) < Uuid::now_v7());
    }
}
