//! What a run says: a table for people, JSON for machines.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Result;
use serde::Serialize;

use crate::units::Units;

/// What a figure must reach.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// Not more.
    AtMost(f64),
    /// Not less.
    AtLeast(f64),
}

impl Bound {
    fn holds(self, value: f64) -> bool {
        match self {
            Self::AtMost(most) => value <= most,
            Self::AtLeast(least) => value >= least,
        }
    }
}

/// One measured value.
#[derive(Clone, Debug, Serialize)]
pub struct Figure {
    /// What it is.
    pub name: String,
    /// How much.
    pub value: f64,
    /// Of what.
    pub unit: &'static str,
    /// What it must reach, where something is asked of it.
    pub bound: Option<Bound>,
    /// Whether it does.
    pub reached: Option<bool>,
}

/// Processor time of one process, in milliseconds for each second, and its memory.
#[derive(Clone, Debug, Serialize)]
pub struct Cost {
    /// Which process.
    pub process: String,
    /// Milliseconds of processor time a second.
    pub cpu_ms_per_s: f64,
    /// Resident memory in MiB.
    pub rss_mib: f64,
}

/// One workload's result.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Its name.
    pub workload: String,
    /// What was done, in words.
    pub what: String,
    /// What the machine's parts cost.
    pub units: Units,
    /// What was measured.
    pub figures: Vec<Figure>,
    /// What each process cost; the generator is one of them.
    pub costs: Vec<Cost>,
    /// Points of a curve: what was offered (deliveries a second), p50, p95 and p99 in ms.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub curve: Vec<[f64; 4]>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

impl Report {
    /// An empty one.
    #[must_use]
    pub fn new(workload: &str, what: String, units: Units) -> Self {
        Self {
            workload: workload.to_owned(),
            what,
            units,
            figures: Vec::new(),
            costs: Vec::new(),
            curve: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Adds a figure of which nothing is asked.
    pub fn tell(&mut self, name: impl Into<String>, value: f64, unit: &'static str) {
        self.figures.push(Figure {
            name: name.into(),
            value,
            unit,
            bound: None,
            reached: None,
        });
    }

    /// Adds a figure that must reach something.
    pub fn require(
        &mut self,
        name: impl Into<String>,
        value: f64,
        unit: &'static str,
        bound: Bound,
    ) {
        self.figures.push(Figure {
            name: name.into(),
            value,
            unit,
            bound: Some(bound),
            reached: Some(bound.holds(value)),
        });
    }

    /// Whether every figure reaches what it must.
    #[must_use]
    pub fn reached(&self) -> bool {
        self.figures
            .iter()
            .all(|figure| figure.reached != Some(false))
    }

    /// For people.
    #[must_use]
    pub fn table(&self) -> String {
        let mut text = format!("\n{}: {}\n", self.workload, self.what);
        let widest = self.figures.iter().map(|figure| figure.name.len()).max();
        let width = widest.unwrap_or(0);
        for figure in &self.figures {
            let bound = match figure.bound {
                Some(Bound::AtMost(most)) => format!("at most {}", number(most)),
                Some(Bound::AtLeast(least)) => format!("at least {}", number(least)),
                None => String::new(),
            };
            let verdict = match figure.reached {
                Some(true) => "reached",
                Some(false) => "MISSED",
                None => "",
            };
            let line = format!(
                "  {:width$}  {:>12} {:<7} {bound:<18} {verdict}",
                figure.name,
                number(figure.value),
                figure.unit
            );
            text.push_str(line.trim_end());
            text.push('\n');
        }
        let costs = self.costs.iter().map(|cost| {
            format!(
                "{} {} ms/s, {} MiB",
                cost.process,
                number(cost.cpu_ms_per_s),
                number(cost.rss_mib)
            )
        });
        let costs: Vec<_> = costs.collect();
        // Writing to a String cannot fail.
        _ = writeln!(text, "  processor time and memory: {}", costs.join(" · "));
        _ = writeln!(
            text,
            "  this machine: one send {} µs, one fdatasync {} ms",
            number(self.units.send_us),
            number(self.units.fdatasync_ms)
        );
        for note in &self.notes {
            _ = writeln!(text, "  note: {note}");
        }
        text
    }

    /// For machines: `<folder>/<workload>.json`.
    ///
    /// # Errors
    /// The folder cannot be written to.
    pub fn write(&self, folder: &Path) -> Result<()> {
        std::fs::create_dir_all(folder)?;
        let path = folder.join(format!("{}.json", self.workload));
        std::fs::write(path, serde_json::to_string_pretty(self)? + "\n")?;
        Ok(())
    }
}

/// Three digits that matter.
fn number(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 || value == 0.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missed_figure_is_said() {
        let units = Units {
            send_us: 8.0,
            fdatasync_ms: 0.1,
        };
        let mut report = Report::new("room", "work".to_owned(), units);
        report.require("p95", 49.0, "ms", Bound::AtMost(50.0));
        assert!(report.reached());
        report.require("arrived", 99.9, "%", Bound::AtLeast(100.0));
        assert!(!report.reached());
        let table = report.table();
        assert!(
            table.contains("49.0 ms      at most 50.0       reached"),
            "{table}"
        );
        assert!(table.contains("MISSED"), "{table}");
    }
}
