//! Connections: many that are idle, many that come, many that come back.

use std::time::{Duration, Instant};

use anyhow::Result;

use crate::bench::Bench;
use crate::report::{Bound, Report};
use crate::usage;

use super::room;

/// Idle connections, each its own user.
const IDLE: u32 = 10_000;
/// Every client has said `ping` by then.
const HEARTBEAT_SECONDS: u64 = 15;
/// Connections begun in a second.
const PER_SECOND: f64 = 500.0;
/// Connections in `connect`.
const CONNECTING: u32 = 1000;
/// Clients that are dropped at once.
const DROPPED: u32 = 3000;
/// They come back at a moment within this.
const WITHIN: Duration = Duration::from_secs(2);
/// When they give up.
const PATIENCE: Duration = Duration::from_secs(60);
/// Messages a second into the room of those who are dropped.
const MEANWHILE: f64 = 10.0;

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
    let joined = rss();
    let window = bench.window(&crowd, Vec::new()).await?;
    let after = rss();
    let mut report = bench.report(
        "idle",
        format!("{IDLE} connections, each its own user, to ws-servers that had none before"),
    );
    let each = |rss: u64| rss.saturating_sub(before) as f64 / f64::from(IDLE);
    report.tell(
        "ws-server RSS per connection before the window",
        each(joined),
        "KiB",
    );
    report.require(
        "ws-server RSS per connection",
        each(after.max(joined)),
        "KiB",
        Bound::AtMost(4.0),
    );
    let cost = |cpu: f64| cpu * 1e6 / window.spent.seconds / f64::from(IDLE);
    report.require(
        "ws-server CPU per connection",
        cost(window.spent.cpu_of("ws-server")),
        "µs/s",
        Bound::AtMost(3.0),
    );
    report.tell(
        "all servers' CPU per connection",
        cost(window.spent.server_cpu()),
        "µs/s",
    );
    let own = window.spent.own_rss_kib as f64 / f64::from(IDLE);
    report.tell("generator: RSS per connection", own, "KiB");
    if bench.options.seconds < HEARTBEAT_SECONDS {
        report
            .notes
            .push("the window was too short for a ping of each client".to_owned());
    }
    window.tell_whole(&mut report, "");
    window.tell_costs(&mut report);
    room::end(crowd, &mut report).await?;
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
    let seats = seats.collect();
    let meter = bench.meter()?;
    let began = Instant::now();
    crowd.join(seats, PER_SECOND).await?;
    let took = began.elapsed();
    let mut spent = meter.stop();
    let tally = crowd.collect().await?;
    spent.reads_late = tally.lateness.clone();
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
    report.tell(
        "server CPU per connection",
        spent.server_cpu() * 1e6 / f64::from(CONNECTING),
        "µs",
    );
    report.require_none("connections lost", tally.connections_lost());
    spent.tell(&mut report);
    room::end(crowd, &mut report).await?;
    Ok(report)
}

pub async fn storm(bench: &Bench) -> Result<Report> {
    bench.people.exist(DROPPED).await?;
    let group = bench.people.room(1, DROPPED).await?;
    let mut crowd = bench.crowd()?;
    bench.seat_room(&mut crowd, &group, 0).await?;
    // Messages go on all the time: whoever comes back has missed some, and must have them all.
    let storm = async {
        tokio::time::sleep(Duration::from_secs(bench.options.warm_up)).await;
        let meter = bench.meter()?;
        let began = Instant::now();
        let back = crowd.storm(WITHIN, PATIENCE).await;
        anyhow::Ok((back, began.elapsed(), meter.stop()))
    };
    let streams = vec![room::stream(bench, &group, MEANWHILE)];
    let (window, storm) = tokio::join!(bench.window(&crowd, streams), storm);
    let (window, (back, took, spent)) = (window?, storm?);
    let what = format!(
        "{DROPPED} clients dropped at once, back within {} s, and synced, while their room gets {MEANWHILE} messages/s",
        WITHIN.as_secs()
    );
    let mut report = bench.report("storm", what);
    report.require_all("ready and synced", back, DROPPED.into());
    report.require(
        "all of them after",
        took.as_secs_f64(),
        "s",
        Bound::AtMost(12.0),
    );
    report.tell("back p50", window.tally.back.ms(0.5), "ms");
    report.tell("back p95", window.tally.back.ms(0.95), "ms");
    report.tell("ready p95", window.tally.ready.ms(0.95), "ms");
    room::tell_latency(&window, &mut report, None)?;
    report.tell(
        "server CPU until all were back",
        spent.server_cpu() * 1e3,
        "ms",
    );
    window.tell(&mut report);
    room::end(crowd, &mut report).await?;
    Ok(report)
}
