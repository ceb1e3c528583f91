//! One connection: its state, and closing it.
//!
//! A connection belongs to one worker thread, so its state is in cells. Reading is the task that
//! the HTTP server started for it; writing is the hub's.

use std::cell::{Cell, RefCell};
use std::io;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use actix_web::rt::net::TcpStream;
use bytes::{Bytes, BytesMut};
use protocol::frame::CloseCode;
use protocol::internal::SessionRef;
use tokio::time::Instant;

use crate::commands::Pending;
use crate::metrics::{self, Dropped};
use crate::outbound::{Bounds, Outbound, Overflow, Written};
use crate::rate::Bucket;
use crate::roster::SocketAddress;
use crate::settle::Membership;

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
    /// When it was last written to; earlier, if that was as good as idle.
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

    /// How many frames wait.
    pub fn waiting(&self) -> usize {
        self.out.borrow().len()
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

    /// Reads what there is into `buffer`.
    ///
    /// # Errors
    /// `WouldBlock` when there is nothing; anything else when the connection is broken.
    pub fn try_read(&self, buffer: &mut BytesMut) -> io::Result<usize> {
        self.io.try_read_buf(buffer)
    }

    /// The client has sent its close frame: nothing more comes.
    pub fn set_peer_closed(&self) {
        self.peer_closed.set(true);
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
    pub fn poll_readable(&self, context: &mut Context<'_>) -> Poll<bool> {
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
    }
}
