//! Puts what was measured into the documentation.
//!
//! A page says where: between `<!--bench KEY-->` and `<!--/bench-->`. The key is the name of a table
//! of this file, or a workload and one of its figures, as in `room/server CPU per delivery`. So a
//! number stands where it is needed and comes from one run.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::machine::{self, Machine};
use crate::plot;
use crate::report::{Bound, Figure, Report, number};
use crate::spent::GENERATOR;
use crate::workloads;

/// What stands before a place, and around its key.
const OPEN: &str = "<!--bench ";
const SHUT: &str = "-->";
/// What stands behind it.
const END: &str = "<!--/bench-->";
/// Where pictures go, within the documentation.
const PICTURES: &str = "pictures";

/// Writes the figures of a folder of reports into the pages of another.
///
/// # Errors
/// There are no reports, one cannot be read, or a page has a place without an end.
pub fn write(reports: &Path, docs: &Path) -> Result<()> {
    let run = Run::read(reports)?;
    for page in fs::read_dir(docs).with_context(|| docs.display().to_string())? {
        let path = page?.path();
        if path.extension().is_none_or(|extension| extension != "md") {
            continue;
        }
        let text = fs::read_to_string(&path)?;
        let mut unknown = Vec::new();
        let filled = fill(&text, |key| {
            let found = run.get(key);
            if found.is_none() {
                unknown.push(key.to_owned());
            }
            found
        });
        let filled = filled.with_context(|| path.display().to_string())?;
        for key in unknown {
            eprintln!("{}: not measured, left as it is: {key}", path.display());
        }
        if filled != text {
            fs::write(&path, filled)?;
        }
    }
    for picture in run.reports.iter().flat_map(|report| &report.plots) {
        plot::draw(picture, &docs.join(PICTURES))?;
    }
    Ok(())
}

/// Replaces what stands in each place by what its key gives; where that is nothing, it stays.
fn fill(text: &str, mut get: impl FnMut(&str) -> Option<String>) -> Result<String> {
    let mut filled = String::new();
    let mut parts = text.split(OPEN);
    filled.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let Some((key, rest)) = part.split_once(SHUT) else {
            bail!("a key without an end: {part:.40}");
        };
        let Some((old, rest)) = rest.split_once(END) else {
            bail!("a place without an end: {key}");
        };
        let new = get(key).unwrap_or_else(|| old.to_owned());
        // Writing to a String cannot fail.
        _ = write!(filled, "{OPEN}{key}{SHUT}{new}{END}{rest}");
    }
    Ok(filled)
}

/// What one run has left.
struct Run {
    machine: Machine,
    /// In the order of the workloads.
    reports: Vec<Report>,
}

impl Run {
    fn read(folder: &Path) -> Result<Self> {
        let text = |name: &str| {
            let path = folder.join(name);
            fs::read_to_string(&path).with_context(|| path.display().to_string())
        };
        let machine = serde_json::from_str(&text(machine::FILE)?)?;
        let mut reports = Vec::new();
        for workload in workloads::ALL {
            if let Ok(text) = text(&format!("{workload}.json")) {
                let report = serde_json::from_str(&text);
                reports.push(report.with_context(|| workload.to_owned())?);
            }
        }
        Ok(Self { machine, reports })
    }

    fn get(&self, key: &str) -> Option<String> {
        match key {
            "machine" => Some(self.machine()),
            "figures" => Some(block(&self.figures())),
            "costs" => Some(block(&self.costs())),
            "processes" => Some(block(&self.processes())),
            "notes" => Some(block(&self.notes())),
            _ => {
                let (workload, name) = key.split_once('/')?;
                let mut reports = self.reports.iter();
                let report = reports.find(|report| report.workload == workload)?;
                let figure = report.figures.iter().find(|figure| figure.name == name)?;
                Some(value(figure))
            }
        }
    }

    fn machine(&self) -> String {
        let Machine {
            processor,
            threads,
            memory_gib,
            kernel,
            postgres,
            rabbitmq,
        } = &self.machine;
        format!(
            "{processor}, {threads} threads, {} GiB, Linux {kernel}; PostgreSQL {postgres}, RabbitMQ {rabbitmq}",
            number(*memory_gib)
        )
    }

    /// What was asked, and what came of it.
    fn figures(&self) -> String {
        let mut table = head(&["workload", "figure", "measured", "must be", ""]);
        for report in &self.reports {
            let asked = report.figures.iter().filter(|figure| !figure.whole);
            for figure in asked {
                let (Some(bound), Some(reached)) = (figure.bound, figure.reached) else {
                    continue;
                };
                let bound = match bound {
                    Bound::AtMost(most) => format!("≤ {}", number(most)),
                    Bound::AtLeast(least) => format!("≥ {}", number(least)),
                };
                let verdict = if reached { "reached" } else { "**missed**" };
                let measured = value(figure);
                row(
                    &mut table,
                    &[&report.workload, &figure.name, &measured, &bound, verdict],
                );
            }
            let missed = report.figures.iter().filter(|figure| figure.whole);
            let missed: Vec<_> = missed
                .filter(|figure| figure.reached == Some(false))
                .map(|figure| format!("**{}: {}**", figure.name, value(figure)))
                .collect();
            let whole = if missed.is_empty() {
                "yes".to_owned()
            } else {
                missed.join(", ")
            };
            let verdict = if missed.is_empty() {
                "reached"
            } else {
                "**missed**"
            };
            let name = "everything arrived, once and in its place";
            row(
                &mut table,
                &[&report.workload, name, &whole, "yes", verdict],
            );
        }
        table
    }

