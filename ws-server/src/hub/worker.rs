//! A worker thread's own things, and what is written to its sockets out of the hub's turn.

use std::cell::{RefCell, RefMut};
use std::rc::Rc;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use protocol::frame::{CloseCode, ServerFrame};
use tokio::time::Instant;

use super::Hub;
use crate::app::Shared;
use crate::connection::Socket;
use crate::outbound::text_frame;
use crate::workers::Inbox;

/// A worker thread's own things.
#[derive(Debug)]
pub struct Worker {
    /// The process.
    pub shared: Arc<Shared>,
    /// The worker's number.
    pub index: usize,
    hub: RefCell<Hub>,
    /// Where every connection of this worker is read into.
    buffer: RefCell<BytesMut>,
}

impl Worker {
    /// A worker without sockets, whose hub will take from this inbox.
    #[must_use]
    pub fn new(shared: Arc<Shared>, inbox: &Inbox) -> Rc<Self> {
        let hub = Hub::new(&shared.config.delivery, inbox.interests.clone());
        Rc::new(Self {
            shared,
            index: inbox.index,
            hub: RefCell::new(hub),
            buffer: RefCell::default(),
        })
    }

    /// The hub. Never held across an `await`, nor while a socket's own methods call back.
    pub fn hub(&self) -> RefMut<'_, Hub> {
        self.hub.borrow_mut()
    }

    /// Lends the buffer that connections are read into.
    pub fn read<T>(&self, read: impl FnOnce(&mut BytesMut) -> T) -> T {
        read(&mut self.buffer.borrow_mut())
    }

    /// Sends a frame to one socket, out of turn.
    pub fn send(&self, socket: &Rc<Socket>, frame: Bytes) {
        let deadline = self.close_deadline();
        if socket.push(frame).is_err() {
            socket.abandon(deadline);
        }
        self.hub().write(socket, Instant::now());
    }

    /// Sends a frame of the server's own to one socket, out of turn.
    pub fn reply(&self, socket: &Rc<Socket>, frame: &ServerFrame) {
        self.send(socket, text_frame(frame.encode().as_bytes()));
    }

    /// Queues a frame for one of many sockets: the hub writes it in its turn.
    pub fn enqueue(&self, socket: &Rc<Socket>, frame: Bytes) {
        if socket.push(frame).is_err() {
            socket.abandon(self.close_deadline());
        }
        self.hub().make_due(socket);
    }

    /// Closes one of many sockets, behind what waits for it, in the hub's turn.
    pub fn close_in_turn(&self, socket: &Rc<Socket>, code: CloseCode) {
        socket.finish(code, self.close_deadline());
        self.hub().make_due(socket);
    }

    /// Closes a socket, behind what waits for it.
    pub fn close(&self, socket: &Rc<Socket>, code: CloseCode) {
        socket.finish(code, self.close_deadline());
        self.hub().write(socket, Instant::now());
    }

    pub(super) fn close_deadline(&self) -> Instant {
        Instant::now() + self.shared.config.socket.close_deadline
    }
}
