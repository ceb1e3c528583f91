//! What a run says: a table for people, JSON for machines.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Result;
use serde::{Deserialize, Serialize};

use crate::units::Units;

/// What a figure must reach.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
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
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Figure {
    /// What it is.
    pub name: String,
    /// How much.
    pub value: f64,
    /// Of what.
    pub unit: String,
    /// What it must reach, where something is asked of it.
    pub bound: Option<Bound>,
    /// Whether it does.
    pub reached: Option<bool>,
    /// It asks for everything once and in its place, however short the run and busy the machine.
    #[serde(default)]
    pub whole: bool,
}

/// Processor time of one process, in milliseconds for each second, and its memory.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Cost {
    /// Which process.
    pub process: String,
    /// Milliseconds of processor time a second.
    pub cpu_ms_per_s: f64,
    /// Resident memory in MiB.
    pub rss_mib: f64,
}

/// A picture: lines over a common axis.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Plot {
    /// The file's name, without its ending.
    pub name: String,
    /// What it shows.
    pub title: String,
    /// What the horizontal axis counts.
    pub x: String,
    /// What the vertical axis counts.
    pub y: String,
    /// The lines.
    pub lines: Vec<Line>,
}

/// One line of a picture.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Line {
    /// What it is.
    pub name: String,
    /// Its points.
    pub points: Vec<[f64; 2]>,
}

/// One workload's result.
#[derive(Clone, Debug, Serialize, Deserialize)]
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
    /// Pictures.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub plots: Vec<Plot>,
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
            plots: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Adds a figure of which nothing is asked.
    pub fn tell(&mut self, name: impl Into<String>, value: f64, unit: &str) {
        self.add(name.into(), value, unit, None, false);
    }

    /// Adds a figure that must reach something.
    pub fn require(&mut self, name: impl Into<String>, value: f64, unit: &str, bound: Bound) {
        self.add(name.into(), value, unit, Some(bound), false);
    }

    /// Adds a count of what must not happen, on any machine.
    pub fn require_none(&mut self, name: impl Into<String>, count: u64) {
        self.add(
            name.into(),
            count as f64,
            "",
            Some(Bound::AtMost(0.0)),
            true,
        );
    }

    /// Adds the share of what was expected that came: all of it, on any machine.
    pub fn require_all(&mut self, name: impl Into<String>, came: u64, expected: u64) {
        let share = match expected {
            0 => 100.0,
            some => came as f64 * 100.0 / some as f64,
        };
        self.add(name.into(), share, "%", Some(Bound::AtLeast(100.0)), true);
    }

    fn add(&mut self, name: String, value: f64, unit: &str, bound: Option<Bound>, whole: bool) {
        self.figures.push(Figure {
            name,
            value,
            unit: unit.to_owned(),
            bound,
            reached: bound.map(|bound| bound.holds(value)),
            whole,
        });
    }

    /// Whether every figure reaches what it must; of a short run, only those of wholeness.
    #[must_use]
    pub fn reached(&self, whole_only: bool) -> bool {
        self.figures
            .iter()
            .filter(|figure| figure.whole || !whole_only)
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
#[must_use]
pub fn number(value: f64) -> String {
    match value.abs() {
        size if size >= 10_000.0 => thousands(value),
        size if size >= 100.0 || value == 0.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

/// A whole number, its digits in threes.
#[must_use]
pub fn thousands(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
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
        assert!(report.reached(false));
        report.require("p99", 81.0, "ms", Bound::AtMost(80.0));
        report.require_all("arrived", 1000, 1000);
        assert!(!report.reached(false));
        assert!(report.reached(true));
        report.require_none("holes at the end", 1);
        assert!(!report.reached(true));
        let table = report.table();
        assert!(
            table.contains("49.0 ms      at most 50.0       reached"),
            "{table}"
        );
        assert!(table.contains("MISSED"), "{table}");
    }

    #[test]
    fn digits_stand_in_threes() {
        assert_eq!(thousands(0.0), "0");
        assert_eq!(thousands(999.6), "1 000");
        assert_eq!(thousands(1_234_567.0), "1 234 567");
    }
}
