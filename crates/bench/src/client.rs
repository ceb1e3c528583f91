//! One client: a socket, and what it holds of the conversations it hears.

use std::rc::Rc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use rand::Rng;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};
use uuid::Uuid;

use crate::event::{self, Event, Heard};
use crate::floor::{Floor, Order, Seat, Watermarks};
use crate::ledger::Outcome;
use crate::tally::Tally;
use crate::upgrade::upgrade;
use crate::wire::{Opcode, Reader, client_frame};

mod healing;

/// The contract's: something must be said at least this often.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// Whose connection was lost comes back at a moment within this.
const BACK_WITHIN: Duration = Duration::from_secs(2);
/// At most one watermark a second and conversation.
const WATERMARK_EVERY: Duration = Duration::from_secs(1);

/// Why a connection ended.
enum End {
    Told,
    Dropped(Instant, Duration),
}

/// Lives until told to leave.
pub async fn live(seat: Seat, floor: Rc<Floor>, begin: Instant) {
    sleep_until(begin).await;
    let mut client = Client::new(seat, floor.clone());
    let mut dropped_at = None;
    loop {
        let ended = Box::pin(client.attend(dropped_at.take())).await;
        if client.is_ready {
            floor.live.ready.fetch_sub(1, Ordering::Relaxed);
            client.is_ready = false;
        }
        client.note(false);
        let pause = match ended {
            Ok(End::Told) => break,
            Ok(End::Dropped(at, within)) => {
                dropped_at = Some(at);
                within
            }
            Err(error) => {
                *floor
                    .tally
                    .borrow_mut()
                    .lost
                    .entry(format!("{error:#}"))
                    .or_default() += 1;
                floor.live.lost.fetch_add(1, Ordering::Relaxed);
                client.must_sync = true;
                BACK_WITHIN
            }
        };
        tokio::select! {
            _ = client.order.wait_for(|order| *order == Order::Leave) => break,
            () = sleep(pause.mul_f64(rand::random())) => {}
        }
    }
    let mut tally = floor.tally.borrow_mut();
    for (_, ledger) in &client.seat.hears {
        tally.misplaced += ledger.misplaced;
        tally.holes += u64::from(ledger.has_hole());
    }
}

struct Client {
    seat: Seat,
    floor: Rc<Floor>,
    reader: Reader,
    order: watch::Receiver<Order>,
    is_ready: bool,
    /// As the others see it: ready, synced, and without a hole.
    is_whole: bool,
    must_sync: bool,
    hole_at: Option<Instant>,
    said_seq: i64,
    out: Vec<u8>,
}

impl Client {
    fn new(seat: Seat, floor: Rc<Floor>) -> Self {
        Self {
            order: floor.order.clone(),
            seat,
            floor,
            reader: Reader::default(),
            is_ready: false,
            is_whole: false,
            must_sync: false,
            hole_at: None,
            said_seq: 0,
            out: Vec::new(),
        }
    }

    /// One connection, from its first byte to its end.
    async fn attend(&mut self, dropped_at: Option<Instant>) -> Result<End> {
        self.reader = Reader::default();
        let began = Instant::now();
        let (mut stream, first) = upgrade(self.seat.address, "/ws", Some(&self.seat.token)).await?;
        self.order.borrow_and_update();
        self.take(&first, began)?;
        let mut ping_at = began + HEARTBEAT.mul_f64(rand::rng().random_range(0.2..1.0));
        let mut watermark_at = Instant::now() + WATERMARK_EVERY.mul_f64(rand::random());
        let mut back_since = dropped_at;
        loop {
            if !self.out.is_empty() {
                let out = std::mem::take(&mut self.out);
                stream.write_all(&out).await.context("write")?;
            }
            let must_sync = self.must_sync || back_since.is_some();
            self.note(self.is_ready && !must_sync && !self.has_hole());
            if self.is_ready && must_sync {
                self.must_sync = false;
                self.sync().await?;
                if let Some(since) = back_since.take() {
                    self.floor
                        .tally
                        .borrow_mut()
                        .back
                        .record_duration(since.elapsed());
                    self.floor.live.back.fetch_add(1, Ordering::Relaxed);
                }
                continue;
            }
            let mut next = ping_at;
            if self.seat.watermarks != Watermarks::None {
                next = next.min(watermark_at);
            }
            if let Some(at) = self.hole_at {
                next = next.min(at);
            }
            tokio::select! {
                biased;
                readable = stream.readable() => {
                    readable.context("read")?;
                    self.read(&stream, began)?;
                }
                changed = self.order.changed() => {
                    let order = *self.order.borrow_and_update();
                    match order {
                        _ if changed.is_err() => return Ok(End::Told),
                        Order::Leave => return Ok(End::Told),
                        Order::Storm(within) => return Ok(End::Dropped(Instant::now(), within)),
                        Order::Stay => {}
                    }
                }
                () = sleep_until(next) => {
                    let now = Instant::now();
                    if now >= ping_at {
                        ping_at = now + HEARTBEAT;
                        self.say(&json!({ "type": "ping" }));
                    }
                    if self.seat.watermarks != Watermarks::None && now >= watermark_at {
                        watermark_at = now + WATERMARK_EVERY;
                        self.say_watermark();
                    }
                    if self.hole_at.is_some_and(|at| now >= at) {
                        self.heal().await?;
                    }
                }
            }
        }
    }

