//! The same work by more connections, and over more servers: does a unit of it cost the same?
//!
//! A delivery's cost cannot be the same in rooms of every size: each message costs its commit, its
//! event and its answer once, which a hundred members share or five thousand; and one write carries
//! as many frames as came within a tick. So the cost of a room's second is taken apart,
//! `a + b · messages + c · writes`: *a* and *b* by as many messages into a room of which one member
//! listens at each ws-server, beside the same connections, and *c* by what the others add. It is *c*
//! that must not grow with the number of connections. It is counted in sends of this machine over as
//! many sockets, of as many bytes, to readers that sleep, and compared between rooms whose writes
//! carry equally many frames.

use anyhow::{Result, ensure};

use crate::bench::Bench;
use crate::crowd::Crowd;
use crate::load::Pace;
use crate::people::Room;
use crate::report::{Bound, Line, Plot, Report};
use crate::spent::Spent;
use crate::tally::Tally;
use crate::units;
use crate::window::Window;

use super::{pairs, room};

/// Deliveries a second.
const DELIVERIES: f64 = 30_000.0;
/// Connections that they go to.
const CROWDS: [u32; 3] = [100, 1000, 5000];
/// ws-servers.
const SERVERS: [usize; 3] = [1, 2, 4];
/// Whether everybody listens in a window: what drifts meanwhile falls on both kinds alike.
const TURNS: [bool; 8] = [false, true, true, false, true, false, false, true];
/// A message of 64 bytes as a frame.
const FRAME_BYTES: f64 = 400.0;
/// How far costs may lie apart.
const FLAT: f64 = 1.25;
/// What stands for a ratio to a cost that could not be seen.
const LOST: f64 = 100.0;

/// One room's connections: as many messages to few of them, and to all.
struct Point {
    members: u32,
    rate: f64,
    few: Window,
    all: Window,
    /// What the end of its crowd has shown.
    ended: Tally,
    /// One send of this machine as the room's writes are, in µs.
    send_us: f64,
}

impl Point {
    async fn measure(bench: &Bench, members: u32, rate: f64) -> Result<Self> {
        bench.people.exist(members).await?;
        let room = bench.people.room(1, members).await?;
        // Neighbours are on different ws-servers: each server takes every message already.
        let nook = bench
            .people
            .room(1, bench.options.sockets.len() as u32)
            .await?;
        let mut crowd = bench.crowd()?;
        connect(bench, &mut crowd, &room, &nook).await?;
        let [mut few, mut all] = [Window::default(), Window::default()];
        for everybody in TURNS {
            let (group, side) = if everybody {
                (&room, &mut all)
            } else {
                (&nook, &mut few)
            };
            let streams = vec![room::stream(bench, group, rate)];
            side.add(bench.window_of(bench.length() / 4, &crowd, streams).await?);
        }
        let ended = crowd.leave().await?;
        let bytes = all.frames_per_read() * FRAME_BYTES;
        Ok(Self {
            members,
            rate,
            few,
            all,
            ended,
            send_us: units::paced_send_us(members as usize, bytes as usize)?,
        })
    }

    /// What a write costs its ws-server, of those that the others get, in µs. What the rest of the
    /// system does for the same messages would only hide the difference.
    fn write_us(&self) -> f64 {
        let writes = |of: &Window| of.received() as f64 / of.frames_per_read() / of.spent.seconds;
        let cpu = |of: &Window| of.spent.cpu_of("ws-server") / of.spent.seconds;
        (cpu(&self.all) - cpu(&self.few)) * 1e6 / (writes(&self.all) - writes(&self.few))
    }

    fn write_in_sends(&self) -> f64 {
        self.write_us() / self.send_us
    }

    fn tell(&self, report: &mut Report) -> Result<()> {
        let of = format!("{} connections, {} messages/s: ", self.members, self.rate);
        let mut tell = |name: &str, value: f64, unit: &str| {
            report.tell(format!("{of}{name}"), value, unit);
        };
        tell("one send", self.send_us, "µs");
        tell("server CPU per delivery", self.all.us_per_delivery(), "µs");
        tell("frames per write", self.all.frames_per_read(), "");
        tell("ws-server CPU per write", self.write_us(), "µs");
        tell("a write in sends", self.write_in_sends(), "s");
        tell("delivery p95", self.all.deliveries(0)?.times.ms(0.95), "ms");
        self.few.tell_whole(report, &format!("{of}few listen: "));
        self.all.tell_whole(report, &of);
        Ok(())
    }
}

/// Connects all members; those of the nook count its messages, too.
async fn connect(bench: &Bench, crowd: &mut Crowd, room: &Room, nook: &Room) -> Result<()> {
    let ledger = bench.people.ledger(room.conversation_id).await?;
    let of_nook = bench.people.ledger(nook.conversation_id).await?;
    let seats = room.members.clone().map(|person| {
        let mut hears = vec![(room.conversation_id, ledger.clone())];
        if nook.members.contains(&person) {
            hears.push((nook.conversation_id, of_nook.clone()));
        }
        bench.seat(person, 0, hears)
    });
    crowd.join(seats.collect(), 500.0).await
}

/// What all windows have cost, and what the ends of their crowds have shown.
#[derive(Default)]
struct Whole {
    spent: Spent,
    ended: Tally,
}

