//! One group of a thousand, all connected.

use anyhow::Result;

use crate::bench::Bench;
use crate::crowd::Crowd;
use crate::floor::Watermarks;
use crate::load::{Pace, Stream, Target};
use crate::people::Room;
use crate::report::{Bound, Report};
use crate::window::Window;

/// Members, all connected.
pub const MEMBERS: u32 = 1000;
/// Messages a second in a busy room: 332 000 deliveries.
pub const BUSY: f64 = 332.0;
/// Messages a second in a quiet one.
const QUIET: f64 = 30.0;
/// Messages a second beside which receipts are measured.
const BESIDE_RECEIPTS: f64 = 100.0;
/// One client in so many says that it reads.
const READERS: usize = 10;

/// A stream into a room, by all of its members in turn.
pub fn stream(bench: &Bench, room: &Room, rate: f64) -> Stream {
    Stream {
        targets: vec![Target {
            conversation_id: room.conversation_id,
            writers: room
                .members
                .clone()
                .map(|person| bench.people.token(person))
                .collect(),
            hearers: room.members.len() as u64,
        }],
        pace: Pace::Open(rate),
    }
}

async fn connected(bench: &Bench) -> Result<(Room, Crowd)> {
    bench.people.exist(MEMBERS).await?;
    let room = bench.people.room(1, MEMBERS).await?;
    let mut crowd = bench.crowd()?;
    bench.seat_room(&mut crowd, &room, 0).await?;
    Ok((room, crowd))
}

/// Ends a crowd and adds what only the end shows.
pub async fn end(crowd: Crowd, report: &mut Report) -> Result<()> {
    let last = crowd.leave().await?;
    report.require(
        "holes at the end",
        last.holes as f64,
        "",
        Bound::AtMost(0.0),
    );
    report.require(
        "misplaced after the rule",
        last.misplaced as f64,
        "",
        Bound::AtMost(0.0),
    );
    Ok(())
}

/// Latencies of deliveries.
pub fn tell_latency(window: &Window, report: &mut Report, most: Option<[f64; 3]>) -> Result<()> {
    let times = &window.deliveries(0)?.times;
    for (place, (name, quantile)) in [
        ("delivery p50", 0.5),
        ("delivery p95", 0.95),
        ("delivery p99", 0.99),
    ]
    .into_iter()
    .enumerate()
    {
        match most.and_then(|most| most.get(place).copied()) {
            Some(most) if most.is_finite() => {
                report.require(name, times.ms(quantile), "ms", Bound::AtMost(most))
            }
            _ => report.tell(name, times.ms(quantile), "ms"),
        }
    }
    Ok(())
}

pub async fn room(bench: &Bench) -> Result<Report> {
    let (room, crowd) = connected(bench).await?;
    let window = bench
        .window(&crowd, vec![stream(bench, &room, BUSY)])
        .await?;
    let what = format!("{MEMBERS} members of one group connected, {BUSY} messages/s");
    let mut report = bench.report("room", what);
    tell_latency(&window, &mut report, Some([30.0, 50.0, 80.0]))?;
    let most = 2.2_f64.max(0.25 * bench.units.send_us);
    report.require(
        "server CPU per delivery",
        window.us_per_delivery(),
        "µs",
        Bound::AtMost(most),
    );
    window.tell(&mut report);
    end(crowd, &mut report).await?;
    Ok(report)
}

pub async fn quiet(bench: &Bench) -> Result<Report> {
    let (room, crowd) = connected(bench).await?;
    let window = bench
        .window(&crowd, vec![stream(bench, &room, QUIET)])
        .await?;
    let what = format!("the same room, {QUIET} messages/s");
    let mut report = bench.report("room-quiet", what);
    tell_latency(
        &window,
        &mut report,
        Some([f64::INFINITY, 18.0, f64::INFINITY]),
    )?;
    let cost = window.us_per_delivery();
    report.tell("server CPU per delivery", cost, "µs");
    report.require(
        "in sends",
        cost / bench.units.send_us,
        "s",
        Bound::AtMost(1.3),
    );
    window.tell(&mut report);
    end(crowd, &mut report).await?;
    Ok(report)
}

/// Messages a second that are tried, one after the other, until not everything arrives in time.
const LADDER: [f64; 9] = [
    30.0, 100.0, 200.0, 332.0, 450.0, 600.0, 800.0, 1000.0, 1200.0,
];
/// What "in time" is.
const IN_TIME_MS: f64 = 100.0;

