//! What a stretch of time costs: each process of the system, and the generator, whose own lateness
//! says whether the rest can be believed.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use crate::report::{Cost, Report};
use crate::tally::Times;
use crate::usage::{self, Process, Usage};

/// A generator that is later than this makes its figures doubtful.
const LATENESS_BOUND_MS: f64 = 10.0;
/// How often a thread looks at its own lateness.
pub const PROBE: Duration = Duration::from_millis(10);

/// A stretch that has begun.
pub struct Meter {
    processes: Vec<Process>,
    before: BTreeMap<String, Usage>,
    own_before: Usage,
    since: Instant,
    late: Rc<RefCell<Times>>,
    /// Ends with the meter.
    _probe: JoinSet<()>,
}

impl Meter {
    /// Begins. Must be called inside a `LocalSet`.
    #[must_use]
    pub fn start(processes: Vec<Process>) -> Self {
        let late = Rc::<RefCell<Times>>::default();
        let mut probe = JoinSet::new();
        let noted = late.clone();
        probe.spawn_local(async move {
            let mut ticks = tokio::time::interval(PROBE);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                let due = ticks.tick().await;
                noted.borrow_mut().record_duration(due.elapsed());
            }
        });
        Self {
            before: usage::usages(&processes),
            processes,
            own_before: usage::own(),
            since: Instant::now(),
            late,
            _probe: probe,
        }
    }

    /// Ends. Of the lateness, this thread's alone is known yet.
    #[must_use]
    pub fn stop(self) -> Spent {
        let after = usage::usages(&self.processes);
        let own = usage::own();
        let seconds = self.since.elapsed().as_secs_f64();
        let cpu = |usages: &BTreeMap<String, Usage>, name: &str| {
            usages.get(name).map_or(0.0, |usage| usage.cpu)
        };
        Spent {
            seconds,
            cpu: after
                .keys()
                .map(|name| (name.clone(), cpu(&after, name) - cpu(&self.before, name)))
                .collect(),
            rss_kib: after
                .iter()
                .map(|(name, usage)| (name.clone(), usage.rss_kib))
                .collect(),
            own_cpu: own.cpu - self.own_before.cpu,
            own_rss_kib: own.rss_kib,
            sends_late: self.late.take(),
            reads_late: Times::default(),
        }
    }
}

/// What a stretch of time has cost.
#[derive(Clone, Debug, Default)]
pub struct Spent {
    /// Its length.
    pub seconds: f64,
    /// Processor seconds by process.
    pub cpu: BTreeMap<String, f64>,
    /// Memory by process at the end, in KiB.
    pub rss_kib: BTreeMap<String, u64>,
    /// Processor seconds of the generator.
    pub own_cpu: f64,
    /// Memory of the generator at the end, in KiB.
    pub own_rss_kib: u64,
    /// How late messages were sent or, where none are, the timers of the thread that asks.
    pub sends_late: Times,
    /// How late the timers of the clients' threads were.
    pub reads_late: Times,
}

/// Whether a process is part of "server CPU": all that serves but Memcached, which no message
/// passes, and nginx, which only the workload *front* has in its path.
fn serves(name: &str) -> bool {
    ["api-", "ws-server-"]
        .iter()
        .any(|kind| name.starts_with(kind))
        || matches!(name, "postgres" | "rabbitmq" | "nginx")
}

impl Spent {
    /// Processor seconds of all that serves.
    #[must_use]
    pub fn server_cpu(&self) -> f64 {
        self.sum(serves)
    }

    /// Processor seconds of the processes whose names begin so.
    #[must_use]
    pub fn cpu_of(&self, kind: &str) -> f64 {
        self.sum(|name| name.starts_with(kind))
    }

    fn sum(&self, of: impl Fn(&str) -> bool) -> f64 {
        let costs = self.cpu.iter().filter(|(name, _)| of(name));
        costs.map(|(_, cpu)| cpu).sum()
    }

    /// Adds a later stretch.
    pub fn add(&mut self, later: &Self) {
        self.seconds += later.seconds;
        for (name, cpu) in &later.cpu {
            *self.cpu.entry(name.clone()).or_default() += cpu;
        }
        self.rss_kib.extend(later.rss_kib.clone());
        self.own_cpu += later.own_cpu;
        self.own_rss_kib = later.own_rss_kib;
        self.sends_late.add(&later.sends_late);
        self.reads_late.add(&later.reads_late);
    }

    /// How late the generator was, in words.
    #[must_use]
    pub fn lateness(&self) -> String {
        format!(
            "the generator's sends were late by {:.1} ms at p99, its reads by {:.1}",
            self.sends_late.ms(0.99),
            self.reads_late.ms(0.99)
        )
    }

    /// Adds what each process cost, and whether the generator can be believed.
    pub fn tell(&self, report: &mut Report) {
        let cost = |process: &str, cpu: f64, rss_kib: u64| Cost {
            process: process.to_owned(),
            cpu_ms_per_s: cpu * 1000.0 / self.seconds,
            rss_mib: rss_kib as f64 / 1024.0,
        };
        let rss = |name: &str| self.rss_kib.get(name).copied().unwrap_or(0);
        let servers = self.cpu.iter();
        report
            .costs
            .extend(servers.map(|(name, cpu)| cost(name, *cpu, rss(name))));
        report
            .costs
            .push(cost(GENERATOR, self.own_cpu, self.own_rss_kib));
        let mut late = false;
        for (name, times) in [
            ("generator: sends late p99", &self.sends_late),
            ("generator: reads late p99", &self.reads_late),
        ] {
            if times.count() > 0 {
                report.tell(name, times.ms(0.99), "ms");
                late |= times.ms(0.99) > LATENESS_BOUND_MS;
            }
        }
        if late {
            report.notes.push(
                "the generator was late: it, or the processors it shares, was a bottleneck"
                    .to_owned(),
            );
        }
    }
}

/// What the generator is called among the processes.
pub const GENERATOR: &str = "generator";

#[cfg(test)]
mod tests {
    use super::*;

    fn spent(api: f64, postgres: f64) -> Spent {
        Spent {
            seconds: 2.0,
            cpu: [("api-1", api), ("postgres", postgres), ("memcached", 9.0)]
                .map(|(name, cpu)| (name.to_owned(), cpu))
                .into(),
            ..Spent::default()
        }
    }

    #[test]
    fn stretches_add_up_and_only_what_serves_counts() {
        let mut all = spent(0.5, 0.25);
        all.add(&spent(1.0, 0.25));
        assert_eq!(all.server_cpu(), 2.0);
        assert_eq!(all.cpu_of("api"), 1.5);
        let units = crate::units::Units {
            send_us: 8.0,
            fdatasync_ms: 0.1,
        };
        let mut report = Report::new("growth", "work".to_owned(), units);
        all.sends_late.record(20_000);
        all.tell(&mut report);
        assert_eq!(report.costs[0].cpu_ms_per_s, 375.0);
        assert!(report.notes[0].contains("bottleneck"));
    }
}
