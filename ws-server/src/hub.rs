//! The hub of one worker thread: which of its sockets an event is for, and when they are written to.
//!
//! Everything here belongs to one thread: on an event's way no lock, no atomics but the reference
//! counts of shared frames, and one wake a batch of events. The rule, measured: **a connection
//! without a write for 10 ms is written to at once, any other at a tick of 30 ms counted from the
//! last flush**. So a quiet chat waits for nothing, and a busy room costs one system call a tick
//! however many frames gather. A tick that has gathered no more than a single frame has saved
//! nothing, and does not count as a write: or a room with about a message a tick, once two of them
//! came close, would wait at every tick from then on. Sockets are written to in slices, and between
//! two slices the worker reads and accepts.

mod worker;

use std::collections::{HashMap, VecDeque};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use protocol::routing::Route;
use tokio::sync::Notify;
use tokio::time::Instant;

pub use self::worker::Worker;
use crate::config::DeliveryConfig;
use crate::connection::Socket;
use crate::metrics;
use crate::outbound::Written;
use crate::roster::SocketAddress;
use crate::settle;
use crate::workers::{Batch, Inbox, Interests};

/// Sockets written to before others get a turn: about half a millisecond of system calls.
const SLICE: usize = 64;
/// Frames queued before others get a turn: about half a millisecond.
const TURN: usize = 4096;

/// The sockets of one worker, and what is to be written to them.
#[derive(Debug)]
pub struct Hub {
    idle: Duration,
    tick: Duration,
    /// A place keeps its number while its socket lives.
    slots: Vec<Option<Rc<Socket>>>,
    free: Vec<u32>,
    routes: HashMap<Route, Vec<u32>>,
    /// Its keys, for who hands events over.
    interests: Arc<Interests>,
    /// To be written to now: those that were idle when their event came.
    prompt: VecDeque<u32>,
    /// To be written to now: those that have waited for the tick, or are answered in turn.
    due: VecDeque<u32>,
    /// To be written to at the tick.
    waiting: Vec<u32>,
    flushed_at: Instant,
    tick_at: Option<Instant>,
    /// The running number of the last delivery.
    delivery: u64,
    /// Somebody else than the hub's own loop has put a socket on a list.
    listed: Rc<Notify>,
}

impl Hub {
    fn new(config: &DeliveryConfig, interests: Arc<Interests>) -> Self {
        Self {
            idle: config.idle,
            tick: config.tick,
            slots: Vec::new(),
            free: Vec::new(),
            routes: HashMap::new(),
            interests,
            prompt: VecDeque::new(),
            due: VecDeque::new(),
            waiting: Vec::new(),
            flushed_at: Instant::now(),
            tick_at: None,
            delivery: 0,
            listed: Rc::default(),
        }
    }

