//! How long to wait before trying again: full jitter, so that many who failed together do not
//! come back together (Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog, 2015).

use std::time::Duration;

/// Grows from try to try until it is reset.
#[derive(Clone, Debug)]
pub struct Backoff {
    base: Duration,
    max: Duration,
    tries: u32,
}

impl Backoff {
    /// Waits up to `base` the first time, at most up to `max`.
    #[must_use]
    pub fn new(base: Duration, max: Duration) -> Self {
        Self {
            base,
            max,
            tries: 0,
        }
    }

    /// The next wait: anything from a tenth of the ceiling, which doubles each time, to all of it.
    pub fn next_delay(&mut self) -> Duration {
        let ceiling = self
            .base
            .saturating_mul(1 << self.tries.min(16))
            .min(self.max);
        self.tries = self.tries.saturating_add(1);
        ceiling.mul_f64(rand::random_range(0.1..=1.0))
    }

    /// Starts again from `base`.
    pub fn reset(&mut self) {
        self.tries = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_the_ceiling_and_start_again() {
        let (base, max) = (Duration::from_millis(100), Duration::from_secs(2));
        let mut backoff = Backoff::new(base, max);
        assert!(backoff.next_delay() <= base);
        for _ in 0..100 {
            assert!(backoff.next_delay() <= max);
        }
        backoff.reset();
        assert!(backoff.next_delay() <= base);
    }
}
