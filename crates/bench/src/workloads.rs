//! What is measured. Each workload prepares its people, loads the system and fills a report.

mod connect;
mod fair;
mod front;
mod growth;
mod history;
mod pairs;
mod presence;
mod receipts;
mod room;

use std::path::Path;

use anyhow::{Result, bail};

use crate::bench::Bench;
use crate::plot;
use crate::raw::Raw;
use crate::report::Report;
use crate::spent::Meter;
use crate::units::{self, Units};
use crate::usage::Process;

/// All of them, in the order in which they are run.
pub const ALL: [&str; 15] = [
    "room",
    "room-quiet",
    "room-max",
    "room-receipts",
    "pairs",
    "pairs-max",
    "hot",
    "front",
    "fair",
    "idle",
    "connect",
    "storm",
    "history",
    "presence",
    // Last: it needs more ws-servers than the others have.
    "growth",
];

/// Runs one.
///
/// # Errors
/// The system does not do what the workload needs.
pub async fn run(bench: &Bench, name: &str) -> Result<Report> {
    match name {
        "room" => room::room(bench).await,
        "room-quiet" => room::quiet(bench).await,
        "room-max" => room::max(bench).await,
        "room-receipts" => receipts::receipts(bench).await,
        "pairs" => pairs::pairs(bench).await,
        "pairs-max" => pairs::max(bench).await,
        "hot" => pairs::hot(bench).await,
        "fair" => fair::fair(bench).await,
        "idle" => connect::idle(bench).await,
        "connect" => connect::connect(bench).await,
        "storm" => connect::storm(bench).await,
        "front" => front::front(bench).await,
        "history" => history::history(bench).await,
        "growth" => growth::growth(bench).await,
        "presence" => presence::presence(bench).await,
        _ => bail!("there is no workload {name}; there are {}", ALL.join(", ")),
    }
}

/// Loads any broadcast server; `pids` are the processes whose cost is told.
///
/// # Errors
/// A connection cannot be made.
pub async fn raw(raw: &Raw, pids: &[u32], folder: &Path) -> Result<Report> {
    std::fs::create_dir_all(folder)?;
    let units = Units {
        send_us: units::send_us(raw.connections)?,
        fdatasync_ms: units::fdatasync_ms(folder)?,
    };
    let processes: Vec<_> = pids
        .iter()
        .map(|pid| Process {
            name: pid.to_string(),
            pid: *pid,
        })
        .collect();
    let meter = Meter::start(processes);
    let outcome = crate::raw::run(raw).await?;
    let mut spent = meter.stop();
    // One thread reads and sends: its timers say how late it read.
    spent.reads_late = std::mem::replace(&mut spent.sends_late, outcome.late);
    let what = format!(
        "{} clients of {}, {} messages/s",
        raw.connections, raw.address, raw.rate
    );
    let mut report = Report::new("raw", what, units);
    report.tell("sent", outcome.sent as f64 / raw.window.as_secs_f64(), "/s");
    report.require_all("arrived", outcome.received, outcome.expected);
    report.require_none("connections lost", outcome.lost);
    for (name, quantile) in [("p50", 0.5), ("p95", 0.95), ("p99", 0.99)] {
        report.tell(format!("delivery {name}"), outcome.times.ms(quantile), "ms");
    }
    let deliveries = outcome.received.max(1) as f64;
    if !pids.is_empty() {
        let cpu: f64 = spent.cpu.values().sum();
        report.tell("server CPU per delivery", cpu * 1e6 / deliveries, "µs");
    }
    let own = spent.own_cpu * 1e6 / deliveries;
    report.tell("generator: CPU per delivery", own, "µs");
    spent.tell(&mut report);
    Ok(report)
}

/// Prints and keeps a report.
///
/// # Errors
/// The folder cannot be written to.
pub fn publish(report: &Report, folder: &Path) -> Result<()> {
    print!("{}", report.table());
    report.write(folder)?;
    for picture in &report.plots {
        plot::draw(picture, folder)?;
    }
    Ok(())
}