pub async fn max(bench: &Bench) -> Result<Report> {
    let (room, crowd) = connected(bench).await?;
    let what =
        format!("the same room, as many messages/s as arrive whole with p95 ≤ {IN_TIME_MS} ms");
    let mut report = bench.report("room-max", what);
    let mut best: Option<Window> = None;
    for rate in LADDER {
        let window = bench
            .window(&crowd, vec![stream(bench, &room, rate)])
            .await?;
        let times = &window.deliveries(0)?.times;
        let point = [
            rate * f64::from(MEMBERS),
            times.ms(0.5),
            times.ms(0.95),
            times.ms(0.99),
        ];
        report.curve.push(point);
        let whole = window.received() >= window.expected()
            && window.sent.iter().all(|sent| sent.failed == 0);
        report.tell(format!("p95 at {:.0}/s", point[0]), point[2], "ms");
        report.tell(
            format!("server CPU per delivery at {:.0}/s", point[0]),
            window.us_per_delivery(),
            "µs",
        );
        if !whole || point[2] > IN_TIME_MS {
            let share = window.received() as f64 * 100.0 / window.expected().max(1) as f64;
            report.notes.push(format!(
                "at {:.0}/s {share:.3} % arrived, p95 {:.0} ms",
                point[0], point[2]
            ));
            break;
        }
        best = Some(window);
    }
    let reached = best
        .as_ref()
        .map_or(0.0, |window| window.received() as f64 / window.seconds);
    report.require("deliveries", reached, "/s", Bound::AtLeast(600_000.0));
    if let Some(window) = best {
        window.tell_costs(&mut report);
    }
    end(crowd, &mut report).await?;
    Ok(report)
}

pub async fn receipts(bench: &Bench) -> Result<Report> {
    let (room, crowd) = connected(bench).await?;
    let without = bench
        .window(&crowd, vec![stream(bench, &room, BESIDE_RECEIPTS)])
        .await?;
    crowd.leave().await?;

    let ledger = bench.people.ledger(room.conversation_id).await?;
    let mut crowd = bench.crowd()?;
    let seats = room.members.clone().enumerate().map(|(place, person)| {
        let mut seat = bench.seat(person, 0, vec![(room.conversation_id, ledger.clone())]);
        seat.watermarks = if place % READERS == 0 {
            Watermarks::Read
        } else {
            Watermarks::Delivered
        };
        seat
    });
    crowd.join(seats.collect(), 500.0).await?;
    let rows = "SELECT n_tup_upd FROM pg_stat_user_tables WHERE relname = 'members'";
    let before = bench.people.number(rows).await?;
    let with = bench
        .window(&crowd, vec![stream(bench, &room, BESIDE_RECEIPTS)])
        .await?;
    // The statistics of a table are told once a second.
    tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
    let updated = bench.people.number(rows).await? - before;

    let what = format!(
        "room at {BESIDE_RECEIPTS} messages/s, every client says what it received once a second, one in {READERS} what it read"
    );
    let mut report = bench.report("room-receipts", what);
    let p95 = |window: &Window| window.deliveries(0).map(|of| of.times.ms(0.95));
    let (quiet, loud) = (p95(&without)?, p95(&with)?);
    report.tell("delivery p95 without receipts", quiet, "ms");
    report.require("delivery p95", loud, "ms", Bound::AtMost(quiet * 1.25));
    // Also what was written while warming up; each message moves its sender's row too.
    let seconds = with.seconds + bench.options.warm_up as f64 + 2.0;
    let by_senders = BESIDE_RECEIPTS * seconds;
    let per_member = (updated as f64 - by_senders).max(0.0) / seconds / f64::from(MEMBERS);
    report.require(
        "rows written per second and member",
        per_member,
        "",
        Bound::AtMost(1.0),
    );
    let written = per_member * with.seconds * f64::from(MEMBERS);
    let more = (with.server_cpu() - without.server_cpu()) * 1e6 / written.max(1.0);
    report.require("server CPU per row", more, "µs", Bound::AtMost(100.0));
    let sent = with.tally.watermarks as f64 / with.seconds;
    report.tell("watermarks sent", sent, "/s");
    report.tell(
        "frames about them",
        with.tally.receipts as f64 / with.seconds,
        "/s",
    );
    with.tell(&mut report);
    end(crowd, &mut report).await?;
    Ok(report)
}
