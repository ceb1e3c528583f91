//! What the clients of one thread have seen since they were last asked.

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;

/// Kinds of traffic that are counted apart in one run.
pub const CLASSES: usize = 2;

/// Durations in microseconds, three digits exact, up to ten minutes.
#[derive(Clone, Debug)]
pub struct Times(Histogram<u64>);

impl Default for Times {
    fn default() -> Self {
        let longest = 600_000_000;
        Self(
            Histogram::new_with_max(longest, 3)
                .expect("three digits up to ten minutes are possible"),
        )
    }
}

impl Times {
    /// Adds one, in microseconds.
    pub fn record(&mut self, micros: u64) {
        self.0.saturating_record(micros);
    }

    /// Adds one.
    pub fn record_duration(&mut self, duration: Duration) {
        self.record(duration.as_micros() as u64);
    }

    /// Adds all of another.
    pub fn add(&mut self, other: &Self) {
        self.0.add(&other.0).expect("all have the same bounds");
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.len()
    }

    /// The value that this share of them do not exceed, in milliseconds.
    #[must_use]
    pub fn ms(&self, quantile: f64) -> f64 {
        self.0.value_at_quantile(quantile) as f64 / 1000.0
    }
}

/// Deliveries of one class.
#[derive(Clone, Debug, Default)]
pub struct Deliveries {
    /// From the moment a message was due to the moment its frame was read, in the window.
    pub times: Times,
    /// New messages in the window.
    pub received: u64,
    /// Live events that were known already, in the whole run.
    pub duplicates: u64,
    /// Live events that others had overtaken, in the whole run.
    pub reordered: u64,
}

/// Everything that clients count.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// From the first byte of the connection to `hello`.
    pub hello: Times,
    /// From the first byte of the connection to `ready`.
    pub ready: Times,
    /// From the order to come back to being synced.
    pub back: Times,
    /// By class.
    pub deliveries: [Deliveries; CLASSES],
    /// Times that a hole stayed open and `changes` was asked.
    pub changes_calls: u64,
    /// Messages that only `changes` or `sync` brought.
    pub healed: u64,
    /// Times that a client was too far behind for `changes` and `sync`, and began anew.
    pub begun_anew: u64,
    /// Messages whose place did not follow the one before.
    pub misplaced: u64,
    /// Holes that are still open.
    pub holes: u64,
    /// Clients that were away at the end, or missed something.
    pub not_whole: u64,
    /// `ready restored`.
    pub restored: u64,
    /// Frames of the clients that the server refused.
    pub refused: u64,
    /// Watermark frames sent in the window.
    pub watermarks: u64,
    /// Frames about watermarks that came in it.
    pub receipts: u64,
    /// Frames, and reads that brought them.
    pub frames: u64,
    /// System calls that brought something.
    pub reads: u64,
    /// What ended connections against their will, and how often.
    pub lost: BTreeMap<String, u64>,
    /// How late this thread's own timer was.
    pub lateness: Times,
    /// When each watched user was first said to be offline, on the run's clock.
    pub offline: Vec<u64>,
}

impl Tally {
    /// Connections that ended against the clients' will.
    #[must_use]
    pub fn connections_lost(&self) -> u64 {
        self.lost.values().sum()
    }

    /// The same in words: how many by what.
    #[must_use]
    pub fn losses(&self) -> Vec<String> {
        let losses = self.lost.iter();
        losses
            .map(|(reason, times)| format!("{times} connections lost: {reason}"))
            .collect()
    }

    /// Only what harm was done.
    #[must_use]
    pub fn harm(self) -> Self {
        Self {
            begun_anew: self.begun_anew,
            lost: self.lost,
            ..Self::default()
        }
    }

    /// Adds another thread's.
    pub fn add(&mut self, other: Self) {
        self.hello.add(&other.hello);
        self.ready.add(&other.ready);
        self.back.add(&other.back);
        for (mine, others) in self.deliveries.iter_mut().zip(other.deliveries) {
            mine.times.add(&others.times);
            mine.received += others.received;
            mine.duplicates += others.duplicates;
            mine.reordered += others.reordered;
        }
        self.changes_calls += other.changes_calls;
        self.healed += other.healed;
        self.begun_anew += other.begun_anew;
        self.misplaced += other.misplaced;
        self.holes += other.holes;
        self.not_whole += other.not_whole;
        self.restored += other.restored;
        self.refused += other.refused;
        self.watermarks += other.watermarks;
        self.receipts += other.receipts;
        self.frames += other.frames;
        self.reads += other.reads;
        for (reason, count) in other.lost {
            *self.lost.entry(reason).or_default() += count;
        }
        self.lateness.add(&other.lateness);
        self.offline.extend(other.offline);
    }
}
