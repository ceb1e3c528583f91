//! What a process writes.

use std::fmt;
use std::io::{BufRead, BufReader, Read};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;

use super::Explained;
use crate::eventually;

/// A failed test prints this many lines.
const SHOWN: usize = 60;

/// The lines of a process's stdout and stderr.
#[derive(Clone, Debug, Default)]
pub struct Logs {
    lines: Arc<Mutex<Vec<String>>>,
    /// Streams that have not ended.
    open: Arc<AtomicUsize>,
}

impl Logs {
    /// Reads a stream to its end, on a thread: a test that is busy must not hold the process up.
    pub(super) fn follow(&self, stream: impl Read + Send + 'static) {
        let logs = self.clone();
        logs.open.fetch_add(1, Ordering::SeqCst);
        std::thread::spawn(move || {
            let mut lines = BufReader::new(stream).split(b'\n');
            while let Some(Ok(line)) = lines.next() {
                logs.lock()
                    .push(String::from_utf8_lossy(&line).into_owned());
            }
            logs.open.fetch_sub(1, Ordering::SeqCst);
        });
    }

    /// Waits until everything that a dead process wrote has been read.
    pub(super) async fn await_end(&self) {
        let open = &self.open;
        eventually(Duration::from_secs(10), || async {
            open.load(Ordering::SeqCst) == 0
        })
        .await;
    }

    /// Every line so far.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.lock().clone()
    }

    /// Every line so far that is a JSON object.
    #[must_use]
    pub fn records(&self) -> Vec<Value> {
        let lines = self.lock();
        lines
            .iter()
            .filter_map(|line| serde_json::from_str(line).ok())
            .filter(Value::is_object)
            .collect()
    }

    /// Whether any line contains this.
    #[must_use]
    pub fn mention(&self, text: &str) -> bool {
        self.lock().iter().any(|line| line.contains(text))
    }

    /// Waits for a record that matches, among those already written too.
    ///
    /// # Panics
    /// If there is none by the deadline.
    #[track_caller]
    pub fn expect(
        &self,
        matches: impl Fn(&Value) -> bool,
        deadline: Duration,
    ) -> impl Future<Output = Value> {
        eventually(deadline, move || {
            let found = self.records().into_iter().find(&matches);
            let found = found.ok_or_else(|| Explained(self.to_string()));
            async move { found }
        })
    }

    fn lock(&self) -> MutexGuard<'_, Vec<String>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Display for Logs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = self.lock();
        let skipped = lines.len().saturating_sub(SHOWN);
        writeln!(f, "---- its last lines ({skipped} before):")?;
        for line in lines.iter().skip(skipped) {
            writeln!(f, "{line}")?;
        }
        write!(f, "----")
    }
}
