//! Who a client is, and what the clients of a thread share.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::watch;
use uuid::Uuid;

use crate::http::Api;
use crate::ledger::Ledger;
use crate::mark::Marks;
use crate::tally::{CLASSES, Tally};

/// What watermarks a client sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Watermarks {
    /// None.
    None,
    /// `delivered`.
    Delivered,
    /// `read`, which implies `delivered`.
    Read,
}

/// Who a client is, where it connects and what it hears.
#[derive(Clone, Debug)]
pub struct Seat {
    /// A ws-server, or the front door.
    pub address: SocketAddr,
    /// The access token.
    pub token: Arc<str>,
    /// What its deliveries are counted as.
    pub class: usize,
    /// Its conversations as they are when it connects.
    pub hears: Vec<(Uuid, Ledger)>,
    /// What it says of them.
    pub watermarks: Watermarks,
    /// Whose presence it watches.
    pub watches: Vec<Uuid>,
}

/// What the clients of a thread share.
pub struct Floor {
    /// The run's clock.
    pub marks: Marks,
    /// What they saw.
    pub tally: RefCell<Tally>,
    /// What the main thread sees of it at once.
    pub live: Arc<Live>,
    /// The API processes.
    pub apis: Vec<Api>,
    /// What all of them read into.
    pub buffer: RefCell<Vec<u8>>,
    /// What they are told.
    pub order: watch::Receiver<Order>,
    /// Whose turn it is among the API processes.
    pub turn: Cell<usize>,
}

/// What all threads share.
#[derive(Debug, Default)]
pub struct Live {
    /// Messages due from here on count, in microseconds.
    pub from: AtomicU64,
    /// Messages due from here on count no longer.
    pub until: AtomicU64,
    /// Sockets that are ready.
    pub ready: AtomicU64,
    /// Clients that are ready, have synced and know of no hole.
    pub whole: AtomicU64,
    /// Clients that came back after a storm and have synced.
    pub back: AtomicU64,
    /// New messages in the window, by class.
    pub received: [AtomicU64; CLASSES],
    /// Whoever sends watermarks sends none now.
    pub hushed: AtomicBool,
    /// Connections that were lost.
    pub lost: AtomicU64,
}

impl Live {
    /// Whether a moment of the run's clock is in the window.
    #[must_use]
    pub fn measures(&self, at: u64) -> bool {
        (self.from.load(Ordering::Relaxed)..self.until.load(Ordering::Relaxed)).contains(&at)
    }
}

/// What clients are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Connect and stay.
    Stay,
    /// Drop the connection at once and come back within this.
    Storm(Duration),
    /// Leave.
    Leave,
}