pub async fn growth(bench: &Bench) -> Result<Report> {
    let what = format!(
        "{DELIVERIES} deliveries/s to 100, 1000 and 5000 connections; pairs over 1, 2 and 4 ws-servers"
    );
    let mut report = bench.report("growth", what);
    let mut whole = Whole::default();
    rooms(bench, &mut report, &mut whole).await?;
    servers(bench, &mut report, &mut whole).await?;
    whole.spent.tell(&mut report);
    room::tell_end(&whole.ended, &mut report);
    Ok(report)
}

async fn rooms(bench: &Bench, report: &mut Report, whole: &mut Whole) -> Result<()> {
    let [small, middle, large] = CROWDS;
    let rate = |members: u32| DELIVERIES / f64::from(members);
    let small = Point::measure(bench, small, rate(small)).await?;
    // As many connections as the middle room, as many messages as the small one.
    let busy = Point::measure(bench, middle, small.rate).await?;
    let middle = Point::measure(bench, middle, rate(middle)).await?;
    let large = Point::measure(bench, large, rate(large)).await?;
    let points = [&small, &busy, &middle, &large];
    for point in points {
        point.tell(report)?;
        whole.spent.add(&point.few.spent);
        whole.spent.add(&point.all.spent);
        whole.ended.add(point.ended.clone());
    }
    let few = points.map(|point| {
        let seconds = point.few.spent.seconds;
        let messages = point.few.acknowledged() as f64 / seconds;
        [messages, point.few.spent.server_cpu() / seconds]
    });
    let (rest, message) = straight(&few);
    report.tell("a: at rest", rest * 1e3, "ms/s");
    report.tell("b: server CPU per message", message * 1e6, "µs");
    flat(
        report,
        "c, writes of many frames: 100 and 1000 connections, dearest ÷ cheapest",
        &[small.write_in_sends(), busy.write_in_sends()],
    );
    flat(
        report,
        "c, writes of one frame: 1000 and 5000 connections, dearest ÷ cheapest",
        &[middle.write_in_sends(), large.write_in_sends()],
    );
    let line = |name: &str, value: fn(&Point) -> f64| Line {
        name: name.to_owned(),
        points: [&small, &middle, &large]
            .map(|point| [f64::from(point.members), value(point)])
            .to_vec(),
    };
    report.plots.push(Plot {
        name: "growth-cost".to_owned(),
        title: format!("cost over members, at {DELIVERIES} deliveries per second"),
        x: "members, all connected".to_owned(),
        y: "µs of server CPU".to_owned(),
        lines: vec![
            line("a delivery", |point| point.all.us_per_delivery()),
            line("a write", Point::write_us),
            line("one send of this machine", |point| point.send_us),
        ],
    });
    Ok(())
}

async fn servers(bench: &Bench, report: &mut Report, whole: &mut Whole) -> Result<()> {
    let mut costs = Vec::new();
    for servers in SERVERS {
        let addresses = bench.options.sockets.get(..servers);
        ensure!(addresses.is_some(), "{servers} ws-servers are needed");
        let chats = bench.people.pairs(1, pairs::PAIRS).await?;
        let mut crowd = bench.crowd()?;
        bench
            .seat_pairs_on(&mut crowd, &chats, addresses.unwrap_or_default())
            .await?;
        let stream = pairs::stream(bench, &chats, Pace::Open(pairs::RATE), 2);
        let window = bench.window(&crowd, vec![stream]).await?;
        whole.ended.add(crowd.leave().await?);
        let of = format!("{servers} ws-servers: ");
        let cost = window.us_per_message();
        report.tell(format!("{of}server CPU per message"), cost, "µs");
        let p95 = window.deliveries(0)?.times.ms(0.95);
        report.tell(format!("{of}delivery p95"), p95, "ms");
        window.tell_whole(report, &of);
        costs.push(cost);
        whole.spent.add(&window.spent);
    }
    flat(report, "ws-servers: dearest ÷ cheapest", &costs);
    Ok(())
}

fn flat(report: &mut Report, name: &str, costs: &[f64]) {
    report.require(name, spread(costs), "", Bound::AtMost(FLAT));
}

/// How many times the cheapest the dearest is, up to `LOST`. A cost is a difference: one that is none
/// was lost in what else the machine did, and nothing is flat beside it.
fn spread(costs: &[f64]) -> f64 {
    let dearest = costs.iter().copied().fold(0.0, f64::max);
    let cheapest = costs.iter().copied().fold(f64::INFINITY, f64::min);
    if dearest > 0.0 {
        dearest / cheapest.max(dearest / LOST)
    } else {
        LOST
    }
}

/// The straight line through points by least squares: its height at 0, and its slope.
fn straight(points: &[[f64; 2]]) -> (f64, f64) {
    let count = points.len() as f64;
    let mean = |place: usize| points.iter().map(|point| point[place]).sum::<f64>() / count;
    let (x, y) = (mean(0), mean(1));
    let shared: f64 = points.iter().map(|[px, py]| (px - x) * (py - y)).sum();
    let spread: f64 = points.iter().map(|[px, _]| (px - x) * (px - x)).sum();
    let slope = shared / spread;
    (y - slope * x, slope)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cost_that_was_lost_is_not_flat() {
        assert_eq!(spread(&[2.0, 1.0, 1.5]), 2.0);
        assert!(spread(&[8.4, -46.0]) > FLAT && spread(&[0.0, 0.0]) > FLAT);
    }

    #[test]
    fn a_line_is_found_among_its_points() {
        let (rest, slope) = straight(&[[6.0, 32.0], [30.0, 80.0], [300.0, 620.0]]);
        assert!((rest - 20.0).abs() < 1e-9 && (slope - 2.0).abs() < 1e-9);
    }
}
