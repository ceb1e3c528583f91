//! One group of a thousand, all connected.

use anyhow::Result;

use crate::bench::Bench;
use crate::crowd::Crowd;
use crate::load::{Pace, Stream, Target};
use crate::people::Room;
use crate::report::{Bound, Line, Plot, Report};
use crate::tally::Tally;
use crate::window::Window;

/// Members, all connected.
pub const MEMBERS: u32 = 1000;
/// Messages a second in a busy room: 332 000 deliveries.
pub const BUSY: f64 = 332.0;
/// Messages a second in a quiet one.
const QUIET: f64 = 30.0;

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
    tell_end(&crowd.leave().await?, report);
    Ok(())
}

/// Adds what the end of a crowd has shown.
pub fn tell_end(last: &Tally, report: &mut Report) {
    report.require_none("connections lost at the end", last.connections_lost());
    report.notes.extend(last.losses());
    report.require_none("clients not whole at the end", last.not_whole);
    report.require_none("holes at the end", last.holes);
    report.require_none("misplaced after the rule", last.misplaced);
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
const LADDER: [f64; 10] = [
    30.0, 100.0, 200.0, 332.0, 450.0, 600.0, 700.0, 800.0, 1000.0, 1200.0,
];
/// What "in time" is.
const IN_TIME_MS: f64 = 100.0;

pub async fn max(bench: &Bench) -> Result<Report> {
    let (room, crowd) = connected(bench).await?;
    let what =
        format!("the same room, as many messages/s as arrive whole with p95 ≤ {IN_TIME_MS} ms");
    let mut report = bench.report("room-max", what);
    let mut best: Option<(f64, Window)> = None;
    let names = ["p50", "p95", "p99"];
    let mut latency = names.map(|name| (name, Vec::new()));
    let mut costs = Vec::new();
    for rate in LADDER {
        let mut window = bench
            .window(&crowd, vec![stream(bench, &room, rate)])
            .await?;
        let is_last = !window.is_whole() || window.deliveries(0)?.times.ms(0.95) > IN_TIME_MS;
        if is_last {
            // What it broke shows until everybody is whole again, and is not the end's.
            window.tally.add(crowd.settle().await?.harm());
        }
        let times = &window.deliveries(0)?.times;
        let offered = rate * f64::from(MEMBERS);
        for ((_, points), quantile) in latency.iter_mut().zip([0.5, 0.95, 0.99]) {
            points.push([offered, times.ms(quantile)]);
        }
        costs.push([offered, window.us_per_delivery()]);
        let p95 = times.ms(0.95);
        report.tell(format!("p95 at {offered:.0}/s"), p95, "ms");
        report.tell(
            format!("server CPU per delivery at {offered:.0}/s"),
            window.us_per_delivery(),
            "µs",
        );
        report.tell(
            format!("connections lost at {offered:.0}/s"),
            window.tally.connections_lost() as f64,
            "",
        );
        if is_last {
            report.notes.push(too_much(offered, &window, p95));
            break;
        }
        best = Some((offered, window));
    }
    // What was offered has arrived; a window's ends cut some of it off.
    let reached = best.as_ref().map_or(0.0, |(offered, _)| *offered);
    report.require("deliveries", reached, "/s", Bound::AtLeast(600_000.0));
    if let Some((_, window)) = best {
        window.tell_costs(&mut report);
    }
    let line = |name: &str, points| Line {
        name: name.to_owned(),
        points,
    };
    let plot = |name: &str, title: &str, y: &str, lines| Plot {
        name: name.to_owned(),
        title: title.to_owned(),
        x: "offered deliveries per second".to_owned(),
        y: y.to_owned(),
        lines,
    };
    report.plots = vec![
        plot(
            "room-latency",
            "room: latency over offered load",
            "ms from the moment a message was due",
            latency
                .into_iter()
                .map(|(name, points)| line(name, points))
                .collect(),
        ),
        plot(
            "room-cost",
            "room: server CPU per delivery over offered load",
            "µs of server CPU per delivery",
            vec![line("server CPU per delivery", costs)],
        ),
    ];
    end(crowd, &mut report).await?;
    Ok(report)
}

/// What became of a step that does not count.
fn too_much(offered: f64, window: &Window, p95: f64) -> String {
    let share = window.received() as f64 * 100.0 / window.expected().max(1) as f64;
    let mut losses = window.tally.losses();
    if losses.is_empty() {
        losses.push("no connection was lost".to_owned());
    }
    format!(
        "at {offered:.0}/s {share:.3} % arrived, p95 {p95:.0} ms; {}; {} times a client was too far behind and began anew; {}",
        losses.join(", "),
        window.tally.begun_anew,
        window.spent.lateness()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::Sent;
    use crate::tally::Deliveries;
    use crate::units::Units;

    fn window(lost: u64) -> Window {
        let mut window = Window {
            sent: vec![Sent {
                expected: 1000,
                ..Sent::default()
            }],
            ..Window::default()
        };
        window.tally.deliveries[0] = Deliveries {
            received: 1000,
            ..Deliveries::default()
        };
        if lost > 0 {
            let reason = "closed with 4508".to_owned();
            window.tally.lost.insert(reason, lost);
        }
        window
    }

    #[test]
    fn a_step_that_cut_somebody_off_does_not_count() {
        assert!(window(0).is_whole());
        // What a sync brought has arrived, but the client was away.
        assert!(!window(3).is_whole());
        let note = too_much(1e6, &window(3), 50.0);
        assert!(
            note.contains("3 connections lost: closed with 4508"),
            "{note}"
        );
    }

    #[test]
    fn who_is_lost_or_away_at_the_end_is_told() {
        let units = Units {
            send_us: 8.0,
            fdatasync_ms: 0.1,
        };
        let reached = |last: &Tally| {
            let mut report = Report::new("room", "work".to_owned(), units);
            tell_end(last, &mut report);
            report.reached(true)
        };
        assert!(reached(&Tally::default()));
        assert!(!reached(&window(1).tally));
        let away = Tally {
            not_whole: 1,
            ..Tally::default()
        };
        assert!(!reached(&away));
    }
}