    /// What a unit of work costs.
    fn costs(&self) -> String {
        let mut table = head(&["workload", "unit", "cost"]);
        for report in &self.reports {
            for figure in report.figures.iter().filter(|figure| is_cost(figure)) {
                row(
                    &mut table,
                    &[&report.workload, &figure.name, &value(figure)],
                );
            }
        }
        table
    }

    /// Processor time of each part in milliseconds a second, and how the run itself was.
    fn processes(&self) -> String {
        let parts = [
            "api",
            "ws-server",
            "postgres",
            "rabbitmq",
            "nginx",
            GENERATOR,
        ];
        let late = ["generator: sends late p99", "generator: reads late p99"];
        let mut titles = vec!["workload"];
        titles.extend(parts);
        titles.extend(["sends late p99", "reads late p99", "*s*", "*f*"]);
        let mut table = head(&titles);
        for report in &self.reports {
            let mut spent = BTreeMap::<&str, f64>::new();
            for cost in &report.costs {
                let part = parts.iter().find(|part| cost.process.starts_with(**part));
                *spent.entry(part.copied().unwrap_or("other")).or_default() += cost.cpu_ms_per_s;
            }
            let mut cells = vec![report.workload.clone()];
            cells
                .extend(parts.map(|part| spent.get(part).map_or("–".to_owned(), |ms| number(*ms))));
            cells.extend(late.map(|name| {
                let figure = report.figures.iter().find(|figure| figure.name == name);
                figure.map_or("–".to_owned(), value)
            }));
            cells.push(format!("{} µs", number(report.units.send_us)));
            cells.push(format!("{} ms", number(report.units.fdatasync_ms)));
            row(&mut table, &cells);
        }
        table
    }

    fn notes(&self) -> String {
        let mut list = String::new();
        for report in &self.reports {
            for note in &report.notes {
                _ = writeln!(list, "- *{}*: {note}.", report.workload);
            }
        }
        list
    }
}

fn is_cost(figure: &Figure) -> bool {
    ["CPU per", "RSS per", "of it "]
        .iter()
        .any(|part| figure.name.contains(part))
        && !figure.name.starts_with(GENERATOR)
}

fn value(figure: &Figure) -> String {
    format!("{} {}", number(figure.value), figure.unit)
        .trim_end()
        .to_owned()
}

fn block(text: &str) -> String {
    format!("\n\n{}\n\n", text.trim_end())
}

fn head(titles: &[&str]) -> String {
    let mut table = String::new();
    row(&mut table, titles);
    row(&mut table, &vec!["---"; titles.len()]);
    table
}

fn row(table: &mut String, cells: &[impl AsRef<str>]) {
    for cell in cells {
        _ = write!(table, "| {} ", cell.as_ref());
    }
    table.push_str("|\n");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Units;

    fn run() -> Run {
        let units = Units {
            send_us: 8.25,
            fdatasync_ms: 0.1,
        };
        let mut report = Report::new("room", "work".to_owned(), units);
        report.require("delivery p95", 33.04, "ms", Bound::AtMost(50.0));
        report.tell("server CPU per delivery", 1.849, "µs");
        report.require_none("holes at the end", 2);
        report.notes.push("beside other work".to_owned());
        Run {
            machine: Machine {
                processor: "Some CPU".to_owned(),
                threads: 2,
                memory_gib: 23.5,
                kernel: "6.18".to_owned(),
                postgres: "17.6".to_owned(),
                rabbitmq: "4.1.2".to_owned(),
            },
            reports: vec![report],
        }
    }

    #[test]
    fn a_place_is_filled_and_what_was_not_measured_stays() {
        let text = "A delivery: <!--bench room/server CPU per delivery-->?<!--/bench-->, \
                    a message: <!--bench pairs/server CPU per message-->old<!--/bench-->.";
        let run = run();
        let once = fill(text, |key| run.get(key)).unwrap();
        assert_eq!(
            once,
            "A delivery: <!--bench room/server CPU per delivery-->1.85 µs<!--/bench-->, \
             a message: <!--bench pairs/server CPU per message-->old<!--/bench-->."
        );
        assert_eq!(fill(&once, |key| run.get(key)).unwrap(), once);
        assert!(fill("<!--bench machine-->", |_| None).is_err());
    }

    #[test]
    fn tables_tell_what_was_asked_and_what_was_lost() {
        let run = run();
        let figures = run.figures();
        let p95 = "| room | delivery p95 | 33.0 ms | ≤ 50.0 | reached |";
        assert!(figures.contains(p95), "{figures}");
        assert!(figures.contains("**holes at the end: 2.00**"), "{figures}");
        let costs = run.costs();
        assert!(
            costs.contains("| server CPU per delivery | 1.85 µs |"),
            "{costs}"
        );
        assert!(!costs.contains("p95"), "{costs}");
        assert_eq!(run.notes(), "- *room*: beside other work.\n");
        assert!(run.machine().contains("RabbitMQ 4.1.2"));
    }
}
