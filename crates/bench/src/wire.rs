//! WebSocket frames (RFC 6455) as a load generator needs them: a server's are read where they lie,
//! a client's are masked.
//!
//! A library that reads one frame at a time into a buffer of its own costs several times what is
//! spent here, and ten thousand sockets would have ten thousand buffers. Here a thread's sockets
//! share one, and a socket owns memory only while a frame of its is incomplete.

use std::fmt;

/// FIN, and no reserved bit.
const FIN: u8 = 0x80;
/// The bit that says that a mask follows.
const MASK: u8 = 0x80;
/// No event of the contract comes near.
const MAX_PAYLOAD: u64 = 1 << 20;

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opcode {
    /// Text.
    Text,
    /// The other side closes.
    Close,
    /// To be answered.
    Ping,
    /// An answer.
    Pong,
}

/// A server said what this generator does not take.
#[derive(Debug, PartialEq, Eq)]
pub enum WireError {
    /// Fragmented, compressed, binary or unknown.
    Kind(u8),
    /// A server must not mask (RFC 6455, section 5.1).
    Masked,
    /// Longer than any event.
    TooLong(u64),
}

impl fmt::Display for WireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kind(first) => write!(f, "a frame begins with {first:#04x}"),
            Self::Masked => f.write_str("a server's frame is masked"),
            Self::TooLong(length) => write!(f, "a frame of {length} bytes"),
        }
    }
}

impl std::error::Error for WireError {}

/// What one connection has begun to read.
#[derive(Debug, Default)]
pub struct Reader {
    /// The beginning of an incomplete frame.
    rest: Vec<u8>,
}

impl Reader {
    /// Takes what was read, and hands over each frame that is complete.
    ///
    /// # Errors
    /// The stream cannot be read further.
    pub fn feed(
        &mut self,
        bytes: &[u8],
        mut each: impl FnMut(Opcode, &[u8]),
    ) -> Result<(), WireError> {
        if self.rest.is_empty() {
            let taken = frames(bytes, &mut each)?;
            self.rest
                .extend_from_slice(bytes.get(taken..).unwrap_or_default());
            return Ok(());
        }
        self.rest.extend_from_slice(bytes);
        let rest = std::mem::take(&mut self.rest);
        let taken = frames(&rest, &mut each)?;
        if taken < rest.len() {
            self.rest = rest;
            self.rest.drain(..taken);
        }
        Ok(())
    }
}

/// Hands over the complete frames, and says how many bytes they were.
fn frames(bytes: &[u8], each: &mut impl FnMut(Opcode, &[u8])) -> Result<usize, WireError> {
    let mut taken = 0;
    while let Some(frame) = Frame::first(bytes.get(taken..).unwrap_or_default())? {
        each(frame.opcode, frame.payload);
        taken += frame.length;
    }
    Ok(taken)
}

/// A server's frame.
struct Frame<'a> {
    opcode: Opcode,
    payload: &'a [u8],
    /// With its header.
    length: usize,
}

impl<'a> Frame<'a> {
    /// The one that the bytes begin with; `None` if it is incomplete.
    fn first(bytes: &'a [u8]) -> Result<Option<Self>, WireError> {
        let &[first, second, ..] = bytes else {
            return Ok(None);
        };
        if second & MASK != 0 {
            return Err(WireError::Masked);
        }
        let opcode = match first {
            0x81 => Opcode::Text,
            0x88 => Opcode::Close,
            0x89 => Opcode::Ping,
            0x8a => Opcode::Pong,
            other => return Err(WireError::Kind(other)),
        };
        let (head, length) = match (second, bytes) {
            (126, &[_, _, a, b, ..]) => (4, u64::from(u16::from_be_bytes([a, b]))),
            (127, &[_, _, a, b, c, d, e, f, g, h, ..]) => {
                (10, u64::from_be_bytes([a, b, c, d, e, f, g, h]))
            }
            (126 | 127, _) => return Ok(None),
            (short, _) => (2, u64::from(short)),
        };
        if length > MAX_PAYLOAD {
            return Err(WireError::TooLong(length));
        }
        let end = head + length as usize;
        Ok(bytes.get(head..end).map(|payload| Self {
            opcode,
            payload,
            length: end,
        }))
    }
}

