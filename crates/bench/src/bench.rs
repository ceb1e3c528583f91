//! One run: the system under load, the clients, and what both cost in a window of time.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use tokio::time::sleep_until;

use crate::crowd::Crowd;
use crate::floor::{Seat, Watermarks};
use crate::http::Api;
use crate::ledger::Ledger;
use crate::load::{Sent, Stream, send};
use crate::mark::Marks;
use crate::people::{Pair, People, Room};
use crate::report::Report;
use crate::spent::Meter;
use crate::tally::Times;
use crate::token::TokenMaker;
use crate::units::{self, Units};
use crate::usage;
use crate::window::Window;

/// Connections begun in a second when a workload is not about connecting.
const JOIN_PER_SECOND: f64 = 500.0;
/// How long what was sent may take to arrive.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where the system is, and how long to measure.
#[derive(Clone, Debug)]
pub struct Options {
    /// The API processes' own ports.
    pub apis: Vec<SocketAddr>,
    /// The ws-servers' own ports.
    pub sockets: Vec<SocketAddr>,
    /// nginx.
    pub front: SocketAddr,
    /// The database.
    pub database: String,
    /// The broker.
    pub broker: SocketAddr,
    /// The stack's folder: keys, pids.
    pub run_dir: PathBuf,
    /// Length of a window.
    pub seconds: u64,
    /// What is sent before it.
    pub warm_up: u64,
    /// Threads of clients.
    pub threads: usize,
}

/// A run.
pub struct Bench {
    /// As asked.
    pub options: Options,
    /// Accounts and conversations.
    pub people: People,
    /// What the machine's parts cost.
    pub units: Units,
    marks: Marks,
}

impl Bench {
    /// Connects to the system and measures the machine.
    ///
    /// # Errors
    /// The system is not there.
    pub async fn new(options: Options) -> Result<Self> {
        let tokens = TokenMaker::read(&options.run_dir.join("keys"))?;
        let people = People::connect(&options.database, tokens).await?;
        let units = Units {
            send_us: units::send_us(1000)?,
            fdatasync_ms: units::fdatasync_ms(&options.run_dir.join("postgres"))?,
        };
        Ok(Self {
            options,
            people,
            units,
            marks: Marks::new(),
        })
    }

    /// Clients, none yet.
    ///
    /// # Errors
    /// The machine gives no thread.
    pub fn crowd(&self) -> Result<Crowd> {
        self.crowd_of(1)
    }

    /// The same of several classes, which read on threads of their own.
    ///
    /// # Errors
    /// The machine gives no thread.
    pub fn crowd_of(&self, classes: usize) -> Result<Crowd> {
        let Options { threads, apis, .. } = &self.options;
        Crowd::new(classes, *threads, self.marks, apis)
    }

    /// The API processes, for this thread.
    #[must_use]
    pub fn apis(&self) -> Vec<Api> {
        self.options.apis.iter().copied().map(Api::new).collect()
    }

    /// The ws-server that a person sits on.
    #[must_use]
    pub fn server_of(&self, person: u32) -> SocketAddr {
        let servers = &self.options.sockets;
        let address = servers.get(person as usize % servers.len().max(1));
        address.copied().unwrap_or(self.options.front)
    }

    /// A seat for a person, spread over the ws-servers.
    #[must_use]
    pub fn seat(&self, person: u32, class: usize, hears: Vec<(uuid::Uuid, Ledger)>) -> Seat {
        Seat {
            address: self.server_of(person),
            token: self.people.token(person),
            class,
            hears,
            watermarks: Watermarks::None,
            watches: Vec::new(),
        }
    }

    /// Connects all members of a room.
    ///
    /// # Errors
    /// They do not all become ready.
    pub async fn seat_room(&self, crowd: &mut Crowd, room: &Room, class: usize) -> Result<()> {
        let ledger = self.people.ledger(room.conversation_id).await?;
        let seats = room
            .members
            .clone()
            .map(|person| self.seat(person, class, vec![(room.conversation_id, ledger.clone())]));
        crowd.join(seats.collect(), JOIN_PER_SECOND).await
    }

    /// Connects both people of each pair, spread over these servers, so that the two of a pair are
    /// on different ones where there is more than one.
    ///
    /// # Errors
    /// They do not all become ready.
    pub async fn seat_pairs_on(
        &self,
        crowd: &mut Crowd,
        pairs: &[Pair],
        servers: &[SocketAddr],
    ) -> Result<()> {
        let mut seats = Vec::new();
        for pair in pairs {
            for person in pair.people {
                let hears = vec![(pair.conversation_id, pair.ledger.clone())];
                let mut seat = self.seat(person, 0, hears);
                let address = servers.get(person as usize % servers.len().max(1));
                seat.address = address.copied().context("there is no ws-server")?;
                seats.push(seat);
            }
        }
        crowd.join(seats, JOIN_PER_SECOND).await
    }

