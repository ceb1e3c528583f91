//! Which routing keys this server's queue is bound with: counted per key, lingering after the last
//! holder, made by a few binders at once.
//!
//! This is the book-keeping alone; the broker's channels are in `broker`. The lock is held for map
//! operations only, never across I/O, and never on the delivery path.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use protocol::routing::Route;
use tokio::sync::{Notify, oneshot, watch};
use tokio::time::Instant;

/// The bindings of one process.
#[derive(Debug)]
pub struct Bindings {
    linger: Duration,
    book: Mutex<Book>,
    /// Something to do, or a deadline that is nearer than before.
    changed: Notify,
    /// How many bindings of the last link are still to be made again.
    restoring: watch::Sender<usize>,
}

#[derive(Debug, Default)]
struct Book {
    entries: HashMap<Route, Entry>,
    /// To be bound, oldest first. An entry is in it at most once: while `Queued`.
    queue: VecDeque<Route>,
    /// Released, and when their time is over: in order, because the linger is always the same.
    lingering: VecDeque<(Instant, Route)>,
}

#[derive(Debug)]
struct Entry {
    holders: usize,
    state: State,
    /// When the last holder let go.
    over_at: Option<Instant>,
    /// It was bound before the link was lost, and is waited for.
    restoring: bool,
    waiting: Vec<oneshot::Sender<()>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Queued,
    Binding,
    Bound,
    Unbinding,
}

/// One thing for a binder to do; tell [`Bindings::done`] when the broker has agreed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Bind the queue with this key.
    Bind(Route),
    /// Take this key away.
    Unbind(Route),
}

/// Keeps a key bound while it lives.
#[derive(Debug)]
pub struct Hold {
    bindings: Arc<Bindings>,
    route: Route,
}

impl Hold {
    /// The key.
    #[must_use]
    pub fn route(&self) -> Route {
        self.route
    }

    /// Returns when the broker has bound the key. The future holds nothing itself.
    pub fn bound(&self) -> impl Future<Output = ()> + use<> {
        let bound = self.bindings.bound(self.route);
        async move {
            if let Some(bound) = bound {
                // Dropped unsent only with the entry, and so with every hold.
                _ = bound.await;
            }
        }
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.bindings.release(self.route);
    }
}

impl Bindings {
    /// None yet; keys outlive their last holder for `linger`.
    #[must_use]
    pub fn new(linger: Duration) -> Arc<Self> {
        Arc::new(Self {
            linger,
            book: Mutex::default(),
            changed: Notify::new(),
            restoring: watch::Sender::new(0),
        })
    }

    /// Asks for a key.
    #[must_use]
    pub fn hold(self: &Arc<Self>, route: Route) -> Hold {
        let mut book = self.book();
        if let Some(entry) = book.entries.get_mut(&route) {
            entry.holders += 1;
            entry.over_at = None;
        } else {
            book.entries.insert(route, Entry::queued());
            book.queue.push_back(route);
            self.changed.notify_one();
        }
        Hold {
            bindings: self.clone(),
            route,
        }
    }

    /// The next thing to do; waits until there is one. Several binders may ask at once.
    pub async fn next(&self) -> Work {
        loop {
            let changed = self.changed.notified();
            let deadline = {
                let mut book = self.book();
                if let Some(work) = book.next(Instant::now(), self.linger, &self.restoring) {
                    // Another binder may find more to do.
                    self.changed.notify_one();
                    return work;
                }
                book.lingering.front().map(|(at, _)| *at)
            };
            match deadline {
                Some(at) => tokio::select! {
                    () = changed => {}
                    () = tokio::time::sleep_until(at) => {}
                },
                None => changed.await,
            }
        }
    }

    /// The broker has agreed.
    pub fn done(&self, work: Work) {
        let mut book = self.book();
        let book = &mut *book;
        match work {
            Work::Bind(route) => {
                let Some(entry) = book.entries.get_mut(&route) else {
                    return;
                };
                entry.state = State::Bound;
                for waiting in entry.waiting.drain(..) {
                    // Who no longer waits has left.
                    _ = waiting.send(());
                }
                if std::mem::take(&mut entry.restoring) {
                    self.restoring.send_modify(|left| *left -= 1);
                }
            }
            Work::Unbind(route) => match book.entries.get_mut(&route) {
                Some(entry) if entry.holders > 0 => {
                    entry.state = State::Queued;
                    book.queue.push_back(route);
                    self.changed.notify_one();
                }
                _ => {
                    book.entries.remove(&route);
                }
            },
        }
    }

    /// The link is gone, and every binding with it: what is still held is to be bound again.
    pub fn lost(&self) {
        let mut book = self.book();
        let book = &mut *book;
        book.lingering.clear();
        book.entries.retain(|_, entry| entry.holders > 0);
        for entry in book.entries.values_mut() {
            entry.state = State::Queued;
            entry.restoring = true;
        }
        book.queue = book.entries.keys().copied().collect();
        self.restoring.send_replace(book.entries.len());
        self.changed.notify_waiters();
    }

    /// Returns when everything that was held at the last [`lost`](Self::lost) is bound again.
    pub async fn restored(&self) {
        let mut restoring = self.restoring.subscribe();
        // The sender lives as long as `self`.
        _ = restoring.wait_for(|left| *left == 0).await;
    }

    /// How many keys are bound, being bound, or lingering.
    #[must_use]
    pub fn len(&self) -> usize {
        self.book().entries.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn bound(&self, route: Route) -> Option<oneshot::Receiver<()>> {
        let mut book = self.book();
        let entry = book.entries.get_mut(&route)?;
        if entry.state == State::Bound {
            return None;
        }
        entry.waiting.retain(|waiting| !waiting.is_closed());
        let (sender, receiver) = oneshot::channel();
        entry.waiting.push(sender);
        Some(receiver)
    }

    fn release(&self, route: Route) {
        let mut book = self.book();
        let over_at = Instant::now() + self.linger;
        let Some(entry) = book.entries.get_mut(&route) else {
            return;
        };
        entry.holders -= 1;
        if entry.holders == 0 {
            entry.over_at = Some(over_at);
            book.lingering.push_back((over_at, route));
            self.changed.notify_one();
        }
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    fn queued() -> Self {
        Self {
            holders: 1,
            state: State::Queued,
            over_at: None,
            restoring: false,
            waiting: Vec::new(),
        }
    }
}

impl Book {
    fn next(
        &mut self,
        now: Instant,
        linger: Duration,
        restoring: &watch::Sender<usize>,
    ) -> Option<Work> {
        while let Some(route) = self.queue.pop_front() {
            if let Some(entry) = self.entries.get_mut(&route)
                && entry.state == State::Queued
            {
                entry.state = State::Binding;
                return Some(Work::Bind(route));
            }
        }
        while let Some((at, route)) = self.lingering.front().copied()
            && at <= now
        {
            self.lingering.pop_front();
            let Some(entry) = self.entries.get_mut(&route) else {
                continue;
            };
            // Held again since, or held and released again: then a later entry stands for it.
            if entry.over_at != Some(at) {
                continue;
            }
            match entry.state {
                State::Bound => {
                    entry.state = State::Unbinding;
                    return Some(Work::Unbind(route));
                }
                State::Binding => {
                    entry.over_at = Some(now + linger);
                    self.lingering.push_back((now + linger, route));
                }
                State::Queued => {
                    if entry.restoring {
                        restoring.send_modify(|left| *left -= 1);
                    }
                    self.entries.remove(&route);
                }
                State::Unbinding => {}
            }
        }
        None
    }
}

#[cfg(test)]
mod tests;
