//! What a window of time shows: what was sent and arrived, and what it cost.

use anyhow::{Context, Result};

use crate::load::Sent;
use crate::report::Report;
use crate::spent::Spent;
use crate::tally::{Deliveries, Tally};

/// What happened in a window.
#[derive(Default)]
pub struct Window {
    /// By stream.
    pub sent: Vec<Sent>,
    /// What the clients saw.
    pub tally: Tally,
    /// What it cost.
    pub spent: Spent,
}

impl Window {
    /// Adds a later one of the same streams.
    pub fn add(&mut self, later: Self) {
        self.sent.resize(later.sent.len(), Sent::default());
        for (mine, laters) in self.sent.iter_mut().zip(later.sent) {
            mine.add(laters);
        }
        self.tally.add(later.tally);
        self.spent.add(&later.spent);
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

    /// Sends that were not.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.sent.iter().map(|sent| sent.failed).sum()
    }

    /// Deliveries that were to come.
    #[must_use]
    pub fn expected(&self) -> u64 {
        self.sent.iter().map(|sent| sent.expected).sum()
    }

    /// Deliveries that came.
    #[must_use]
    pub fn received(&self) -> u64 {
        let classes = self.tally.deliveries.iter();
        classes.map(|deliveries| deliveries.received).sum()
    }

    /// Whether everything arrived that was to, and nobody was cut off.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.received() >= self.expected()
            && self.failed() == 0
            && self.tally.connections_lost() == 0
    }

    /// Server CPU for each delivery, in µs.
    #[must_use]
    pub fn us_per_delivery(&self) -> f64 {
        self.spent.server_cpu() * 1e6 / self.received().max(1) as f64
    }

    /// Server CPU for each message, in µs.
    #[must_use]
    pub fn us_per_message(&self) -> f64 {
        self.us_per_message_of(self.spent.server_cpu())
    }

    /// So many processor seconds, for each message, in µs.
    #[must_use]
    pub fn us_per_message_of(&self, cpu: f64) -> f64 {
        cpu * 1e6 / self.acknowledged().max(1) as f64
    }

    /// How many frames one read brings, hence one write of the server carries.
    #[must_use]
    pub fn frames_per_read(&self) -> f64 {
        self.tally.frames as f64 / self.tally.reads.max(1) as f64
    }

    /// Adds what every workload tells: what arrived and how, what it cost, and whether the
    /// generator can be believed.
    pub fn tell(&self, report: &mut Report) {
        let seconds = self.spent.seconds;
        report.tell("sent", self.acknowledged() as f64 / seconds, "/s");
        report.tell("delivered", self.received() as f64 / seconds, "/s");
        self.tell_whole(report, "");
        let count = |field: fn(&Deliveries) -> u64| -> f64 {
            self.tally.deliveries.iter().map(field).sum::<u64>() as f64
        };
        report.tell("came again, dropped", count(|of| of.duplicates), "");
        report.tell("came late", count(|of| of.reordered), "");
        report.tell("calls of changes", self.tally.changes_calls as f64, "");
        report.tell("messages that these brought", self.tally.healed as f64, "");
        report.tell("restored", self.tally.restored as f64, "");
        report.tell("began anew", self.tally.begun_anew as f64, "");
        self.tell_costs(report);
    }

    /// Adds whether everything arrived. `of` stands before each name where a report has several
    /// windows.
    pub fn tell_whole(&self, report: &mut Report, of: &str) {
        report.require_all(format!("{of}arrived"), self.received(), self.expected());
        report.require_none(format!("{of}failed sends"), self.failed());
        report.require_none(
            format!("{of}frames that the server refused"),
            self.tally.refused,
        );
        report.require_none(
            format!("{of}connections lost"),
            self.tally.connections_lost(),
        );
        for failure in self.sent.iter().filter_map(|sent| sent.failure.as_ref()) {
            report.notes.push(format!("{of}a send failed: {failure}"));
        }
        let losses = self.tally.losses().into_iter();
        report
            .notes
            .extend(losses.map(|loss| format!("{of}{loss}")));
    }

    /// Adds what each process cost, and whether the generator can be believed.
    pub fn tell_costs(&self, report: &mut Report) {
        self.spent.tell(report);
        if self.received() > 0 {
            let per_delivery = self.spent.own_cpu * 1e6 / self.received() as f64;
            report.tell("generator: CPU per delivery", per_delivery, "µs");
            report.tell("frames per read", self.frames_per_read(), "");
        }
    }
}