    /// Takes a socket in, at a place of its own.
    pub fn join(&mut self, make: impl FnOnce(u32) -> Socket) -> Rc<Socket> {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            // Far fewer than u32::MAX: a socket needs a file descriptor.
            self.slots.len() as u32 - 1
        });
        let socket = Rc::new(make(slot));
        if let Some(place) = self.slots.get_mut(slot as usize) {
            *place = Some(socket.clone());
        }
        metrics::DELIVERY.connections.increment(1);
        socket
    }

    /// Lets a socket go; its routes are to be removed before.
    pub fn leave(&mut self, socket: &Socket) {
        let slot = socket.address.slot;
        if let Some(place) = self.slots.get_mut(slot as usize)
            && place.take().is_some()
        {
            self.free.push(slot);
            metrics::DELIVERY.connections.decrement(1);
        }
    }

    /// Sends a route's events to a socket.
    pub fn add_route(&mut self, route: Route, socket: &Socket) {
        let slots = self.routes.entry(route).or_default();
        if slots.is_empty() {
            self.interests.add(route);
        }
        slots.push(socket.address.slot);
    }

    /// Sends a route's events to a socket no longer.
    pub fn remove_route(&mut self, route: Route, socket: &Socket) {
        if let Some(slots) = self.routes.get_mut(&route) {
            if let Some(place) = slots.iter().position(|slot| *slot == socket.address.slot) {
                slots.swap_remove(place);
            }
            if slots.is_empty() {
                self.routes.remove(&route);
                self.interests.remove(route);
            }
        }
    }

    /// The sockets that a route leads to.
    #[must_use]
    pub fn on_route(&self, route: Route) -> Vec<Rc<Socket>> {
        let slots = self.routes.get(&route).map_or(&[][..], Vec::as_slice);
        slots
            .iter()
            .filter_map(|slot| self.get(*slot))
            .cloned()
            .collect()
    }

    /// Every socket.
    #[must_use]
    pub fn sockets(&self) -> Vec<Rc<Socket>> {
        self.all().cloned().collect()
    }

    /// The same, one after the other.
    pub fn all(&self) -> impl Iterator<Item = &Rc<Socket>> {
        self.slots.iter().flatten()
    }

    /// The socket at an address, if it is still the same.
    #[must_use]
    pub fn find(&self, address: SocketAddress) -> Option<Rc<Socket>> {
        self.get(address.slot)
            .filter(|socket| socket.address.id == address.id)
            .cloned()
    }

    fn get(&self, slot: u32) -> Option<&Rc<Socket>> {
        self.slots.get(slot as usize)?.as_ref()
    }

    /// Queues a batch of events on the sockets they are for. Returns how many frames that made.
    fn deliver(&mut self, batch: &Batch, now: Instant, close_deadline: Instant) -> usize {
        let mut queued = 0;
        for delivery in &batch.deliveries {
            self.delivery += 1;
            let before = queued;
            for route in &delivery.routes {
                let slots = self.routes.get(route).map_or(&[][..], Vec::as_slice);
                for slot in slots {
                    let Some(Some(socket)) = self.slots.get(*slot as usize) else {
                        continue;
                    };
                    // Two of its routes may lead to one socket: it gets one copy.
                    if socket.last_delivery.replace(self.delivery) == self.delivery {
                        continue;
                    }
                    if socket.push(delivery.frame.clone()).is_err() {
                        socket.abandon(close_deadline);
                    }
                    queued += 1;
                    if !socket.listed.replace(true) {
                        if now.duration_since(socket.flushed_at.get()) >= self.idle {
                            self.prompt.push_back(*slot);
                        } else {
                            self.waiting.push(*slot);
                        }
                    }
                }
            }
            tracing::debug!(
                message_id = delivery.message_id,
                request_id = delivery.request_id,
                kind = delivery.kind,
                sockets = queued - before,
                "delivered"
            );
        }
        metrics::DELIVERY.deliveries.increment(queued as u64);
        metrics::DELIVERY
            .hand_over
            .record(batch.received_at.elapsed().as_secs_f64());
        queued
    }

    /// Writes to one socket now.
    fn write(&mut self, socket: &Rc<Socket>, now: Instant) {
        if socket.flush(now) == Written::Blocked && !socket.listed.replace(true) {
            self.waiting.push(socket.address.slot);
            self.listed.notify_one();
        }
    }

    /// Writes to a socket in the next slices.
    fn make_due(&mut self, socket: &Socket) {
        if !socket.listed.replace(true) {
            self.due.push_back(socket.address.slot);
            self.listed.notify_one();
        }
    }

    /// At the tick, everyone who waits is due. `busy` says that a flush is still under way.
    fn turn(&mut self, now: Instant, busy: bool) {
        if self.tick_at.is_some_and(|at| at <= now) {
            self.tick_at = None;
            self.due.extend(self.waiting.drain(..));
        }
        if !busy && self.is_busy() {
            self.flushed_at = now;
        }
    }

    /// Whether anybody is to be written to now.
    fn is_busy(&self) -> bool {
        !self.prompt.is_empty() || !self.due.is_empty()
    }

    /// Writes to the next sockets that are due.
    fn flush_slice(&mut self, now: Instant) {
        for written in 0..SLICE {
            let Some((slot, waited)) = self.next_due(written) else {
                return;
            };
            if let Some(socket) = self.get(slot).cloned() {
                socket.listed.set(false);
                // None at all: a reply has taken what waited along.
                let saved_nothing = waited && socket.waiting() <= 1;
                self.write(&socket, now);
                if saved_nothing {
                    socket.flushed_at.set(now - self.idle);
                }
            }
        }
    }

    /// The next socket, and whether it has waited. Whoever was idle has the first half of a slice, or a
    /// quiet chat would wait behind all of a busy room; and no more than that, or a thousand quiet chats
    /// would keep the room from its tick.
    fn next_due(&mut self, written: usize) -> Option<(u32, bool)> {
        let idle_first = written < SLICE / 2;
        let (first, then) = if idle_first {
            (&mut self.prompt, &mut self.due)
        } else {
            (&mut self.due, &mut self.prompt)
        };
        let next = first.pop_front().map(|slot| (slot, !idle_first));
        next.or_else(|| then.pop_front().map(|slot| (slot, idle_first)))
    }

    /// When to come again: at a steady flow one tick follows the other.
    fn schedule(&mut self, now: Instant) {
        if self.waiting.is_empty() {
            self.tick_at = None;
        } else if self.tick_at.is_none() {
            self.tick_at = Some((self.flushed_at + self.tick).max(now + MIN_WAIT));
        }
    }
}

/// The timer's resolution.
const MIN_WAIT: Duration = Duration::from_millis(1);

/// Runs the hub until the process ends.
pub async fn run(worker: Rc<Worker>, mut inbox: Inbox) {
    let far = Duration::from_secs(3600);
    let timer = tokio::time::sleep(far);
    tokio::pin!(timer);
    let listed = worker.hub().listed.clone();
    loop {
        if inbox.missed.swap(false, Ordering::AcqRel) {
            settle::restore_all(&worker);
        }
        let (busy, tick_at) = {
            let hub = worker.hub();
            (hub.is_busy(), hub.tick_at)
        };
        let mut batch = None;
        if busy {
            // To the other tasks of this thread, and to the other threads of this processor: a room's
            // tick takes milliseconds, and a quiet chat's message has many threads to pass.
            std::thread::yield_now();
            tokio::task::yield_now().await;
            if let Ok(command) = inbox.commands.try_recv() {
                settle::obey(&worker, command);
            }
            batch = inbox.events.try_recv().ok();
        } else {
            if let Some(at) = tick_at
                && timer.deadline() != at
            {
                timer.as_mut().reset(at);
            }
            tokio::select! {
                biased;
                command = inbox.commands.recv() => match command {
                    Some(command) => settle::obey(&worker, command),
                    None => return,
                },
                () = &mut timer, if tick_at.is_some() => {}
                () = listed.notified() => {}
                next = inbox.events.recv() => match next {
                    Some(next) => batch = Some(next),
                    None => return,
                },
            }
        }
        let now = Instant::now();
        let close_deadline = worker.close_deadline();
        let queued = {
            let mut hub = worker.hub();
            let queued = batch.map_or(0, |batch| hub.deliver(&batch, now, close_deadline));
            hub.turn(now, busy);
            hub.flush_slice(now);
            hub.schedule(now);
            queued
        };
        if queued > TURN {
            tokio::task::yield_now().await;
        }
    }
}

#[doc(hidden)]
pub mod bench;
#[cfg(test)]
mod tests;