/// A client's frame: masked, in one piece.
#[must_use]
pub fn client_frame(opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    let code = match opcode {
        Opcode::Text => 1,
        Opcode::Close => 8,
        Opcode::Ping => 9,
        Opcode::Pong => 10,
    };
    let mask: [u8; 4] = rand::random();
    let mut frame = Vec::with_capacity(payload.len() + 14);
    frame.push(FIN | code);
    match payload.len() {
        length @ 0..=125 => frame.push(MASK | length as u8),
        length @ ..=0xffff => {
            frame.push(MASK | 126);
            frame.extend_from_slice(&(length as u16).to_be_bytes());
        }
        length => {
            frame.push(MASK | 127);
            frame.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    frame.extend_from_slice(&mask);
    let masked = payload.iter().zip(mask.iter().cycle());
    frame.extend(masked.map(|(byte, mask)| byte ^ mask));
    frame
}

#[cfg(test)]
pub mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A server's frame, by the letter of RFC 6455, section 5.2.
    pub fn server_frame(first: u8, payload: &[u8]) -> Vec<u8> {
        let mut frame = vec![first];
        match payload.len() {
            length @ 0..126 => frame.push(length as u8),
            length @ 126..65536 => {
                frame.push(126);
                frame.extend_from_slice(&(length as u16).to_be_bytes());
            }
            length => {
                frame.push(127);
                frame.extend_from_slice(&(length as u64).to_be_bytes());
            }
        }
        frame.extend_from_slice(payload);
        frame
    }

    proptest! {
        #[test]
        fn frames_come_out_whole_however_they_are_cut(
            lengths in prop::collection::vec(prop_oneof![0..200_usize, 65_000..66_000_usize], 1..6),
            cuts in prop::collection::vec(1..5000_usize, 1..8),
        ) {
            let sent: Vec<Vec<u8>> = lengths.iter().enumerate().map(|(i, n)| vec![i as u8; *n]).collect();
            let stream: Vec<u8> = sent.iter().flat_map(|payload| server_frame(0x81, payload)).collect();
            let mut reader = Reader::default();
            let mut got = Vec::new();
            let mut cuts = cuts.iter().cycle();
            let mut left = &stream[..];
            while !left.is_empty() {
                let (now, later) = left.split_at((*cuts.next().unwrap()).min(left.len()));
                reader.feed(now, |_, payload| got.push(payload.to_vec())).unwrap();
                left = later;
            }
            prop_assert_eq!(got, sent);
            prop_assert!(reader.rest.is_empty());
        }
    }

    #[test]
    fn what_a_server_must_not_send_is_an_error() {
        let mut reader = Reader::default();
        assert_eq!(
            reader.feed(&[0x81, 0x81, 0, 0, 0, 0, 0], |_, _| ()),
            Err(WireError::Masked)
        );
        assert_eq!(
            reader.feed(&[0x01, 0x01, 0], |_, _| ()),
            Err(WireError::Kind(1))
        );
        let endless = [0x81, 127, 0, 0, 1, 0, 0, 0, 0, 0];
        assert_eq!(
            reader.feed(&endless, |_, _| ()),
            Err(WireError::TooLong(1 << 40))
        );
    }

    #[test]
    fn a_client_masks() {
        let frame = client_frame(Opcode::Text, b"hello");
        assert_eq!(frame[..2], [0x81, 0x85]);
        let (mask, payload) = frame[2..].split_at(4);
        let text: Vec<u8> = payload
            .iter()
            .zip(mask.iter().cycle())
            .map(|(b, m)| b ^ m)
            .collect();
        assert_eq!(text, b"hello");
    }
}
