//! Clients by the thousand, on threads of their own, so that who sends is never held up by who reads.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::LocalSet;
use tokio::time::{Instant, MissedTickBehavior, sleep};

use crate::client;
use crate::descriptors;
use crate::floor::{Floor, Live, Order, Seat};
use crate::http::Api;
use crate::mark::Marks;
use crate::spent::PROBE;
use crate::tally::Tally;

/// Whose connection was lost is back within 2 s, and then asks for what it missed.
const PATIENCE: Duration = Duration::from_secs(15);
/// What one read takes at most: a tick's worth of a busy room.
const BUFFER: usize = 64 * 1024;

enum Command {
    Join(Vec<(Seat, Instant)>),
    Collect(oneshot::Sender<Tally>),
}

/// All clients of a run.
pub struct Crowd {
    /// What they see at once.
    pub live: Arc<Live>,
    /// So many for each class of clients, one class after the other.
    threads: Vec<Thread>,
    per_class: usize,
    order: watch::Sender<Order>,
    members: u64,
    /// How long who was cut off, or is behind, has to be whole again.
    patience: Duration,
}

struct Thread {
    commands: mpsc::Sender<Command>,
    handle: std::thread::JoinHandle<()>,
}

impl Crowd {
    /// Threads without clients yet, so many for each class: frames for one class wait for no thread
    /// that reads those for another.
    ///
    /// # Errors
    /// The machine gives no more threads.
    pub fn new(
        classes: usize,
        per_class: usize,
        marks: Marks,
        apis: &[SocketAddr],
    ) -> Result<Self> {
        let live = Arc::new(Live::default());
        let (order, receiver) = watch::channel(Order::Stay);
        let mut made = Vec::new();
        for number in 0..classes * per_class {
            let (commands, inbox) = mpsc::channel(8);
            let (live, receiver, apis) = (live.clone(), receiver.clone(), apis.to_vec());
            let thread = std::thread::Builder::new().name(format!("clients-{number}"));
            let handle = thread.spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .expect("a runtime needs an epoll descriptor, and the run has just begun");
                let floor = Floor {
                    marks,
                    tally: RefCell::default(),
                    live,
                    apis: apis.into_iter().map(Api::new).collect(),
                    buffer: RefCell::new(vec![0; BUFFER]),
                    order: receiver,
                    turn: Cell::new(number),
                };
                LocalSet::new().block_on(&runtime, work(Rc::new(floor), inbox));
            })?;
            made.push(Thread { commands, handle });
        }
        Ok(Self {
            live,
            threads: made,
            per_class,
            order,
            members: 0,
            patience: PATIENCE,
        })
    }

    /// Connects these, evenly over time, and waits until all are ready.
    ///
    /// # Errors
    /// They are not in time.
    pub async fn join(&mut self, seats: Vec<Seat>, per_second: f64) -> Result<()> {
        let count = seats.len();
        descriptors::suffice(self.members as usize + count)?;
        let mut shares: Vec<Vec<(Seat, Instant)>> = vec![Vec::new(); self.threads.len()];
        let begin = Instant::now();
        for (number, seat) in seats.into_iter().enumerate() {
            let at = begin + Duration::from_secs_f64(number as f64 / per_second);
            let place = seat.class * self.per_class + number % self.per_class;
            let share = shares.get_mut(place).context("there is no such class")?;
            share.push((seat, at));
        }
        for (thread, share) in self.threads.iter().zip(shares) {
            let sent = thread.commands.send(Command::Join(share)).await;
            sent.ok().context("a thread of clients has ended")?;
        }
        self.members += count as u64;
        let patience = Duration::from_secs_f64(count as f64 / per_second + 60.0);
        self.all_ready(patience).await
    }

    /// Waits until every client is ready.
    ///
    /// # Errors
    /// They are not in time.
    pub async fn all_ready(&self, patience: Duration) -> Result<()> {
        let deadline = Instant::now() + patience;
        while self.live.ready.load(Ordering::Relaxed) < self.members {
            if Instant::now() > deadline {
                let ready = self.live.ready.load(Ordering::Relaxed);
                let lost = self.live.lost.load(Ordering::Relaxed);
                bail!(
                    "{ready} of {} clients are ready, {lost} were lost",
                    self.members
                );
            }
            sleep(Duration::from_millis(5)).await;
        }
        Ok(())
    }

    /// Drops every connection at once; each client comes back at a moment of its own within
    /// `within`. Waits until all of them are back and have synced, or the patience is at its end;
    /// says how many are.
    pub async fn storm(&self, within: Duration, patience: Duration) -> u64 {
        let deadline = Instant::now() + patience;
        self.live.back.store(0, Ordering::Relaxed);
        self.order.send_replace(Order::Storm(within));
        loop {
            let back = self.live.back.load(Ordering::Relaxed);
            if back >= self.members || Instant::now() > deadline {
                return back;
            }
            sleep(Duration::from_millis(5)).await;
        }
    }

    /// Lets those who send watermarks send none, or send them again.
    pub fn hush(&self, hushed: bool) {
        self.live.hushed.store(hushed, Ordering::Relaxed);
    }

    /// What was seen since the last time.
    ///
    /// # Errors
    /// A thread has ended.
    pub async fn collect(&self) -> Result<Tally> {
        let mut all = Tally::default();
        for thread in &self.threads {
            let (reply, answer) = oneshot::channel();
            let sent = thread.commands.send(Command::Collect(reply)).await;
            sent.ok().context("a thread of clients has ended")?;
            all.add(answer.await?);
        }
        Ok(all)
    }

    /// Waits until every client is connected and misses nothing, or the patience is at its end; says
    /// what was seen since the last time.
    ///
    /// # Errors
    /// A thread has ended.
    pub async fn settle(&self) -> Result<Tally> {
        let deadline = Instant::now() + self.patience;
        while self.whole() < self.members && Instant::now() < deadline {
            sleep(Duration::from_millis(5)).await;
        }
        self.collect().await
    }

    fn whole(&self) -> u64 {
        self.live.whole.load(Ordering::Relaxed)
    }

    /// Ends every connection when all are whole, and says what was seen at last.
    ///
    /// # Errors
    /// A thread has ended before.
    pub async fn leave(self) -> Result<Tally> {
        let mut last = self.settle().await?;
        last.not_whole = self.members.saturating_sub(self.whole());
        self.order.send_replace(Order::Leave);
        // The clients need a turn each.
        sleep(Duration::from_millis(500)).await;
        last.add(self.collect().await?);
        for thread in self.threads {
            drop(thread.commands);
            if thread.handle.join().is_err() {
                bail!("a thread of clients has panicked");
            }
        }
        Ok(last)
    }
}

async fn work(floor: Rc<Floor>, mut inbox: mpsc::Receiver<Command>) {
    let mut probe = tokio::time::interval(PROBE);
    probe.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            command = inbox.recv() => match command {
                Some(Command::Join(seats)) => {
                    for (seat, begin) in seats {
                        tokio::task::spawn_local(client::live(seat, floor.clone(), begin));
                    }
                }
                Some(Command::Collect(reply)) => {
                    // Whoever asked and went away needs no answer.
                    drop(reply.send(floor.tally.take()));
                }
                None => return,
            },
            due = probe.tick() => floor.tally.borrow_mut().lateness.record_duration(due.elapsed()),
        }
    }
}

#[cfg(test)]
mod tests;
