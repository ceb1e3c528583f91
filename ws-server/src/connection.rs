//! One connection: its state, reading its frames, and closing it.
//!
//! A connection belongs to one worker thread, so its state is in cells. Reading is the task that
//! the HTTP server started for it; writing is the hub's.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::io;
use std::rc::Rc;
use std::task::{Poll, Waker};
use std::time::Duration;

use actix_codec::Decoder as _;
use actix_http::ws::{Codec, Frame};
use actix_web::rt::net::TcpStream;
use actix_ws::{Item, ProtocolError};
use bytes::{Bytes, BytesMut};
use protocol::frame::CloseCode;
use protocol::internal::SessionRef;
use protocol::limits::FRAME_BYTES;
use tokio::time::Instant;

use crate::commands;
use crate::commands::Pending;
use crate::hub::Worker;
use crate::metrics::{self, Dropped};
use crate::outbound::{self, Bounds, Outbound, Overflow, Written};
use crate::rate::Bucket;
use crate::roster::SocketAddress;
use crate::settle::Membership;

/// Read at once from one connection: a few dozen ordinary frames.
const READ_BYTES: usize = 16 * 1024;
/// Longest header of a client's frame (RFC 6455, section 5.2).
const HEADER_BYTES: usize = 14;

/// One client.
#[derive(Debug)]
pub struct Socket {
    /// Where it lives.
    pub address: SocketAddress,
    /// Whose it is.
    pub session: SessionRef,
    /// When it was accepted.
    pub opened_at: Instant,
    /// When its token ends.
    pub expires_at: Cell<Instant>,
    /// When it last said something.
    pub heard_at: Cell<Instant>,
    /// When a draining server closes it.
    pub leave_at: Cell<Option<Instant>>,
    /// When it was last written to.
    pub flushed_at: Cell<Instant>,
    /// The hub has it on a list of those to be written to.
    pub listed: Cell<bool>,
    /// The last delivery it got: two keys of one event may match.
    pub last_delivery: Cell<u64>,
    /// Frames it may still send.
    pub bucket: Cell<Bucket>,
    /// Frames that could not be read.
    pub malformed: Cell<u32>,
    /// Its bindings, and which `ready` it is owed.
    pub membership: RefCell<Membership>,
    /// What it asked for and is not done; most connections have nothing.
    pub pending: RefCell<Option<Box<Pending>>>,
    io: TcpStream,
    out: RefCell<Outbound>,
    bounds: Bounds,
    closing: Cell<Option<Closing>>,
    /// The client sent a close frame: nothing more comes.
    peer_closed: Cell<bool>,
    /// Nothing can be written or read any more.
    broken: Cell<bool>,
    reader: RefCell<Option<Waker>>,
}

/// A close frame is on its way.
#[derive(Clone, Copy, Debug)]
pub struct Closing {
    /// Why.
    pub code: CloseCode,
    /// The connection is dropped then, whatever the client does.
    pub deadline: Instant,
}

/// What a socket is made of.
#[derive(Debug)]
pub struct NewSocket {
    /// The TCP connection, after the handshake.
    pub io: TcpStream,
    /// Whose it is.
    pub session: SessionRef,
    /// When its token ends.
    pub expires_at: Instant,
    /// How much may wait for it.
    pub bounds: Bounds,
    /// Frames it may send.
    pub bucket: Bucket,
    /// Its bindings.
    pub membership: Membership,
}

impl Socket {
    /// A socket at this address.
    #[must_use]
    pub fn new(address: SocketAddress, new: NewSocket) -> Self {
        let now = Instant::now();
        Self {
            address,
            session: new.session,
            opened_at: now,
            expires_at: Cell::new(new.expires_at),
            heard_at: Cell::new(now),
            leave_at: Cell::new(None),
            // Its first frame is written at once.
            flushed_at: Cell::new(now - Duration::from_secs(1)),
            listed: Cell::new(false),
            last_delivery: Cell::new(0),
            bucket: Cell::new(new.bucket),
            malformed: Cell::new(0),
            membership: RefCell::new(new.membership),
            pending: RefCell::default(),
            io: new.io,
            out: RefCell::default(),
            bounds: new.bounds,
            closing: Cell::new(None),
            peer_closed: Cell::new(false),
            broken: Cell::new(false),
            reader: RefCell::default(),
        }
    }

    /// Queues a frame. A queue that is full closes the socket: its reader is too slow.
    ///
    /// # Errors
    /// If the queue is full.
    pub fn push(&self, frame: Bytes) -> Result<(), Overflow> {
        self.out.borrow_mut().push(frame, self.bounds)
    }

