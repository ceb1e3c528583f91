//! Servers from local binaries, by the project's own script.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use uuid::Uuid;

use super::Services;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../infra/dev/services");

pub(super) async fn start() -> Services {
    // Not `tokio::process`: the runtime of the test that comes first ends before the servers do.
    tokio::task::spawn_blocking(start_blocking)
        .await
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
}

fn start_blocking() -> Services {
    let script = Path::new(SCRIPT);
    let dir = std::env::temp_dir().join(format!("warren-services-{}", Uuid::now_v7().simple()));
    let mut child = Command::new(script)
        .arg("run")
        .arg(&dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("cannot run {}: {error}", script.display()));
    let stdout = child.stdout.take().expect("stdout is piped");
    let mut lines = HashMap::new();
    for line in BufReader::new(stdout).lines() {
        let line = line.unwrap();
        if line == "ready" {
            return Services::from_lines(&lines, Some(child), SCRIPT);
        }
        if let Some((name, value)) = line.split_once('=') {
            lines.insert(name.to_owned(), value.to_owned());
        }
    }
    let status = child.wait().unwrap();
    panic!("{SCRIPT} ended before the servers were ready ({status}); its stderr says why");
}
