//! Connections: many that are idle, many that come, many that come back.

use std::time::{Duration, Instant};

use anyhow::Result;

use crate::bench::Bench;
use crate::report::{Bound, Report};
use crate::usage;

use super::room;

/// Idle connections, each its own user.
const IDLE: u32 = 10_000;
/// Connections begun in a second.
const PER_SECOND: f64 = 500.0;
/// Connections in `connect`.
const CONNECTING: u32 = 1000;
/// Clients that are dropped at once.
const DROPPED: u32 = 3000;
/// They come back at a moment within this.
const WITHIN: Duration = Duration::from_secs(2);

pub async fn idle(bench: &Bench) -> Result<Report> {
    bench.people.exist(IDLE).await?;
    let processes = usage::processes(&bench.options.run_dir)?;
    let rss = || -> u64 {
        let usages = usage::usages(&processes);
        let servers = usages
            .iter()
            .filter(|(name, _)| name.starts_with("ws-server"));
        servers.map(|(_, usage)| usage.rss_kib).sum()
    };
    let before = rss();
    let mut crowd = bench.crowd()?;
    let seats = (1..=IDLE).map(|person| bench.seat(person, 0, Vec::new()));
    crowd.join(seats.collect(), PER_SECOND).await?;
    let after = rss();
    let window = bench.window(&crowd, Vec::new()).await?;
    let mut report = bench.report("idle", format!("{IDLE} connections, each its own user"));
    let per_connection = after.saturating_sub(before) as f64 / f64::from(IDLE);
    report.require(
        "ws-server RSS per connection",
        per_connection,
        "KiB",
        Bound::AtMost(4.0),
    );
    let cost = |cpu: f64| cpu * 1e6 / window.seconds / f64::from(IDLE);
    report.require(
        "ws-server CPU per connection",
        cost(window.cpu_of("ws-server")),
        "µs/s",
        Bound::AtMost(3.0),
    );
    report.tell(
        "all servers' CPU per connection",
        cost(window.server_cpu()),
        "µs/s",
    );
    let own = usage::own().rss_kib as f64 / f64::from(IDLE);
    report.tell("generator: RSS per connection", own, "KiB");
    let lost: u64 = window.tally.lost.values().sum();
    report.require("connections lost", lost as f64, "", Bound::AtMost(0.0));
    window.tell_costs(&mut report);
    crowd.leave().await?;
    Ok(report)
}

pub async fn connect(bench: &Bench) -> Result<Report> {
    bench.people.exist(CONNECTING).await?;
    let room = bench.people.room(1, CONNECTING).await?;
    let ledger = bench.people.ledger(room.conversation_id).await?;
    let mut crowd = bench.crowd()?;
    let seats = room
        .members
        .clone()
        .map(|person| bench.seat(person, 0, vec![(room.conversation_id, ledger.clone())]));
    let began = Instant::now();
    crowd.join(seats.collect(), PER_SECOND).await?;
    let took = began.elapsed();
    let tally = crowd.collect().await?;
    let what =
        format!("{CONNECTING} connections, {PER_SECOND} a second, each its own user of one group");
    let mut report = bench.report("connect", what);
    report.tell("hello p50", tally.hello.ms(0.5), "ms");
    report.require("hello p95", tally.hello.ms(0.95), "ms", Bound::AtMost(10.0));
    report.tell("ready p50", tally.ready.ms(0.5), "ms");
    report.require(
        "ready p95",
        tally.ready.ms(0.95),
        "ms",
        Bound::AtMost(250.0),
    );
    report.tell("all ready after", took.as_secs_f64(), "s");
    report.tell("generator: reads late p99", tally.lateness.ms(0.99), "ms");
    let lost: u64 = tally.lost.values().sum();
    report.require("connections lost", lost as f64, "", Bound::AtMost(0.0));
    room::end(crowd, &mut report).await?;
    Ok(report)
}

pub async fn storm(bench: &Bench) -> Result<Report> {
    bench.people.exist(DROPPED).await?;
    let group = bench.people.room(1, DROPPED).await?;
    let mut crowd = bench.crowd()?;
    bench.seat_room(&mut crowd, &group, 0).await?;
    crowd.collect().await?;
    let began = Instant::now();
    crowd.storm(WITHIN);
    let mut tally = crate::tally::Tally::default();
    while tally.back.count() < u64::from(DROPPED) && began.elapsed() < Duration::from_secs(60) {
        tokio::time::sleep(Duration::from_millis(50)).await;
        tally.add(crowd.collect().await?);
    }
    let took = began.elapsed();
    let what = format!(
        "{DROPPED} clients dropped at once, back within {} s, and synced",
        WITHIN.as_secs()
    );
    let mut report = bench.report("storm", what);
    report.require(
        "ready and synced",
        tally.back.count() as f64,
        "",
        Bound::AtLeast(f64::from(DROPPED)),
    );
    report.require(
        "all of them after",
        took.as_secs_f64(),
        "s",
        Bound::AtMost(12.0),
    );
    report.tell("back p50", tally.back.ms(0.5), "ms");
    report.tell("back p95", tally.back.ms(0.95), "ms");
    report.tell("ready p95", tally.ready.ms(0.95), "ms");
    let lost: u64 = tally.lost.values().sum();
    report.require("errors", lost as f64, "", Bound::AtMost(0.0));
    report.notes.extend(
        tally
            .lost
            .iter()
            .map(|(reason, times)| format!("{times} times: {reason}")),
    );
    room::end(crowd, &mut report).await?;
    Ok(report)
}