    /// Drops what waits, and closes with 4508 as soon as the client reads again.
    pub fn abandon(&self, deadline: Instant) {
        let dropped = self.out.borrow_mut().abandon(CloseCode::SlowReader);
        // The one that did not fit is lost as well.
        metrics::dropped(Dropped::SlowReader, dropped + 1);
        self.set_closing(CloseCode::SlowReader, deadline);
    }

    /// Queues a close frame behind what waits.
    pub fn finish(&self, code: CloseCode, deadline: Instant) {
        self.out.borrow_mut().finish(code);
        self.set_closing(code, deadline);
    }

    /// The close frame that is on its way.
    #[must_use]
    pub fn closing(&self) -> Option<Closing> {
        self.closing.get()
    }

    /// Writes what waits, as far as the socket takes it.
    pub fn flush(&self, now: Instant) -> Written {
        self.flushed_at.set(now);
        let mut out = self.out.borrow_mut();
        if out.is_empty() {
            return Written::All;
        }
        let written = out.write(|slices| {
            metrics::DELIVERY.writes.increment(1);
            self.io.try_write_vectored(slices)
        });
        match written {
            Ok(Written::All) => {
                if self.peer_closed.get() {
                    self.wake();
                }
                Written::All
            }
            Ok(Written::Blocked) => Written::Blocked,
            Err(_broken) => {
                drop(out);
                self.drop_now();
                Written::All
            }
        }
    }

    /// Ends the connection without a word.
    pub fn drop_now(&self) {
        self.broken.set(true);
        self.wake();
    }

    fn set_closing(&self, code: CloseCode, deadline: Instant) {
        if self.closing.get().is_none() {
            self.closing.set(Some(Closing { code, deadline }));
        }
    }

    fn wake(&self) {
        if let Some(waker) = self.reader.borrow_mut().take() {
            waker.wake();
        }
    }

    fn is_over(&self) -> bool {
        self.broken.get() || (self.peer_closed.get() && self.out.borrow().is_empty())
    }

    /// Waits for input; false when the connection is over.
    async fn readable(&self) -> bool {
        poll_fn(|context| {
            if self.is_over() {
                return Poll::Ready(false);
            }
            let mut reader = self.reader.borrow_mut();
            if !reader
                .as_ref()
                .is_some_and(|waker| waker.will_wake(context.waker()))
            {
                *reader = Some(context.waker().clone());
            }
            drop(reader);
            self.io.poll_read_ready(context).map(|ready| ready.is_ok())
        })
        .await
    }
}

/// Reads a connection until it is over. `rest` came with the handshake.
pub async fn serve(worker: &Rc<Worker>, socket: &Rc<Socket>, rest: BytesMut) {
    let mut input = Input::new(rest);
    input.decode_rest(worker, socket);
    while socket.readable().await {
        if !worker.read(|buffer| input.read(worker, socket, buffer)) {
            return;
        }
    }
}

/// What has come from a client and is not yet a whole message.
#[derive(Debug)]
struct Input {
    codec: Codec,
    /// A frame that has begun: nearly always empty, and then without memory of its own.
    rest: BytesMut,
    /// A message in several frames.
    fragments: Option<Fragments>,
}

#[derive(Debug)]
struct Fragments {
    text: bool,
    bytes: BytesMut,
}

impl Input {
    fn new(rest: BytesMut) -> Self {
        Self {
            // A frame that is too big is refused here by its length, before it has come.
            codec: Codec::new().max_size(FRAME_BYTES),
            rest: if rest.is_empty() {
                BytesMut::new()
            } else {
                rest
            },
            fragments: None,
        }
    }

    /// What came in the same packet as the handshake.
    fn decode_rest(&mut self, worker: &Rc<Worker>, socket: &Rc<Socket>) {
        if !self.rest.is_empty() {
            let mut rest = std::mem::take(&mut self.rest);
            self.decode(worker, socket, &mut rest);
            self.keep(worker, socket, &rest);
        }
    }

    /// Reads once into `buffer`, which all connections of the worker share. False at the end.
    fn read(&mut self, worker: &Rc<Worker>, socket: &Rc<Socket>, buffer: &mut BytesMut) -> bool {
        buffer.clear();
        buffer.extend_from_slice(&self.rest);
        buffer.reserve(READ_BYTES);
        match socket.io.try_read_buf(buffer) {
            Ok(0) => return false,
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return true,
            Err(_gone) => return false,
        }
        self.decode(worker, socket, buffer);
        self.keep(worker, socket, buffer);
        true
    }

