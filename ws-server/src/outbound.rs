//! What waits to be written to one connection: a bounded queue of frames that many connections
//! share, and the rules of a reader that is too slow.
//!
//! Nothing here decides *when* to write: that is the hub.

use std::collections::VecDeque;
use std::io::{self, IoSlice};

use bytes::{BufMut, Bytes, BytesMut};
use protocol::frame::CloseCode;

/// Frames one `writev` takes; far below Linux' `IOV_MAX` (1024), and more than a tick gathers.
const FRAMES_PER_WRITE: usize = 64;
/// Room for frames that an empty queue keeps: a tick's worth in a busy room.
const KEPT_CAPACITY: usize = 16;
/// FIN and the opcode of a text frame (RFC 6455, section 5.2).
const TEXT: u8 = 0x81;
/// FIN and the opcode of a close frame.
const CLOSE: u8 = 0x88;
/// FIN and the opcode of a pong frame.
const PONG: u8 = 0x8a;
/// Longest payload whose length fits the first byte.
const SHORT_PAYLOAD: usize = 125;

/// A text frame as it travels: made once, shared by every connection that gets it.
#[must_use]
pub fn text_frame(payload: &[u8]) -> Bytes {
    frame(TEXT, payload)
}

/// The answer to a ping.
#[must_use]
pub fn pong_frame(payload: &[u8]) -> Bytes {
    frame(PONG, payload)
}

/// A close frame with the code and the contract's reason for it.
#[must_use]
pub fn close_frame(code: CloseCode) -> Bytes {
    let mut payload = code.code().to_be_bytes().to_vec();
    payload.extend_from_slice(code.reason().as_bytes());
    frame(CLOSE, &payload)
}

/// An unmasked, unfragmented frame: header and payload in one piece (RFC 6455, section 5.2).
fn frame(first: u8, payload: &[u8]) -> Bytes {
    let mut bytes = BytesMut::with_capacity(payload.len() + 10);
    bytes.put_u8(first);
    match payload.len() {
        length @ 0..=SHORT_PAYLOAD => bytes.put_u8(length as u8),
        length @ ..=0xffff => {
            bytes.put_u8(126);
            bytes.put_u16(length as u16);
        }
        length => {
            bytes.put_u8(127);
            bytes.put_u64(length as u64);
        }
    }
    bytes.extend_from_slice(payload);
    bytes.freeze()
}

/// The most that may wait for one connection.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Bytes.
    pub bytes: usize,
    /// Frames.
    pub frames: usize,
}

/// The queue is full: its reader is too slow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overflow;

/// What one attempt to write came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// Nothing waits any more.
    All,
    /// The socket takes no more now.
    Blocked,
}

/// Frames that wait for one connection.
#[derive(Debug, Default)]
pub struct Outbound {
    frames: VecDeque<Bytes>,
    /// Of all that waits, the part of the front that is written already included.
    bytes: usize,
    /// How much of the front is written.
    front_written: usize,
    /// The last frame is a close frame; nothing goes behind it.
    ended: bool,
}

impl Outbound {
    /// Puts a frame at the end. After a close frame it is dropped: nobody would read it.
    ///
    /// # Errors
    /// If more would wait than the bounds allow. The frame is dropped.
    pub fn push(&mut self, frame: Bytes, bounds: Bounds) -> Result<(), Overflow> {
        if self.ended {
            return Ok(());
        }
        if self.frames.len() >= bounds.frames || self.bytes + frame.len() > bounds.bytes {
            return Err(Overflow);
        }
        self.bytes += frame.len();
        self.frames.push_back(frame);
        Ok(())
    }

    /// Puts a close frame at the end, behind everything that waits.
    pub fn finish(&mut self, code: CloseCode) {
        if !self.ended {
            self.ended = true;
            let frame = close_frame(code);
            self.bytes += frame.len();
            self.frames.push_back(frame);
        }
    }

    /// Drops what waits and puts a close frame in its place; a front that is half written stays,
    /// or the close frame would land inside it. Returns how many frames were dropped.
    pub fn abandon(&mut self, code: CloseCode) -> usize {
        if self.ended {
            return 0;
        }
        let keep = usize::from(self.front_written > 0);
        let dropped = self.frames.len() - keep;
        self.frames.truncate(keep);
        self.bytes = self.frames.iter().map(Bytes::len).sum();
        self.finish(code);
        dropped
    }

