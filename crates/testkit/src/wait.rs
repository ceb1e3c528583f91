//! Waiting for a condition, with a deadline.

use std::fmt::Debug;
use std::panic::Location;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};

/// Between two looks: short beside every interval a test sets, long beside a look's cost.
const PAUSE: Duration = Duration::from_millis(20);

/// What a look at a condition may return.
pub trait Answer {
    /// What a look that succeeded gives to the test.
    type Value;

    /// The value, or what was seen instead.
    ///
    /// # Errors
    /// What was seen instead.
    fn into_result(self) -> Result<Self::Value, String>;
}

impl Answer for bool {
    type Value = ();

    fn into_result(self) -> Result<(), String> {
        self.then_some(()).ok_or_else(|| "false".to_owned())
    }
}

impl<T> Answer for Option<T> {
    type Value = T;

    fn into_result(self) -> Result<T, String> {
        self.ok_or_else(|| "None".to_owned())
    }
}

impl<T, E: Debug> Answer for Result<T, E> {
    type Value = T;

    fn into_result(self) -> Result<T, String> {
        self.map_err(|error| format!("{error:?}"))
    }
}

/// Looks again and again until the answer is `true`, `Some` or `Ok`.
///
/// # Panics
/// If it is not by the deadline; the message holds what the last look saw.
#[track_caller]
pub fn eventually<A: Answer, F: Future<Output = A>>(
    deadline: Duration,
    mut look: impl FnMut() -> F,
) -> impl Future<Output = A::Value> {
    let caller = Location::caller();
    async move {
        let end = Instant::now() + deadline;
        let mut seen = "nothing: the first look did not come back".to_owned();
        loop {
            match timeout_at(end, look()).await {
                Ok(answer) => match answer.into_result() {
                    Ok(value) => return value,
                    Err(instead) => seen = instead,
                },
                Err(_elapsed) => panic!("{caller}: not within {deadline:?}; last seen: {seen}"),
            }
            assert!(
                Instant::now() < end,
                "{caller}: not within {deadline:?}; last seen: {seen}"
            );
            sleep(PAUSE).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[tokio::test]
    async fn it_looks_until_there_is_something() {
        let looks = Cell::new(0);
        let found = eventually(Duration::from_secs(1), || async {
            looks.set(looks.get() + 1);
            (looks.get() == 3).then_some("found")
        });
        assert_eq!(found.await, "found");
        assert_eq!(looks.get(), 3);
    }

    #[tokio::test]
    #[should_panic(expected = "last seen: \"still 7\"")]
    async fn it_says_what_it_saw_last() {
        eventually(PAUSE, || async { Err::<(), _>("still 7") }).await;
    }

    #[tokio::test]
    #[should_panic(expected = "the first look did not come back")]
    async fn a_look_that_hangs_is_given_up() {
        eventually(PAUSE, std::future::pending::<bool>).await;
    }
}
