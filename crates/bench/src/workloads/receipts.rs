//! What receipts cost: the same room with them and without, turn about.
//!
//! The room alone costs ten times what they add to it, and a machine's mood moves it by as much from
//! one minute to the next. So both are measured in several short windows, in turn; the two of a pair
//! change places each time, so that what drifts falls on both alike. What counts is the difference
//! of the sums; how far the pairs' own differences lie apart says how far it can be believed.

use std::time::Duration;

use anyhow::Result;

use crate::bench::Bench;
use crate::crowd::Crowd;
use crate::floor::Watermarks;
use crate::people::Room;
use crate::report::{Bound, Report};
use crate::window::Window;

use super::room::{self, MEMBERS};

/// Messages a second beside which receipts are measured.
const RATE: f64 = 100.0;
/// One client in so many says that it reads.
const READERS: usize = 10;
/// Times that both are measured; together they take as long as two windows.
const PAIRS: u32 = 4;
/// A window is at least that long: processor time is counted in hundredths of a second.
const SHORTEST: Duration = Duration::from_secs(5);

/// What was measured without receipts, or with them.
#[derive(Default)]
struct Side {
    window: Window,
    /// Members' rows that were written.
    rows: f64,
}

impl Side {
    fn add(&mut self, later: Self) {
        self.window.add(later.window);
        self.rows += later.rows;
    }

    /// What receipts add to it: rows, and processor seconds of all that serves. Each message moves
    /// its sender's row as well, with receipts and without.
    fn to(&self, with: &Self) -> Added {
        Added {
            rows: (with.rows - self.rows).max(1.0),
            cpu: with.window.spent.server_cpu() - self.window.spent.server_cpu(),
        }
    }
}

struct Added {
    rows: f64,
    cpu: f64,
}

impl Added {
    fn us_per_row(&self) -> f64 {
        self.cpu * 1e6 / self.rows
    }
}

pub async fn receipts(bench: &Bench) -> Result<Report> {
    bench.people.exist(MEMBERS).await?;
    let group = bench.people.room(1, MEMBERS).await?;
    let crowd = connected(bench, &group).await?;
    let [mut without, mut with] = [Side::default(), Side::default()];
    let mut costs = Vec::new();
    for pair in 0..PAIRS {
        let receipts_first = pair % 2 == 1;
        let first = side(bench, &group, &crowd, receipts_first).await?;
        let second = side(bench, &group, &crowd, !receipts_first).await?;
        let (quiet, loud) = match receipts_first {
            true => (second, first),
            false => (first, second),
        };
        costs.push(quiet.to(&loud).us_per_row());
        without.add(quiet);
        with.add(loud);
    }
    let what = format!(
        "room at {RATE} messages/s, {PAIRS} times without receipts and with: every client says what it received once a second, one in {READERS} what it read"
    );
    let mut report = bench.report("room-receipts", what);
    tell(&without, &with, &costs, &mut report)?;
    room::end(crowd, &mut report).await?;
    Ok(report)
}

async fn connected(bench: &Bench, group: &Room) -> Result<Crowd> {
    let ledger = bench.people.ledger(group.conversation_id).await?;
    let mut crowd = bench.crowd()?;
    let seats = group.members.clone().enumerate().map(|(place, person)| {
        let mut seat = bench.seat(person, 0, vec![(group.conversation_id, ledger.clone())]);
        seat.watermarks = if place % READERS == 0 {
            Watermarks::Read
        } else {
            Watermarks::Delivered
        };
        seat
    });
    crowd.join(seats.collect(), 500.0).await?;
    Ok(crowd)
}

/// One window; what the one before has left is done within its warm-up.
async fn side(bench: &Bench, group: &Room, crowd: &Crowd, receipts: bool) -> Result<Side> {
    crowd.hush(!receipts);
    let length = (bench.length() / PAIRS).max(SHORTEST);
    // A connection tells its statistics once a second: at both ends of a window alike.
    let rows = "SELECT n_tup_upd FROM pg_stat_user_tables WHERE relname = 'members'";
    let rows = bench.count_in_window(length, async || bench.people.number(rows).await);
    let streams = vec![room::stream(bench, group, RATE)];
    let (window, rows) = tokio::join!(bench.window_of(length, crowd, streams), rows);
    Ok(Side {
        window: window?,
        rows: rows?,
    })
}

fn tell(without: &Side, with: &Side, costs: &[f64], report: &mut Report) -> Result<()> {
    let p95 = |side: &Side| side.window.deliveries(0).map(|of| of.times.ms(0.95));
    let (quiet, loud) = (p95(without)?, p95(with)?);
    report.tell("delivery p95 without receipts", quiet, "ms");
    report.require("delivery p95", loud, "ms", Bound::AtMost(quiet * 1.25));
    let added = without.to(with);
    let seconds = with.window.spent.seconds;
    report.require(
        "rows written per second and member",
        added.rows / seconds / f64::from(MEMBERS),
        "",
        Bound::AtMost(1.0),
    );
    report.tell(
        "server CPU that receipts add",
        added.cpu * 1e3 / seconds,
        "ms/s",
    );
    report.require(
        "server CPU per row",
        added.us_per_row(),
        "µs",
        Bound::AtMost(100.0),
    );
    let least = costs.iter().copied().fold(f64::INFINITY, f64::min);
    let most = costs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    report.tell("server CPU per row, cheapest pair", least, "µs");
    report.tell("server CPU per row, dearest pair", most, "µs");
    for kind in ["api", "ws-server", "postgres", "rabbitmq"] {
        let cpu = |side: &Side| side.window.spent.cpu_of(kind);
        let each = (cpu(with) - cpu(without)) * 1e6 / added.rows;
        report.tell(format!("of it {kind}"), each, "µs");
    }
    let tally = &with.window.tally;
    report.tell("watermarks sent", tally.watermarks as f64 / seconds, "/s");
    report.tell("frames about them", tally.receipts as f64 / seconds, "/s");
    without.window.tell_whole(report, "without receipts: ");
    with.window.tell(report);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spent::Spent;

    fn side(cpu: f64, rows: f64) -> Side {
        let spent = Spent {
            seconds: 5.0,
            cpu: [("api-1".to_owned(), cpu)].into(),
            ..Spent::default()
        };
        let window = Window {
            spent,
            ..Window::default()
        };
        Side { window, rows }
    }

    #[test]
    fn a_row_costs_the_difference_of_the_sums() {
        let mut without = side(1.0, 100.0);
        let mut with = side(1.5, 5100.0);
        assert_eq!(without.to(&with).us_per_row(), 100.0);
        // A machine that was slower meanwhile was so for both.
        without.add(side(2.0, 100.0));
        with.add(side(2.9, 2100.0));
        assert_eq!(without.to(&with).rows, 7000.0);
        assert!((without.to(&with).us_per_row() - 200.0).abs() < 1e-9);
    }
}