    /// How many frames wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.frames.len()
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// Writes until all is written or the socket takes no more. `write` is one `writev`.
    ///
    /// # Errors
    /// If the connection is broken.
    pub fn write(
        &mut self,
        mut write: impl FnMut(&[IoSlice<'_>]) -> io::Result<usize>,
    ) -> io::Result<Written> {
        while !self.frames.is_empty() {
            let mut slices = [IoSlice::new(&[]); FRAMES_PER_WRITE];
            let mut wanted = 0;
            let mut skip = self.front_written;
            let count = self.frames.len().min(FRAMES_PER_WRITE);
            for (slice, frame) in slices.iter_mut().zip(&self.frames) {
                // The front is never written whole: it would have been removed.
                let rest = frame.get(skip..).unwrap_or_default();
                skip = 0;
                wanted += rest.len();
                *slice = IoSlice::new(rest);
            }
            let written = match write(slices.get(..count).unwrap_or_default()) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => written,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    return Ok(Written::Blocked);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            self.advance(written);
            if written < wanted {
                return Ok(Written::Blocked);
            }
        }
        if self.frames.capacity() > KEPT_CAPACITY {
            self.frames = VecDeque::new();
        }
        Ok(Written::All)
    }

    fn advance(&mut self, written: usize) {
        self.front_written += written;
        while let Some(front) = self.frames.front() {
            if self.front_written < front.len() {
                break;
            }
            self.front_written -= front.len();
            self.bytes -= front.len();
            self.frames.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BOUNDS: Bounds = Bounds {
        bytes: 1_000,
        frames: 10,
    };

    /// A socket that takes `room` bytes and then blocks.
    fn take(
        out: &mut Vec<u8>,
        room: usize,
    ) -> impl FnMut(&[IoSlice<'_>]) -> io::Result<usize> + '_ {
        let mut room = room;
        move |slices| {
            let before = out.len();
            for slice in slices {
                let part = slice.len().min(room);
                out.extend_from_slice(&slice[..part]);
                room -= part;
            }
            match out.len() - before {
                0 => Err(io::ErrorKind::WouldBlock.into()),
                written => Ok(written),
            }
        }
    }

    #[test]
    fn a_frame_has_the_header_of_its_length() {
        assert_eq!(&text_frame(b"hi")[..], b"\x81\x02hi");
        let long = text_frame(&[b'x'; 126]);
        assert_eq!(&long[..4], b"\x81\x7e\x00\x7e");
        let longer = text_frame(&vec![b'x'; 70_000]);
        assert_eq!(&longer[..10], b"\x81\x7f\x00\x00\x00\x00\x00\x01\x11\x70");
        assert_eq!(&close_frame(CloseCode::SlowReader)[2..4], &[0x11, 0x9c]);
    }

    #[test]
    fn a_queue_takes_no_more_frames_and_bytes_than_it_may() {
        let mut out = Outbound::default();
        for _ in 0..10 {
            out.push(text_frame(b"x"), BOUNDS).unwrap();
        }
        assert_eq!(out.push(text_frame(b"x"), BOUNDS), Err(Overflow));
        let mut out = Outbound::default();
        out.push(text_frame(&[0; 900]), BOUNDS).unwrap();
        assert_eq!(out.push(text_frame(&[0; 900]), BOUNDS), Err(Overflow));
    }

    #[test]
    fn an_abandoned_queue_keeps_its_half_written_front_whole() {
        let (first, second) = (text_frame(b"first"), text_frame(b"second"));
        let mut out = Outbound::default();
        out.push(first.clone(), BOUNDS).unwrap();
        out.push(second, BOUNDS).unwrap();
        let mut wire = Vec::new();
        assert_eq!(out.write(take(&mut wire, 3)).unwrap(), Written::Blocked);
        assert_eq!(out.abandon(CloseCode::SlowReader), 1);
        assert_eq!(out.write(take(&mut wire, 1_000)).unwrap(), Written::All);
        assert_eq!(wire, [first, close_frame(CloseCode::SlowReader)].concat());
    }

    #[test]
    fn nothing_goes_behind_a_close_frame() {
        let mut out = Outbound::default();
        out.finish(CloseCode::Silent);
        out.push(text_frame(b"late"), BOUNDS).unwrap();
        out.finish(CloseCode::Normal);
        let mut wire = Vec::new();
        out.write(take(&mut wire, 1_000)).unwrap();
        assert_eq!(wire, close_frame(CloseCode::Silent));
    }

    #[test]
    fn a_broken_socket_is_an_error() {
        let mut out = Outbound::default();
        out.push(text_frame(b"x"), BOUNDS).unwrap();
        let error = out
            .write(|_| Err(io::ErrorKind::BrokenPipe.into()))
            .unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
    }

    proptest! {
        #[test]
        fn frames_leave_whole_and_in_order_whatever_the_socket_takes(
            payloads in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..200),
            rooms in prop::collection::vec(1_usize..500, 1..50),
        ) {
            let bounds = Bounds { bytes: usize::MAX, frames: usize::MAX };
            let mut out = Outbound::default();
            let frames: Vec<_> = payloads.iter().map(|payload| text_frame(payload)).collect();
            for frame in &frames {
                out.push(frame.clone(), bounds).unwrap();
            }
            let mut wire = Vec::new();
            for room in rooms.iter().cycle() {
                if out.write(take(&mut wire, *room)).unwrap() == Written::All {
                    break;
                }
            }
            prop_assert_eq!(wire, frames.concat());
            prop_assert_eq!(out.bytes, 0);
            prop_assert!(out.is_empty());
        }
    }
}