    /// Reads all there is.
    fn read(&mut self, stream: &TcpStream, began: Instant) -> Result<()> {
        let floor = self.floor.clone();
        let mut buffer = floor.buffer.borrow_mut();
        loop {
            match stream.try_read(&mut buffer) {
                Ok(0) => bail!("closed without a close frame"),
                Ok(length) => {
                    self.take(buffer.get(..length).unwrap_or_default(), began)?;
                    if length < buffer.len() {
                        return Ok(());
                    }
                }
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error).context("read"),
            }
        }
    }

    fn take(&mut self, bytes: &[u8], began: Instant) -> Result<()> {
        let mut reader = std::mem::take(&mut self.reader);
        let floor = self.floor.clone();
        let mut tally = floor.tally.borrow_mut();
        let now = Instant::now();
        tally.reads += 1;
        let mut ended = None;
        let fed = reader.feed(bytes, |opcode, payload| {
            tally.frames += 1;
            match opcode {
                Opcode::Text => match event::read(payload) {
                    Some(event) => self.hear(event, now, began, &mut tally),
                    None => ended = Some(anyhow!("an event that cannot be read")),
                },
                Opcode::Ping => self.out.extend(client_frame(Opcode::Pong, payload)),
                Opcode::Pong => {}
                Opcode::Close => {
                    let code = payload.first_chunk().map(|code| u16::from_be_bytes(*code));
                    ended = Some(anyhow!("closed with {}", code.unwrap_or(1005)));
                }
            }
        });
        self.reader = reader;
        fed?;
        ended.map_or(Ok(()), Err)
    }

    fn hear(&mut self, event: Event, now: Instant, began: Instant, tally: &mut Tally) {
        match event {
            Event::Message(heard) => self.hear_message(heard, now, tally),
            Event::Hello => tally.hello.record_duration(now - began),
            Event::Ready => {
                if !self.is_ready {
                    self.is_ready = true;
                    tally.ready.record_duration(now - began);
                    self.floor.live.ready.fetch_add(1, Ordering::Relaxed);
                    if !self.seat.watches.is_empty() {
                        let subscribe =
                            json!({ "type": "presence.subscribe", "user_ids": self.seat.watches });
                        self.out
                            .extend(client_frame(Opcode::Text, subscribe.to_string().as_bytes()));
                    }
                }
            }
            Event::Restored => {
                tally.restored += 1;
                self.must_sync = true;
            }
            Event::Presence { online } => {
                if !online {
                    tally.offline.push(self.floor.marks.at(now.into_std()));
                }
            }
            Event::Receipts => tally.receipts += u64::from(self.in_window(now)),
            Event::Refused => tally.refused += 1,
            Event::Draining | Event::Other => {}
        }
    }

    fn hear_message(&mut self, heard: Heard, now: Instant, tally: &mut Tally) {
        let class = self.seat.class;
        let mut mine = self.seat.hears.iter_mut();
        let Some((_, ledger)) = mine.find(|(id, _)| *id == heard.conversation_id) else {
            return;
        };
        let had_hole = ledger.has_hole();
        let outcome = ledger.take(heard.rev, heard.seq);
        let Some(deliveries) = tally.deliveries.get_mut(class) else {
            return;
        };
        match outcome {
            Outcome::Duplicate => {
                deliveries.duplicates += 1;
                return;
            }
            Outcome::Late => deliveries.reordered += 1,
            Outcome::InOrder | Outcome::Early => {}
        }
        match (had_hole, ledger.has_hole()) {
            (false, true) => self.ask_later(now),
            (true, false) => self.hole_at = None,
            _ => {}
        }
        self.count(heard.client_id, now, tally);
    }

    /// A message that is new to this client, however it came.
    fn count(&self, client_id: Uuid, now: Instant, tally: &mut Tally) {
        let Floor { live, marks, .. } = &*self.floor;
        let class = self.seat.class;
        if let Some(due) = marks.due(client_id)
            && live.measures(due)
            && let Some(deliveries) = tally.deliveries.get_mut(class)
            && let Some(received) = live.received.get(class)
        {
            deliveries.received += 1;
            let time = marks.at(now.into_std()).saturating_sub(due);
            deliveries.times.record(time);
            received.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn in_window(&self, now: Instant) -> bool {
        let Floor { live, marks, .. } = &*self.floor;
        live.measures(marks.at(now.into_std()))
    }

    fn say(&mut self, frame: &Value) {
        self.out
            .extend(client_frame(Opcode::Text, frame.to_string().as_bytes()));
    }

    fn say_watermark(&mut self) {
        let Some((id, ledger)) = self.seat.hears.first() else {
            return;
        };
        let hushed = self.floor.live.hushed.load(Ordering::Relaxed);
        if !hushed && ledger.seq() > self.said_seq {
            self.said_seq = ledger.seq();
            let kind = match self.seat.watermarks {
                Watermarks::Read => "read",
                _ => "delivered",
            };
            let frame = json!({ "type": kind, "conversation_id": id, "seq": ledger.seq() });
            let counts = u64::from(self.in_window(Instant::now()));
            self.floor.tally.borrow_mut().watermarks += counts;
            self.say(&frame);
        }
    }
}
