//! Senders. Open loop: a message is due at its moment, whatever became of those before it, and its
//! times count from there. Closed loop: each sender sends the next when the last is answered.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use hyper::{Method, StatusCode};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use uuid::Uuid;

use crate::http::Api;
use crate::mark::Marks;
use crate::tally::Times;

/// A conversation that is written to.
#[derive(Clone, Debug)]
pub struct Target {
    /// Its id.
    pub conversation_id: Uuid,
    /// Who writes, in turn.
    pub writers: Vec<Arc<str>>,
    /// How many connected clients hear it.
    pub hearers: u64,
}

/// What is sent.
#[derive(Clone, Debug)]
pub struct Stream {
    /// To where, in turn.
    pub targets: Vec<Target>,
    /// How.
    pub pace: Pace,
}

/// How fast.
#[derive(Clone, Copy, Debug)]
pub enum Pace {
    /// So many a second, evenly.
    Open(f64),
    /// So many at a time.
    Closed(usize),
}

/// What became of it, in the window.
#[derive(Clone, Debug, Default)]
pub struct Sent {
    /// Answered with 201.
    pub acknowledged: u64,
    /// Deliveries that these must make.
    pub expected: u64,
    /// Answered otherwise, or not at all.
    pub failed: u64,
    /// The last such answer.
    pub failure: Option<String>,
    /// From the moment a message was due to its answer.
    pub answer: Times,
    /// From the moment a message was due to the moment it was sent: the generator's own fault.
    pub lateness: Times,
}

impl Sent {
    /// Adds what became of later ones.
    pub fn add(&mut self, later: Self) {
        self.acknowledged += later.acknowledged;
        self.expected += later.expected;
        self.failed += later.failed;
        self.failure = later.failure.or(self.failure.take());
        self.answer.add(&later.answer);
        self.lateness.add(&later.lateness);
    }
}

struct Desk {
    marks: Marks,
    apis: Vec<Api>,
    stream: Stream,
    from: u64,
    body: String,
    number: Cell<u64>,
    sent: RefCell<Sent>,
}

/// Sends until `end`; what is due before `from` warms up and is not counted.
pub async fn send(
    marks: Marks,
    apis: Vec<Api>,
    stream: Stream,
    from: std::time::Instant,
    end: std::time::Instant,
) -> Sent {
    let pace = stream.pace;
    let desk = Rc::new(Desk {
        marks,
        apis,
        stream,
        from: marks.at(from),
        body: "x".repeat(64),
        number: Cell::new(rand::random::<u16>().into()),
        sent: RefCell::default(),
    });
    match pace {
        Pace::Open(rate) => open(&desk, rate, Instant::from_std(end)).await,
        Pace::Closed(senders) => closed(&desk, senders, Instant::from_std(end)).await,
    }
    desk.sent.take()
}

async fn open(desk: &Rc<Desk>, rate: f64, end: Instant) {
    let begin = Instant::now();
    let mut under_way = JoinSet::new();
    for number in 0_u64.. {
        let due = begin + Duration::from_secs_f64(number as f64 / rate);
        if due >= end {
            break;
        }
        sleep_until(due).await;
        let desk = desk.clone();
        under_way.spawn_local(async move { desk.post(number, due).await });
        while under_way.try_join_next().is_some() {}
    }
    while under_way.join_next().await.is_some() {}
}

async fn closed(desk: &Rc<Desk>, senders: usize, end: Instant) {
    let mut all = JoinSet::new();
    for sender in 0..senders {
        let desk = desk.clone();
        all.spawn_local(async move {
            let mut number = sender as u64;
            while Instant::now() < end {
                desk.post(number, Instant::now()).await;
                number += senders as u64;
            }
        });
    }
    while all.join_next().await.is_some() {}
}

impl Desk {
    /// Sends the message of this number.
    async fn post(&self, number: u64, due: Instant) {
        let targets = &self.stream.targets;
        let target = targets.get(number as usize % targets.len().max(1));
        let Some(target) = target else { return };
        // Everybody writes in turn: the places among targets and among writers move apart.
        let round = number as usize / targets.len().max(1);
        let Some(token) = target.writers.get(round % target.writers.len().max(1)) else {
            return;
        };
        let due = self.marks.at(due.into_std());
        let late = self.marks.now().saturating_sub(due);
        let unique = self.number.replace(self.number.get() + 1);
        let id = self.marks.id(due, unique);
        let path = format!("/v1/conversations/{}/messages", target.conversation_id);
        let body = format!("{{\"client_id\":\"{id}\",\"body\":\"{}\"}}", self.body);
        let Some(api) = self.apis.get(unique as usize % self.apis.len().max(1)) else {
            return;
        };
        let answer = api.call(Method::POST, &path, token, Some(body)).await;
        if due < self.from {
            return;
        }
        let mut sent = self.sent.borrow_mut();
        sent.lateness.record(late);
        match answer {
            Ok(answer) if answer.status == StatusCode::CREATED => {
                sent.acknowledged += 1;
                sent.expected += target.hearers;
                sent.answer.record(self.marks.now().saturating_sub(due));
            }
            Ok(answer) => {
                sent.failed += 1;
                sent.failure = Some(answer.status.to_string());
            }
            Err(error) => {
                sent.failed += 1;
                sent.failure = Some(error.to_string());
            }
        }
    }
}
