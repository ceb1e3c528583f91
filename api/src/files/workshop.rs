//! Work on pictures, on a bounded number of threads.
//!
//! A picture takes up to some hundred megabytes and some seconds. A few are worked on at a time, a
//! short line waits, and one that takes too long is given up: its thread goes on until the limit on
//! pixels ends it, and keeps its turn so long.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::config::FilesConfig;
use super::picture::Unfit;
use crate::error::{ApiError, Result};
use crate::metrics;

/// Pictures that may wait for each one that is worked on.
const WAITING_PER_WORKER: usize = 32;

/// Where pictures are worked on.
#[derive(Clone, Debug)]
pub struct Workshop {
    turns: Arc<Semaphore>,
    places: Arc<Semaphore>,
    deadline: Duration,
}

impl Workshop {
    /// One with as many workers as the settings say.
    #[must_use]
    pub fn new(config: &FilesConfig) -> Self {
        let workers = config.picture_workers.max(1);
        Self {
            turns: Arc::new(Semaphore::new(workers)),
            places: Arc::new(Semaphore::new(workers * (WAITING_PER_WORKER + 1))),
            deadline: config.picture_deadline,
        }
    }

    /// What the work makes of a picture; `None` if it is none that can be worked on.
    ///
    /// # Errors
    /// 503 if too many wait, or the turn does not come in time.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Unfit> + Send + 'static,
    ) -> Result<Option<T>> {
        let Ok(_place) = self.places.try_acquire() else {
            return Err(ApiError::unavailable());
        };
        let turn = timeout(self.deadline, Arc::clone(&self.turns).acquire_owned()).await;
        let turn = turn.map_err(|_elapsed| ApiError::unavailable())?;
        let began = std::time::Instant::now();
        let working = tokio::task::spawn_blocking(move || {
            let made = work();
            drop(turn);
            made
        });
        let made = timeout(self.deadline, working).await;
        let (outcome, made) = match made {
            Ok(Ok(Ok(made))) => ("made", Some(made)),
            Ok(Ok(Err(unfit))) => {
                tracing::debug!(%unfit, "a picture is none");
                ("refused", None)
            }
            Ok(Err(panicked)) => {
                tracing::error!(error = %panicked, "the work on a picture panicked");
                ("panicked", None)
            }
            Err(_elapsed) => {
                tracing::warn!("a picture took too long");
                ("late", None)
            }
        };
        metrics::picture(outcome, began.elapsed());
        Ok(made)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    fn workshop(deadline: Duration) -> Workshop {
        Workshop {
            turns: Arc::new(Semaphore::new(1)),
            places: Arc::new(Semaphore::new(2)),
            deadline,
        }
    }

    #[tokio::test]
    async fn a_panic_or_a_refusal_is_no_picture_and_the_turn_comes_back() {
        let workshop = workshop(Duration::from_secs(30));
        let panicked: Result<Option<()>> = workshop.run(|| panic!("a decoder's fault")).await;
        assert_eq!(panicked.unwrap(), None);
        let refused: Result<Option<()>> = workshop.run(|| Err(Unfit::TooLarge)).await;
        assert_eq!(refused.unwrap(), None);
        assert_eq!(workshop.run(|| Ok(1)).await.unwrap(), Some(1));
    }

    #[tokio::test]
    async fn one_that_takes_too_long_is_given_up_and_keeps_its_turn() {
        let workshop = workshop(Duration::from_millis(50));
        let (finish, finished) = mpsc::channel::<()>();
        let endless = move || {
            // An error is an end too.
            _ = finished.recv();
            Ok(())
        };
        assert_eq!(workshop.run(endless).await.unwrap(), None);
        assert!(workshop.run(|| Ok(())).await.is_err(), "there is one turn");
        finish.send(()).unwrap();
        let _turn = workshop.turns.acquire().await.unwrap();
    }
}
