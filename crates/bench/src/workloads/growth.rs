//! The same work by more connections, and over more servers: does a unit of it cost the same?

use anyhow::{Result, ensure};

use crate::bench::Bench;
use crate::load::Pace;
use crate::report::{Bound, Report};
use crate::units;
use crate::window::Window;

use super::{pairs, room};

/// Deliveries a second.
const DELIVERIES: f64 = 30_000.0;
/// Connections that they go to.
const CROWDS: [u32; 3] = [100, 1000, 5000];
/// ws-servers.
const SERVERS: [usize; 3] = [1, 2, 4];
/// How far costs may lie apart.
const FLAT: f64 = 1.25;

pub async fn growth(bench: &Bench) -> Result<Report> {
    let what = format!(
        "{DELIVERIES} deliveries/s to 100, 1000 and 5000 connections; pairs over 1, 2 and 4 ws-servers"
    );
    let mut report = bench.report("growth", what);
    let mut costs = Vec::new();
    for members in CROWDS {
        bench.people.exist(members).await?;
        let group = bench.people.room(1, members).await?;
        let mut crowd = bench.crowd()?;
        bench.seat_room(&mut crowd, &group, 0).await?;
        let rate = DELIVERIES / f64::from(members);
        let window = bench
            .window(&crowd, vec![room::stream(bench, &group, rate)])
            .await?;
        crowd.leave().await?;
        let send = units::send_us(members as usize)?;
        let cost = window.us_per_delivery();
        report.tell(format!("{members} connections: one send"), send, "µs");
        report.tell(
            format!("{members} connections: CPU per delivery"),
            cost,
            "µs",
        );
        report.tell(
            format!("{members} connections: of it ws-server"),
            window.cpu_of("ws-server") * 1e6 / window.received().max(1) as f64,
            "µs",
        );
        report.tell(format!("{members} connections: in sends"), cost / send, "s");
        report.tell(
            format!("{members} connections: delivery p95"),
            window.deliveries(0)?.times.ms(0.95),
            "ms",
        );
        arrived(&mut report, &window, &format!("{members} connections"));
        costs.push(cost / send);
    }
    flat(&mut report, "connections: dearest ÷ cheapest", &costs);

    let mut costs = Vec::new();
    for servers in SERVERS {
        let addresses = bench.options.sockets.get(..servers);
        ensure!(addresses.is_some(), "{servers} ws-servers are needed");
        let chats = bench.people.pairs(1, pairs::PAIRS).await?;
        let mut crowd = bench.crowd()?;
        bench
            .seat_pairs_on(&mut crowd, &chats, addresses.unwrap_or_default())
            .await?;
        let window = bench
            .window(
                &crowd,
                vec![pairs::stream(bench, &chats, Pace::Open(pairs::RATE), 2)],
            )
            .await?;
        crowd.leave().await?;
        let cost = window.us_per_message();
        report.tell(format!("{servers} ws-servers: CPU per message"), cost, "µs");
        report.tell(
            format!("{servers} ws-servers: delivery p95"),
            window.deliveries(0)?.times.ms(0.95),
            "ms",
        );
        arrived(&mut report, &window, &format!("{servers} ws-servers"));
        costs.push(cost);
        if servers == SERVERS[SERVERS.len() - 1] {
            window.tell_costs(&mut report);
        }
    }
    flat(&mut report, "ws-servers: dearest ÷ cheapest", &costs);
    Ok(report)
}

fn arrived(report: &mut Report, window: &Window, what: &str) {
    let share = window.received() as f64 * 100.0 / window.expected().max(1) as f64;
    report.require(
        format!("{what}: arrived"),
        share,
        "%",
        Bound::AtLeast(100.0),
    );
}

fn flat(report: &mut Report, name: &str, costs: &[f64]) {
    let dearest = costs.iter().copied().fold(0.0, f64::max);
    let cheapest = costs.iter().copied().fold(f64::INFINITY, f64::min);
    report.require(name, dearest / cheapest, "", Bound::AtMost(FLAT));
}
