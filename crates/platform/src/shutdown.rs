//! Ending a process: one signal, heard by everyone, in an order that each service decides.

use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;
pub use tokio_util::sync::CancellationToken;

/// Returns when the operator asks the process to end (SIGTERM or SIGINT).
///
/// # Errors
/// If the signal handlers cannot be installed.
pub async fn requested() -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => tracing::info!(signal = "SIGTERM", "shutdown requested"),
        _ = interrupt.recv() => tracing::info!(signal = "SIGINT", "shutdown requested"),
    }
    Ok(())
}

/// Tasks that end together, at their time in the order of a shutdown.
#[derive(Debug)]
pub struct Stage {
    name: &'static str,
    token: CancellationToken,
    tasks: Vec<JoinHandle<()>>,
}

impl Stage {
    /// A stage without tasks; `name` is what the log calls it.
    #[must_use]
    pub fn new(name: &'static str) -> Self {
        Self {
            name,
            token: CancellationToken::new(),
            tasks: Vec::new(),
        }
    }

    /// What its tasks watch: cancelled when they should finish what they have begun, and end.
    #[must_use]
    pub fn token(&self) -> CancellationToken {
        self.token.clone()
    }

    /// Adds a task.
    pub fn add(&mut self, task: JoinHandle<()>) {
        self.tasks.push(task);
    }

    /// Asks the tasks to end, and waits for them; one that takes longer than `deadline` is dropped.
    pub async fn stop(self, deadline: Duration) {
        self.token.cancel();
        for mut task in self.tasks {
            match tokio::time::timeout(deadline, &mut task).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::error!(stage = self.name, %error, "a task ended badly"),
                Err(_elapsed) => {
                    tracing::error!(stage = self.name, "a task did not end in time");
                    task.abort();
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_stage_waits_for_its_tasks_but_not_for_ever() {
        let (done, mut finished) = tokio::sync::oneshot::channel();
        let mut stage = Stage::new("test");
        let token = stage.token();
        stage.add(tokio::spawn(async move {
            token.cancelled().await;
            tokio::time::sleep(Duration::from_secs(1)).await;
            done.send(()).unwrap();
        }));
        stage.add(tokio::spawn(std::future::pending()));
        stage.stop(Duration::from_secs(2)).await;
        finished.try_recv().unwrap();
    }
}
