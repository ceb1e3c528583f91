//! What a socket has received.

use std::fmt::{self, Write as _};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use protocol::frame::ServerFrame;
use tokio::sync::Notify;

/// A failed test prints this many frames; the ones before are counted.
const SHOWN: usize = 40;

/// A frame that arrived.
#[derive(Clone, Debug)]
pub struct Arrived {
    /// Since the socket opened.
    pub after: Duration,
    /// The text, as it travelled.
    pub text: String,
    /// What it says; `None` if this test's protocol does not know it.
    pub frame: Option<ServerFrame>,
    /// Whether a test has taken it already.
    pub taken: bool,
}

/// The end of a socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    /// The close code; 1005 for a close without one, 1006 for a connection that just ended.
    pub code: u16,
    /// The reason beside it.
    pub reason: String,
}

#[derive(Debug, Default)]
pub(super) struct Content {
    pub(super) arrived: Vec<Arrived>,
    pub(super) pongs: Vec<Vec<u8>>,
    pub(super) closed: Option<Closed>,
}

#[derive(Debug)]
pub(super) struct Inbox {
    opened: Instant,
    content: Mutex<Content>,
    changed: Notify,
}

impl Inbox {
    pub(super) fn new() -> Self {
        Self {
            opened: Instant::now(),
            content: Mutex::default(),
            changed: Notify::new(),
        }
    }

    pub(super) fn put(&self, text: String) {
        let frame = serde_json::from_str(&text).ok();
        self.change(|content| {
            content.arrived.push(Arrived {
                after: self.opened.elapsed(),
                text,
                frame,
                taken: false,
            });
        });
    }

    pub(super) fn change(&self, change: impl FnOnce(&mut Content)) {
        change(&mut self.lock());
        self.changed.notify_waiters();
    }

    /// Looks now and after each change, until `look` finds something or the deadline has passed.
    pub(super) async fn wait<T>(
        &self,
        deadline: Duration,
        mut look: impl FnMut(&mut Content) -> Option<T>,
    ) -> Option<T> {
        let search = async {
            loop {
                let changed = self.changed.notified();
                if let Some(found) = look(&mut self.lock()) {
                    return found;
                }
                changed.await;
            }
        };
        tokio::time::timeout(deadline, search).await.ok()
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Content> {
        // A test that panicked while it looked has not broken what arrived.
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Display for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let before = self.arrived.len().saturating_sub(SHOWN);
        let mut lines = String::new();
        if before > 0 {
            writeln!(lines, "  … {before} frames before")?;
        }
        for frame in self.arrived.iter().skip(before) {
            let mark = if frame.taken { '✓' } else { ' ' };
            let known = if frame.frame.is_some() {
                ""
            } else {
                " (unknown)"
            };
            writeln!(lines, "{mark} {:>9.3?}{known} {}", frame.after, frame.text)?;
        }
        match (&self.closed, self.arrived.is_empty()) {
            (Some(Closed { code, reason }), _) => write!(lines, "  closed: {code} {reason}")?,
            (None, true) => lines += "  nothing, and it is open",
            (None, false) => lines += "  and it is open",
        }
        f.write_str(&lines)
    }
}
