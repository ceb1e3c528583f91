//! Pages of old messages, one reader at a time.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use hyper::Method;
use rand::Rng;
use serde_json::Value;

use crate::bench::Bench;
use crate::http::Api;
use crate::people::Pair;
use crate::report::{Bound, Report};
use crate::tally::Times;

/// Messages of the long conversation.
const LONG: u32 = 1_000_000;
/// Messages of the short one.
const SHORT: u32 = 1000;
/// Pages read of each.
const PAGES: usize = 1000;
/// Messages of a page.
const PAGE: usize = 50;
/// The two conversations' people, whom no other workload uses.
const FIRST: u32 = 20_001;

pub async fn history(bench: &Bench) -> Result<Report> {
    bench.people.exist(FIRST + 3).await?;
    let pairs = bench.people.pairs(FIRST, 2).await?;
    let [long, short] = &pairs[..] else {
        anyhow::bail!("two chats were asked for");
    };
    bench.people.history(long.conversation_id, LONG).await?;
    bench.people.history(short.conversation_id, SHORT).await?;
    // Whoever reads first pays for the disk.
    read(bench, [(long, LONG), (short, SHORT)]).await?;
    let meter = bench.meter()?;
    let [from_long, from_short] = read(bench, [(long, LONG), (short, SHORT)]).await?;
    let spent = meter.stop();
    let what = format!(
        "{PAGES} pages of {PAGE} messages, anywhere in a conversation of {LONG}, in turn with pages of one of {SHORT}"
    );
    let mut report = bench.report("history", what);
    report.tell("page p50", from_long.ms(0.5), "ms");
    report.require("page p95", from_long.ms(0.95), "ms", Bound::AtMost(5.0));
    report.tell(
        "page p95 of a conversation of 1000",
        from_short.ms(0.95),
        "ms",
    );
    let ratio = from_long.ms(0.95) / from_short.ms(0.95);
    report.require("times that", ratio, "", Bound::AtMost(1.5));
    let per_page = spent.server_cpu() * 1e6 / (2 * PAGES) as f64;
    report.tell("server CPU per page", per_page, "µs");
    spent.tell(&mut report);
    Ok(report)
}

/// Reads pages of both in turn, so that what drifts falls on both.
async fn read(bench: &Bench, chats: [(&Pair, u32); 2]) -> Result<[Times; 2]> {
    let apis = bench.apis();
    let mut times = <[Times; 2]>::default();
    for page in 0..PAGES {
        let Some(api) = apis.get(page % apis.len().max(1)) else {
            break;
        };
        for ((pair, messages), times) in chats.iter().zip(&mut times) {
            times.record_duration(read_page(bench, api, pair, *messages).await?);
        }
    }
    Ok(times)
}

/// How long a page takes, anywhere among so many messages.
async fn read_page(bench: &Bench, api: &Api, pair: &Pair, messages: u32) -> Result<Duration> {
    let before = rand::rng().random_range(PAGE as u32 + 1..=messages);
    let path = format!(
        "/v1/conversations/{}/messages?before={before}&limit={PAGE}",
        pair.conversation_id
    );
    let token = bench.people.token(pair.people[0]);
    let began = Instant::now();
    let answer = api.call(Method::GET, &path, &token, None).await?;
    let took = began.elapsed();
    let value: Value = serde_json::from_slice(&answer.body)?;
    let items = value["items"].as_array().map_or(0, Vec::len);
    ensure!(items == PAGE, "{} with {items} messages", answer.status);
    Ok(took)
}
