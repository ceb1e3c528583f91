//! Direct chats, and one conversation that many write to at once.

use std::sync::Arc;

use anyhow::Result;

use crate::bench::Bench;
use crate::crowd::Crowd;
use crate::load::{Pace, Stream, Target};
use crate::one_by_one;
use crate::people::Pair;
use crate::report::{Bound, Report};
use crate::window::Window;

use super::room;

/// Direct chats; twice as many people.
pub const PAIRS: u32 = 500;
/// Messages a second.
pub const RATE: f64 = 500.0;
/// Senders at once in `pairs-max`.
const SENDERS: usize = 256;
/// Senders at once in `hot`, and its members.
const HOT_SENDERS: u32 = 64;

/// A stream into all pairs, by both in turn.
pub fn stream(bench: &Bench, pairs: &[Pair], pace: Pace, hearers: u64) -> Stream {
    let targets = pairs.iter().map(|pair| Target {
        conversation_id: pair.conversation_id,
        writers: pair
            .people
            .map(|person| bench.people.token(person))
            .to_vec(),
        hearers,
    });
    Stream {
        targets: targets.collect(),
        pace,
    }
}

pub async fn pairs(bench: &Bench) -> Result<Report> {
    bench.people.exist(2 * PAIRS).await?;
    let pairs = bench.people.pairs(1, PAIRS).await?;
    let mut crowd = bench.crowd()?;
    bench
        .seat_pairs_on(&mut crowd, &pairs, &bench.options.sockets)
        .await?;
    let window = bench
        .window(&crowd, vec![stream(bench, &pairs, Pace::Open(RATE), 2)])
        .await?;
    let mut report = bench.report(
        "pairs",
        format!(
            "{} people in {PAIRS} direct chats, {RATE} messages/s",
            2 * PAIRS
        ),
    );
    tell(bench, &window, &mut report)?;
    report.require(
        "server CPU per message",
        window.us_per_message(),
        "µs",
        Bound::AtMost(650.0),
    );
    for kind in ["api", "ws-server", "postgres", "rabbitmq"] {
        let cost = window.us_per_message_of(window.spent.cpu_of(kind));
        report.tell(format!("of it {kind}"), cost, "µs");
    }
    window.tell(&mut report);
    room::end(crowd, &mut report).await?;
    Ok(report)
}

/// Answers and deliveries against what the disk allows.
pub fn tell(bench: &Bench, window: &Window, report: &mut Report) -> Result<()> {
    let Some(sent) = window.sent.first() else {
        return Ok(());
    };
    let answer = 3.0 * bench.units.fdatasync_ms + 5.0;
    report.tell("answer p50", sent.answer.ms(0.5), "ms");
    report.require(
        "answer p95",
        sent.answer.ms(0.95),
        "ms",
        Bound::AtMost(answer),
    );
    report.tell("answer p99", sent.answer.ms(0.99), "ms");
    let times = &window.deliveries(0)?.times;
    report.tell("delivery p50", times.ms(0.5), "ms");
    report.require(
        "delivery p95",
        times.ms(0.95),
        "ms",
        Bound::AtMost(answer + 10.0),
    );
    report.tell("delivery p99", times.ms(0.99), "ms");
    Ok(())
}

pub async fn max(bench: &Bench) -> Result<Report> {
    bench.people.exist(2 * PAIRS).await?;
    let pairs = bench.people.pairs(1, PAIRS).await?;
    let mut crowd = bench.crowd()?;
    bench
        .seat_pairs_on(&mut crowd, &pairs, &bench.options.sockets)
        .await?;
    let what = format!(
        "{} people in {PAIRS} direct chats, all connected, {SENDERS} senders in a closed loop",
        2 * PAIRS
    );
    let stream = stream(bench, &pairs, Pace::Closed(SENDERS), 2);
    let places: Vec<_> = pairs
        .iter()
        .map(|pair| (pair.conversation_id, pair.people.to_vec()))
        .collect();
    let mut report = bench.report("pairs-max", what);
    let window = closed(bench, &crowd, &mut report, stream, &places, 4000.0).await?;
    room::tell_latency(&window, &mut report, None)?;
    window.tell(&mut report);
    room::end(crowd, &mut report).await?;
    Ok(report)
}

pub async fn hot(bench: &Bench) -> Result<Report> {
    bench.people.exist(HOT_SENDERS).await?;
    let room = bench.people.room(1, HOT_SENDERS).await?;
    let writers: Vec<Arc<str>> = room
        .members
        .clone()
        .map(|person| bench.people.token(person))
        .collect();
    let target = Target {
        conversation_id: room.conversation_id,
        writers,
        hearers: 0,
    };
    let stream = Stream {
        targets: vec![target],
        pace: Pace::Closed(HOT_SENDERS as usize),
    };
    let what =
        format!("{HOT_SENDERS} senders into one conversation in a closed loop, nobody connected");
    let places = [(room.conversation_id, room.members.clone().collect())];
    let crowd = bench.crowd()?;
    let mut report = bench.report("hot", what);
    let window = closed(bench, &crowd, &mut report, stream, &places, 3500.0).await?;
    window.tell_whole(&mut report, "");
    window.tell_costs(&mut report);
    crowd.leave().await?;
    Ok(report)
}

/// Sends as fast as answers come, then the same by one transaction for each message.
async fn closed(
    bench: &Bench,
    crowd: &Crowd,
    report: &mut Report,
    stream: Stream,
    places: &[(uuid::Uuid, Vec<u32>)],
    least: f64,
) -> Result<Window> {
    let window = bench.window(crowd, vec![stream]).await?;
    let rate = window.acknowledged() as f64 / window.spent.seconds;
    report.require("durable messages", rate, "/s", Bound::AtLeast(least));
    let alone = one_by_one::measure(bench, places).await?;
    report.tell("one transaction per message", alone.rate, "/s");
    report.require("times that", rate / alone.rate, "", Bound::AtLeast(3.0));
    if let Some(sent) = window.sent.first() {
        report.tell("answer p50", sent.answer.ms(0.5), "ms");
        report.tell("answer p95", sent.answer.ms(0.95), "ms");
        report.tell("answer p99", sent.answer.ms(0.99), "ms");
    }
    report.tell("server CPU per message", window.us_per_message(), "µs");
    for kind in ["api", "ws-server", "postgres", "rabbitmq"] {
        let cost = window.us_per_message_of(window.spent.cpu_of(kind));
        report.tell(format!("of it {kind}"), cost, "µs");
    }
    report.tell(
        "postgres for one transaction per message",
        alone.postgres_us,
        "µs",
    );
    Ok(window)
}
