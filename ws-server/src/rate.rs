//! How many frames a socket may send, and how many sockets a user may open.
//!
//! Both by the generic cell rate algorithm: all that is stored is when the allowance will be whole
//! again.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use protocol::ids::UserId;
use tokio::time::Instant;

/// The window of the limit on new sockets.
const MINUTE: Duration = Duration::from_secs(60);
/// Users remembered before the first sweep for those whose allowance is whole.
const FIRST_SWEEP: usize = 1024;

/// A token bucket: one second's worth at once, refilled evenly.
#[derive(Clone, Copy, Debug)]
pub struct Bucket {
    /// One frame's share of a second; zero means no limit.
    share: Duration,
    full_at: Instant,
}

impl Bucket {
    /// A full bucket of `per_second` frames; `None` is no limit.
    #[must_use]
    pub fn new(per_second: Option<u32>, now: Instant) -> Self {
        Self {
            share: per_second.map_or(Duration::ZERO, |count| {
                Duration::from_secs(1) / count.max(1)
            }),
            full_at: now,
        }
    }

    /// Takes one; false if there is none.
    pub fn take(&mut self, now: Instant) -> bool {
        let full_at = self.full_at.max(now) + self.share;
        let allowed = full_at <= now + Duration::from_secs(1);
        if allowed {
            self.full_at = full_at;
        }
        allowed
    }
}

/// New sockets a user may open on this server.
#[derive(Debug)]
pub struct NewSockets {
    /// One socket's share of a minute; zero means no limit.
    share: Duration,
    users: Mutex<Users>,
}

#[derive(Debug)]
struct Users {
    full_at: HashMap<UserId, Instant>,
    sweep_at: usize,
}

impl NewSockets {
    /// `per_minute` for each user; `None` is no limit.
    #[must_use]
    pub fn new(per_minute: Option<u32>) -> Self {
        Self {
            share: per_minute.map_or(Duration::ZERO, |count| MINUTE / count.max(1)),
            users: Mutex::new(Users {
                full_at: HashMap::new(),
                sweep_at: FIRST_SWEEP,
            }),
        }
    }

    /// Takes one.
    ///
    /// # Errors
    /// How long to wait for the next one.
    pub fn take(&self, user: UserId) -> Result<(), Duration> {
        if self.share.is_zero() {
            return Ok(());
        }
        let now = Instant::now();
        let mut users = self.users.lock().unwrap_or_else(PoisonError::into_inner);
        if users.full_at.len() >= users.sweep_at {
            users.full_at.retain(|_, at| *at > now);
            users.sweep_at = FIRST_SWEEP.max(users.full_at.len() * 2);
        }
        let full_at = users.full_at.entry(user).or_insert(now);
        let next = (*full_at).max(now) + self.share;
        if next > now + MINUTE {
            return Err(next - now - MINUTE);
        }
        *full_at = next;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_user_opens_so_many_sockets_a_minute_and_others_do_not_care() {
        let limit = NewSockets::new(Some(30));
        let user = UserId::new();
        for _ in 0..30 {
            assert_eq!(limit.take(user), Ok(()));
        }
        let wait = limit.take(user).unwrap_err();
        assert_eq!(wait, Duration::from_secs(2));
        assert_eq!(limit.take(UserId::new()), Ok(()));
        tokio::time::advance(wait).await;
        assert_eq!(limit.take(user), Ok(()));
        assert!(limit.take(user).is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn users_who_came_long_ago_are_forgotten() {
        let limit = NewSockets::new(Some(30));
        for _ in 0..10 {
            for _ in 0..FIRST_SWEEP {
                assert_eq!(limit.take(UserId::new()), Ok(()));
            }
            tokio::time::advance(MINUTE).await;
        }
        let remembered = limit.users.lock().unwrap().full_at.len();
        assert!(remembered <= FIRST_SWEEP * 2, "{remembered}");
    }

    #[test]
    fn a_second_holds_so_many_and_they_come_back_evenly() {
        let start = Instant::now();
        let mut bucket = Bucket::new(Some(30), start);
        let burst = (0..100).filter(|_| bucket.take(start)).count();
        assert_eq!(burst, 30);
        assert!(bucket.take(start + Duration::from_millis(34)));
        assert!(!bucket.take(start + Duration::from_millis(35)));
        let later = start + Duration::from_secs(60);
        assert_eq!((0..100).filter(|_| bucket.take(later)).count(), 30);
    }

    #[test]
    fn without_a_limit_there_is_always_one() {
        let now = Instant::now();
        let mut bucket = Bucket::new(None, now);
        assert!((0..10_000).all(|_| bucket.take(now)));
    }
}