    /// Sends what the streams say through the API processes, and measures a window of it. Stream
    /// number n is heard by clients of class n.
    ///
    /// # Errors
    /// A part of the generator has ended.
    pub async fn window(&self, crowd: &Crowd, streams: Vec<Stream>) -> Result<Window> {
        self.window_of(self.length(), crowd, streams).await
    }

    /// As [`window`](Self::window), of another length.
    ///
    /// # Errors
    /// A part of the generator has ended.
    pub async fn window_of(
        &self,
        length: Duration,
        crowd: &Crowd,
        streams: Vec<Stream>,
    ) -> Result<Window> {
        self.measure(length, crowd, streams, &self.options.apis)
            .await
    }

    /// How long a window is measured.
    #[must_use]
    pub fn length(&self) -> Duration {
        Duration::from_secs(self.options.seconds)
    }

    /// As [`window`](Self::window), by way of other addresses.
    ///
    /// # Errors
    /// A part of the generator has ended.
    pub async fn window_through(
        &self,
        crowd: &Crowd,
        streams: Vec<Stream>,
        apis: &[SocketAddr],
    ) -> Result<Window> {
        self.measure(self.length(), crowd, streams, apis).await
    }

    async fn measure(
        &self,
        length: Duration,
        crowd: &Crowd,
        streams: Vec<Stream>,
        apis: &[SocketAddr],
    ) -> Result<Window> {
        let mut before = crowd.settle().await?;
        let from = Instant::now() + Duration::from_secs(self.options.warm_up);
        let until = from + length;
        let live = &crowd.live;
        for received in &live.received {
            received.store(0, Ordering::Relaxed);
        }
        live.from.store(self.marks.at(from), Ordering::Relaxed);
        live.until.store(self.marks.at(until), Ordering::Relaxed);
        before.add(crowd.collect().await?);
        let senders: Vec<_> = streams
            .into_iter()
            .map(|stream| {
                let apis = apis.iter().copied().map(Api::new).collect();
                tokio::task::spawn_local(send(self.marks, apis, stream, from, until))
            })
            .collect();
        sleep_until(from.into()).await;
        let meter = self.meter()?;
        sleep_until(until.into()).await;
        let mut spent = meter.stop();
        let mut sent = Vec::new();
        for sender in senders {
            sent.push(sender.await?);
        }
        let deadline = Instant::now() + PATIENCE;
        let arrived = |sent: &[Sent]| {
            sent.iter()
                .zip(&live.received)
                .all(|(sent, received)| received.load(Ordering::Relaxed) >= sent.expected)
        };
        while !arrived(&sent) && Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let mut tally = crowd.collect().await?;
        // What was seen before is not of this window, but who was lost then is not there now.
        tally.add(before.harm());
        spent.reads_late = tally.lateness.clone();
        if !sent.is_empty() {
            spent.sends_late = sent.iter().fold(Times::default(), |mut all, sent| {
                all.add(&sent.lateness);
                all
            });
        }
        Ok(Window { sent, tally, spent })
    }

    /// Begins to measure what the system costs.
    ///
    /// # Errors
    /// The stack's folder cannot be read.
    pub fn meter(&self) -> Result<Meter> {
        Ok(Meter::start(usage::processes(&self.options.run_dir)?))
    }

    /// Waits until the next window of this length, begun now, is over; says what was counted in it
    /// by `count`.
    ///
    /// # Errors
    /// What counting ends with.
    pub async fn count_in_window(
        &self,
        length: Duration,
        count: impl AsyncFn() -> Result<i64>,
    ) -> Result<f64> {
        tokio::time::sleep(Duration::from_secs(self.options.warm_up)).await;
        let before = count().await?;
        tokio::time::sleep(length).await;
        Ok((count().await? - before) as f64)
    }

    /// From a moment to one of the run's clock, in microseconds.
    #[must_use]
    pub fn since(&self, moment: Instant, micros: u64) -> Duration {
        self.marks.moment(micros).saturating_duration_since(moment)
    }

    /// A report to fill.
    #[must_use]
    pub fn report(&self, workload: &str, what: String) -> Report {
        Report::new(workload, what, self.units)
    }
}
