//! What a window of time shows: what was sent and arrived, and what it cost.

use std::collections::BTreeMap;

use anyhow::{Context, Result};

use crate::load::Sent;
use crate::report::{Bound, Cost, Report};
use crate::tally::{Deliveries, Tally};
use crate::usage;

/// A timer of the generator that is later than this makes its figures doubtful.
const LATENESS_BOUND_MS: f64 = 10.0;

/// What happened in a window.
pub struct Window {
    /// Its length.
    pub seconds: f64,
    /// By stream.
    pub sent: Vec<Sent>,
    /// What the clients saw.
    pub tally: Tally,
    /// Processor seconds by process.
    pub cpu: BTreeMap<String, f64>,
    /// Memory by process at the end, in KiB.
    pub rss_kib: BTreeMap<String, u64>,
    /// Processor seconds of the generator.
    pub own_cpu: f64,
}

/// Whether a process is part of "server CPU": all that serves but Memcached, which no message
/// passes, and nginx, which only the workload *front* has in its path.
fn serves(name: &str) -> bool {
    ["api-", "ws-server-"]
        .iter()
        .any(|kind| name.starts_with(kind))
        || matches!(name, "postgres" | "rabbitmq" | "nginx")
}

impl Window {
    /// Processor seconds of all that serves.
    #[must_use]
    pub fn server_cpu(&self) -> f64 {
        self.cpu
            .iter()
            .filter(|(name, _)| serves(name))
            .map(|(_, cpu)| cpu)
            .sum()
    }

    /// Processor seconds of the processes whose names begin so.
    #[must_use]
    pub fn cpu_of(&self, kind: &str) -> f64 {
        self.cpu
            .iter()
            .filter(|(name, _)| name.starts_with(kind))
            .map(|(_, cpu)| cpu)
            .sum()
    }

    /// What clients of a class got.
    ///
    /// # Errors
    /// There is no such class.
    pub fn deliveries(&self, class: usize) -> Result<&Deliveries> {
        let deliveries = self.tally.deliveries.get(class);
        deliveries.context("there is no such class")
    }

    /// Messages that were acknowledged.
    #[must_use]
    pub fn acknowledged(&self) -> u64 {
        self.sent.iter().map(|sent| sent.acknowledged).sum()
    }

    /// Deliveries that were to come.
    #[must_use]
    pub fn expected(&self) -> u64 {
        self.sent.iter().map(|sent| sent.expected).sum()
    }

    /// Deliveries that came.
    #[must_use]
    pub fn received(&self) -> u64 {
        self.tally
            .deliveries
            .iter()
            .map(|deliveries| deliveries.received)
            .sum()
    }

    /// Server CPU for each delivery, in µs.
    #[must_use]
    pub fn us_per_delivery(&self) -> f64 {
        self.server_cpu() * 1e6 / self.received().max(1) as f64
    }

    /// Server CPU for each message, in µs.
    #[must_use]
    pub fn us_per_message(&self) -> f64 {
        self.server_cpu() * 1e6 / self.acknowledged().max(1) as f64
    }

    /// Adds what every workload tells: what arrived and how, what it cost, and whether the
    /// generator can be believed.
    pub fn tell(&self, report: &mut Report) {
        let share = self.received() as f64 * 100.0 / self.expected().max(1) as f64;
        report.tell("sent", self.acknowledged() as f64 / self.seconds, "/s");
        report.tell("delivered", self.received() as f64 / self.seconds, "/s");
        report.require("arrived", share, "%", Bound::AtLeast(100.0));
        let failed: u64 = self.sent.iter().map(|sent| sent.failed).sum();
        report.require("failed sends", failed as f64, "", Bound::AtMost(0.0));
        let count = |field: fn(&Deliveries) -> u64| -> f64 {
            self.tally.deliveries.iter().map(field).sum::<u64>() as f64
        };
        report.tell("came again, dropped", count(|of| of.duplicates), "");
        report.tell("came late", count(|of| of.reordered), "");
        report.tell("calls of changes", self.tally.changes_calls as f64, "");
        report.tell("messages that these brought", self.tally.healed as f64, "");
        report.tell("restored", self.tally.restored as f64, "");
        report.require(
            "frames that the server refused",
            self.tally.refused as f64,
            "",
            Bound::AtMost(0.0),
        );
        let lost: u64 = self.tally.lost.values().sum();
        report.require("connections lost", lost as f64, "", Bound::AtMost(0.0));
        for failure in self.sent.iter().filter_map(|sent| sent.failure.as_ref()) {
            report.notes.push(format!("a send failed: {failure}"));
        }
        for (reason, times) in &self.tally.lost {
            report
                .notes
                .push(format!("{times} connections lost: {reason}"));
        }
        self.tell_costs(report);
    }

    /// Adds what each process cost, and whether the generator can be believed.
    pub fn tell_costs(&self, report: &mut Report) {
        for (name, cpu) in &self.cpu {
            report.costs.push(Cost {
                process: name.clone(),
                cpu_ms_per_s: cpu * 1000.0 / self.seconds,
                rss_mib: self.rss_kib.get(name).copied().unwrap_or(0) as f64 / 1024.0,
            });
        }
        let own = usage::own();
        report.costs.push(Cost {
            process: "generator".to_owned(),
            cpu_ms_per_s: self.own_cpu * 1000.0 / self.seconds,
            rss_mib: own.rss_kib as f64 / 1024.0,
        });
        let sending = self
            .sent
            .iter()
            .map(|sent| sent.lateness.ms(0.99))
            .fold(0.0, f64::max);
        let reading = self.tally.lateness.ms(0.99);
        report.tell("generator: sends late p99", sending, "ms");
        report.tell("generator: reads late p99", reading, "ms");
        let per_delivery = self.own_cpu * 1e6 / self.received().max(1) as f64;
        if self.received() > 0 {
            report.tell("generator: CPU per delivery", per_delivery, "µs");
            let frames = self.tally.frames as f64 / self.tally.reads.max(1) as f64;
            report.tell("frames per read", frames, "");
        }
        if sending > LATENESS_BOUND_MS || reading > LATENESS_BOUND_MS {
            report.notes.push(
                "the generator was late: it, or the processors it shares, was a bottleneck"
                    .to_owned(),
            );
        }
    }
}
