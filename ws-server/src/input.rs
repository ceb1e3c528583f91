//! A connection's input: from bytes to whole messages, within bounds.
//!
//! Every frame counts against the rate, fragments and pings too. Nothing is kept for a connection
//! between two reads but a frame or a message that has begun.

use std::io;
use std::rc::Rc;

use actix_codec::Decoder as _;
use actix_http::ws::{Codec, Frame};
use actix_ws::{Item, ProtocolError};
use bytes::BytesMut;
use protocol::frame::CloseCode;
use protocol::limits::FRAME_BYTES;
use tokio::time::Instant;

use crate::connection::Socket;
use crate::hub::Worker;
use crate::{commands, metrics, outbound};

/// Read at once from one connection: a few dozen ordinary frames.
const READ_BYTES: usize = 16 * 1024;
/// Longest header of a client's frame (RFC 6455, section 5.2).
const HEADER_BYTES: usize = 14;

/// What has come from a client and is not yet a whole message.
#[derive(Debug)]
pub struct Input {
    codec: Codec,
    /// A frame that has begun: nearly always empty, and then without memory of its own.
    rest: BytesMut,
    /// A message in several frames.
    fragments: Option<Box<Fragments>>,
}

#[derive(Debug)]
struct Fragments {
    text: bool,
    bytes: BytesMut,
}

impl Input {
    /// A connection's input; `rest` came with its handshake.
    #[must_use]
    pub fn new(rest: BytesMut) -> Self {
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
    pub fn decode_rest(&mut self, worker: &Rc<Worker>, socket: &Rc<Socket>) {
        if !self.rest.is_empty() {
            let mut rest = std::mem::take(&mut self.rest);
            self.decode(worker, socket, &mut rest);
            self.keep(worker, socket, &rest);
        }
    }

    /// Reads once into `buffer`, which all connections of the worker share. False at the end.
    pub fn read(
        &mut self,
        worker: &Rc<Worker>,
        socket: &Rc<Socket>,
        buffer: &mut BytesMut,
    ) -> bool {
        buffer.clear();
        buffer.extend_from_slice(&self.rest);
        buffer.reserve(READ_BYTES);
        match socket.try_read(buffer) {
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
                Ok(Some(Frame::Close(_))) => socket.set_peer_closed(),
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
                metrics::FRAMES_IN.websocket_ping.increment(1);
                worker.send(socket, outbound::pong_frame(&payload));
            }
            Frame::Pong(_) => metrics::FRAMES_IN.websocket_pong.increment(1),
            Frame::Close(_) => {
                socket.set_peer_closed();
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
        self.fragments = Some(Box::new(Fragments {
            text,
            bytes: BytesMut::new(),
        }));
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
