//! Any broadcast server: text that one client sends must reach all of them.
//!
//! What is sent may be wrapped in whatever the server wants, and what comes back in whatever it
//! makes of it: the mark is looked for, and its time read.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use memchr::memmem;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::{sleep, sleep_until};
use uuid::Uuid;

use crate::mark::Marks;
use crate::tally::Times;
use crate::upgrade::upgrade;
use crate::wire::{Opcode, Reader, client_frame};

/// What stands before a mark.
const SIGN: &[u8] = b"warren-bench:";
/// Where the sent text goes in a template.
const PLACE: &str = "%";
/// Bytes of the text itself.
const BODY: usize = 64;
/// What one read takes at most.
const BUFFER: usize = 64 * 1024;
/// How long the last messages may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// What to do.
#[derive(Clone, Debug)]
pub struct Raw {
    /// The server.
    pub address: SocketAddr,
    /// The path of its WebSocket; `%` becomes the client's number.
    pub path: String,
    /// What a client says; `%` becomes the text.
    pub template: String,
    /// Clients.
    pub connections: usize,
    /// Messages a second, from the clients in turn.
    pub rate: f64,
    /// For how long.
    pub window: Duration,
}

struct Hall {
    marks: Marks,
    times: RefCell<Times>,
    late: RefCell<Times>,
    received: Cell<u64>,
    lost: Cell<u64>,
}

/// What came of it.
#[derive(Debug)]
pub struct Outcome {
    /// Messages sent.
    pub sent: u64,
    /// Deliveries that these must make.
    pub expected: u64,
    /// Those that came.
    pub received: u64,
    /// Connections that ended.
    pub lost: u64,
    /// From the moment a message was due to the moment it was read.
    pub times: Times,
    /// From the moment a message was due to the moment it was sent: the generator's own fault.
    pub late: Times,
}

/// Connects, sends and listens.
///
/// # Errors
/// A connection cannot be made.
pub async fn run(raw: &Raw) -> Result<Outcome> {
    let hall = Rc::new(Hall {
        marks: Marks::new(),
        times: RefCell::default(),
        late: RefCell::default(),
        received: Cell::new(0),
        lost: Cell::new(0),
    });
    let mut writers = Vec::with_capacity(raw.connections);
    for number in 0..raw.connections {
        let path = raw.path.replace(PLACE, &number.to_string());
        let (stream, first) = upgrade(raw.address, &path, None).await?;
        writers.push(listen(&hall, stream, first)?);
    }
    let begin = Instant::now();
    let mut sent = 0;
    while begin.elapsed() < raw.window {
        let due = begin + Duration::from_secs_f64(sent as f64 / raw.rate);
        sleep_until(due.into()).await;
        let due = hall.marks.at(due);
        let late = hall.marks.now().saturating_sub(due);
        hall.late.borrow_mut().record(late);
        let id = hall.marks.id(due, sent);
        let mut body = format!("{}{id}", String::from_utf8_lossy(SIGN));
        body.extend(std::iter::repeat_n('x', BODY.saturating_sub(body.len())));
        let text = raw.template.replace(PLACE, &body);
        let place = sent as usize % writers.len().max(1);
        let writer: &mut OwnedWriteHalf = writers.get_mut(place).context("there is no client")?;
        writer
            .write_all(&client_frame(Opcode::Text, text.as_bytes()))
            .await?;
        sent += 1;
    }
    let expected = sent * raw.connections as u64;
    let deadline = Instant::now() + PATIENCE;
    while hall.received.get() < expected && Instant::now() < deadline {
        sleep(Duration::from_millis(20)).await;
    }
    Ok(Outcome {
        sent,
        expected,
        received: hall.received.get(),
        lost: hall.lost.get(),
        times: hall.times.take(),
        late: hall.late.take(),
    })
}

/// Starts to read; returns the half that is written to.
fn listen(hall: &Rc<Hall>, stream: TcpStream, first: Vec<u8>) -> Result<OwnedWriteHalf> {
    let (reading, writing) = stream.into_split();
    let mut reader = Reader::default();
    hall.take(&mut reader, &first)?;
    let hall = hall.clone();
    tokio::task::spawn_local(async move {
        if hall.read(reader, &reading).await.is_err() {
            hall.lost.set(hall.lost.get() + 1);
        }
    });
    Ok(writing)
}

impl Hall {
    async fn read(&self, mut reader: Reader, stream: &OwnedReadHalf) -> Result<()> {
        let mut buffer = vec![0; BUFFER];
        loop {
            stream.readable().await?;
            match stream.try_read(&mut buffer) {
                Ok(0) => anyhow::bail!("closed"),
                Ok(length) => self.take(&mut reader, buffer.get(..length).unwrap_or_default())?,
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn take(&self, reader: &mut Reader, bytes: &[u8]) -> Result<()> {
        let now = self.marks.now();
        reader.feed(bytes, |opcode, payload| {
            if opcode == Opcode::Text
                && let Some(due) = self.due(payload)
            {
                self.received.set(self.received.get() + 1);
                self.times.borrow_mut().record(now.saturating_sub(due));
            }
        })?;
        Ok(())
    }

    fn due(&self, text: &[u8]) -> Option<u64> {
        let begin = memmem::find(text, SIGN)? + SIGN.len();
        let id = Uuid::try_parse_ascii(text.get(begin..begin + 36)?).ok()?;
        self.marks.due(id)
    }
}