    fn decode(&mut self, worker: &Rc<Worker>, socket: &Rc<Socket>, buffer: &mut BytesMut) {
        loop {
            if socket.closing().is_some() {
                // Only the client's own close frame still counts.
                self.skip_to_close(socket, buffer);
                return;
            }
            match self.codec.decode(buffer) {
                Ok(Some(frame)) => self.take(worker, socket, frame),
                Ok(None) => return,
                Err(ProtocolError::Overflow) => worker.close(socket, CloseCode::TooBig),
                Err(_error) => worker.close(socket, CloseCode::ProtocolError),
            }
        }
    }

    fn skip_to_close(&mut self, socket: &Rc<Socket>, buffer: &mut BytesMut) {
        loop {
            match self.codec.decode(buffer) {
                Ok(Some(Frame::Close(_))) => socket.peer_closed.set(true),
                Ok(Some(_)) => {}
                Ok(None) => return,
                Err(_error) => return buffer.clear(),
            }
        }
    }

    /// Keeps what is not a whole frame yet, unless it never may become one.
    fn keep(&mut self, worker: &Rc<Worker>, socket: &Rc<Socket>, left: &BytesMut) {
        self.rest = if left.is_empty() {
            BytesMut::new()
        } else {
            BytesMut::from(&left[..])
        };
        if self.rest.len() > FRAME_BYTES + HEADER_BYTES || announces_too_much(&self.rest) {
            self.rest = BytesMut::new();
            worker.close(socket, CloseCode::TooBig);
        }
    }

    fn take(&mut self, worker: &Rc<Worker>, socket: &Rc<Socket>, frame: Frame) {
        let now = Instant::now();
        socket.heard_at.set(now);
        let mut bucket = socket.bucket.get();
        let allowed = bucket.take(now);
        socket.bucket.set(bucket);
        if !allowed {
            return worker.close(socket, CloseCode::RateLimited);
        }
        match frame {
            Frame::Text(text) => commands::receive(worker, socket, &text),
            Frame::Binary(_) => commands::refuse_binary(worker, socket),
            Frame::Ping(payload) => {
                metrics::frame_in("websocket_ping");
                worker.send(socket, outbound::pong_frame(&payload));
            }
            Frame::Pong(_) => metrics::frame_in("websocket_pong"),
            Frame::Close(_) => {
                socket.peer_closed.set(true);
                worker.close(socket, CloseCode::Normal);
            }
            Frame::Continuation(Item::FirstText(part)) => self.begin(worker, socket, true, &part),
            Frame::Continuation(Item::FirstBinary(part)) => {
                self.begin(worker, socket, false, &part);
            }
            Frame::Continuation(Item::Continue(part)) => {
                self.append(worker, socket, &part);
            }
            Frame::Continuation(Item::Last(part)) => {
                if self.append(worker, socket, &part)
                    && let Some(whole) = self.fragments.take()
                {
                    if whole.text {
                        commands::receive(worker, socket, &whole.bytes);
                    } else {
                        commands::refuse_binary(worker, socket);
                    }
                }
            }
        }
    }

    fn begin(&mut self, worker: &Rc<Worker>, socket: &Rc<Socket>, text: bool, part: &[u8]) {
        self.fragments = Some(Fragments {
            text,
            bytes: BytesMut::new(),
        });
        self.append(worker, socket, part);
    }

    /// Adds a part of a message; false when the message is too big.
    fn append(&mut self, worker: &Rc<Worker>, socket: &Rc<Socket>, part: &[u8]) -> bool {
        let Some(fragments) = &mut self.fragments else {
            return false;
        };
        if fragments.bytes.len() + part.len() > FRAME_BYTES {
            self.fragments = None;
            worker.close(socket, CloseCode::TooBig);
            return false;
        }
        fragments.bytes.extend_from_slice(part);
        true
    }
}

/// Whether a frame's header, as far as it has come, promises more than a frame may hold.
fn announces_too_much(header: &[u8]) -> bool {
    match header.get(1).map(|second| second & 0x7f) {
        Some(126) => header
            .get(2..4)
            .and_then(|length| length.try_into().ok())
            .is_some_and(|length| usize::from(u16::from_be_bytes(length)) > FRAME_BYTES),
        Some(127) => header
            .get(2..10)
            .and_then(|length| length.try_into().ok())
            .is_some_and(|length| u64::from_be_bytes(length) > FRAME_BYTES as u64),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_tells_early_that_a_frame_is_too_big() {
        assert!(!announces_too_much(&[]));
        assert!(!announces_too_much(&[0x81, 0xfe, 0x80]));
        assert!(!announces_too_much(&[0x81, 0xfe, 0x80, 0x00]));
        assert!(announces_too_much(&[0x81, 0xfe, 0x80, 0x01]));
        assert!(announces_too_much(&[0x81, 0xff, 0, 0, 0, 0, 0x40, 0, 0, 0]));
        assert!(!announces_too_much(&[0x81, 0x85, 1, 2, 3, 4]));
    }
}
