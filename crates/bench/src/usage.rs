//! What processes cost, from `/proc`: processor time and memory, each with its children.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

/// Of `/proc/<pid>/stat`: `USER_HZ`, which is 100 on every platform that Linux has a stable ABI for.
const TICKS_PER_SECOND: f64 = 100.0;

/// One process of the system.
#[derive(Clone, Debug)]
pub struct Process {
    /// As `make status` calls it.
    pub name: String,
    /// Its id.
    pub pid: u32,
}

/// What a process and its children have used.
#[derive(Clone, Copy, Debug, Default)]
pub struct Usage {
    /// Processor time, user and system, in seconds since its start.
    pub cpu: f64,
    /// Resident memory in KiB; what children share with it is counted once.
    pub rss_kib: u64,
}

/// The processes that a run folder of the dev stack names.
///
/// # Errors
/// The folder cannot be read.
pub fn processes(run_dir: &Path) -> Result<Vec<Process>> {
    let folder = run_dir.join("process");
    let mut found = Vec::new();
    for entry in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "pid") {
            continue;
        }
        let text = fs::read_to_string(&path)?;
        let Some(pid) = text
            .split_whitespace()
            .next()
            .and_then(|pid| pid.parse().ok())
        else {
            continue;
        };
        if Path::new(&format!("/proc/{pid}")).exists() {
            let name = path.file_stem().unwrap_or_default();
            let name = name.to_string_lossy().into_owned();
            found.push(Process { name, pid });
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

/// What each of them has used until now.
#[must_use]
pub fn usages(processes: &[Process]) -> BTreeMap<String, Usage> {
    let children = children();
    let with_children = |process: &Process| {
        let own = stat(process.pid);
        let mut usage = Usage {
            cpu: own.map_or(0.0, |stat| stat.cpu + stat.ended_children),
            rss_kib: status_kib(process.pid, "VmRSS:"),
        };
        for child in children.get(&process.pid).into_iter().flatten() {
            usage.cpu += stat(*child).map_or(0.0, |stat| stat.cpu + stat.ended_children);
            usage.rss_kib += status_kib(*child, "RssAnon:");
        }
        (process.name.clone(), usage)
    };
    processes.iter().map(with_children).collect()
}

/// What this process has used.
#[must_use]
pub fn own() -> Usage {
    let pid = std::process::id();
    Usage {
        cpu: stat(pid).map_or(0.0, |stat| stat.cpu),
        rss_kib: status_kib(pid, "VmRSS:"),
    }
}

#[derive(Clone, Copy)]
struct Stat {
    parent: u32,
    cpu: f64,
    ended_children: f64,
}

fn stat(pid: u32) -> Option<Stat> {
    parse_stat(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// proc(5): the name, which may hold anything, ends at the last parenthesis.
fn parse_stat(text: &str) -> Option<Stat> {
    let (_, rest) = text.rsplit_once(") ")?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let ticks = |field: usize| Some(fields.get(field)?.parse::<f64>().ok()? / TICKS_PER_SECOND);
    Some(Stat {
        parent: fields.get(1)?.parse().ok()?,
        cpu: ticks(11)? + ticks(12)?,
        ended_children: ticks(13)? + ticks(14)?,
    })
}

fn children() -> BTreeMap<u32, Vec<u32>> {
    let mut children: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let pid = entry.file_name().to_string_lossy().parse();
        if let Ok(pid) = pid
            && let Some(stat) = stat(pid)
        {
            children.entry(stat.parent).or_default().push(pid);
        }
    }
    children
}

fn status_kib(pid: u32, field: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_hold_anything() {
        let text = "7 (a) b (c) S 3 7 7 0 -1 4194560 1 2 3 4 150 50 25 5 20 0 1 0 100 1 1";
        let stat = parse_stat(text).unwrap();
        assert_eq!((stat.parent, stat.cpu, stat.ended_children), (3, 2.0, 0.3));
    }

    #[test]
    fn this_process_is_seen() {
        assert!(own().rss_kib > 0);
    }
}
