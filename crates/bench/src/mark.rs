//! How a message says when it was due: in its `client_id`, which the server hands to everyone.
//!
//! So a receiver needs no table and no clock but its own, and a message of another run is told
//! apart. The id is a UUID of version 8 (RFC 9562, section 5.8).

use std::time::{Duration, Instant};

use uuid::Uuid;

/// One run's clock and name.
#[derive(Clone, Copy, Debug)]
pub struct Marks {
    epoch: Instant,
    run: u16,
    nonce: u64,
}

/// Bits of the run's name.
const RUN: u16 = 0x0fff;
/// Bits of the running number; the rest of the last 62 is the nonce.
const NUMBER: u64 = (1 << 24) - 1;

impl Marks {
    /// Those of a new run, whose time begins now.
    #[must_use]
    pub fn new() -> Self {
        Self {
            epoch: Instant::now(),
            run: rand::random::<u16>() & RUN,
            nonce: rand::random::<u64>() & !NUMBER,
        }
    }

    /// Since the run began, in microseconds.
    #[must_use]
    pub fn now(&self) -> u64 {
        self.at(Instant::now())
    }

    /// A moment on this clock.
    #[must_use]
    pub fn at(&self, moment: Instant) -> u64 {
        moment.saturating_duration_since(self.epoch).as_micros() as u64
    }

    /// A moment of this clock.
    #[must_use]
    pub fn moment(&self, micros: u64) -> Instant {
        self.epoch + Duration::from_micros(micros)
    }

    /// The id of the `number`th message, due then.
    #[must_use]
    pub fn id(&self, due: u64, number: u64) -> Uuid {
        let high = (due << 16) | 0x8000 | u64::from(self.run);
        let low = (0b10 << 62) | ((self.nonce | (number & NUMBER)) & (u64::MAX >> 2));
        Uuid::from_u64_pair(high, low)
    }

    /// When the message with this id was due, if it is one of this run.
    #[must_use]
    pub fn due(&self, id: Uuid) -> Option<u64> {
        let (high, _) = id.as_u64_pair();
        (high & 0xffff == 0x8000 | u64::from(self.run)).then_some(high >> 16)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_holds_when_its_message_was_due() {
        let marks = Marks::new();
        for (number, due) in [0, 1, 60_000_000, 3_600_000_000].into_iter().enumerate() {
            let id = marks.id(due, number as u64);
            assert_eq!(id.get_version_num(), 8);
            assert_eq!(id.get_variant(), uuid::Variant::RFC4122);
            assert_eq!(marks.due(id), Some(due));
        }
        assert_ne!(marks.id(7, 1), marks.id(7, 2));
    }

    #[test]
    fn an_id_of_somebody_else_holds_nothing() {
        let marks = Marks::new();
        let other = Marks {
            run: marks.run ^ 1,
            ..marks
        };
        assert_eq!(marks.due(other.id(7, 1)), None);
        assert_eq!(marks.due(Uuid::new_v4()), None);
    }
}
