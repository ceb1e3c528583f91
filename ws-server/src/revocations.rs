//! Asks the API every second which sessions have ended and which members were removed.
//!
//! The broker says the same, faster; this holds when the broker is away. When nobody answers for
//! too long, a socket here may belong to a session that has ended: all are closed.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use platform::shutdown::CancellationToken;
use protocol::control::Control;
use protocol::internal::RevocationsResponse;
use tokio::time::{Instant, MissedTickBehavior};

use crate::api_client::{ApiClient, ApiError};
use crate::app::Shared;
use crate::routes::set_epoch;
use crate::workers::Command;

/// Asks until `stop`.
pub async fn run(shared: Arc<Shared>, api: Arc<ApiClient>, stop: CancellationToken) {
    let mut tick = tokio::time::interval(shared.config.api.revocations);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut cursor: Option<String> = None;
    let mut answered_at = Instant::now();
    let mut failing = false;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = tick.tick() => {}
        }
        match api.revocations(cursor.as_deref()).await {
            Ok(answer) => {
                if std::mem::take(&mut failing) {
                    tracing::info!("revocations are known again");
                }
                answered_at = Instant::now();
                tell(&shared, &answer);
                cursor = Some(answer.cursor);
                // Only now: what ended meanwhile has been told.
                shared.trusted.store(true, Ordering::Release);
                shared.api_up.store(true, Ordering::Release);
            }
            Err(error) => {
                if !std::mem::replace(&mut failing, true) {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "revocations cannot be asked for"
                    );
                }
                shared.api_up.store(false, Ordering::Release);
                // The API lives, and its database is down: no session can end meanwhile.
                if matches!(error, ApiError::Unavailable) {
                    answered_at = Instant::now();
                }
            }
        }
        if answered_at.elapsed() >= shared.config.api.revocations_failure
            && shared.trusted.swap(false, Ordering::AcqRel)
        {
            tracing::error!("revocations are unknown for too long: every socket is closed");
        }
    }
}

fn tell(shared: &Shared, answer: &RevocationsResponse) {
    set_epoch(&shared.epoch, &answer.epoch);
    for session in &answer.sessions {
        let ended = Control::SessionEnded {
            user_id: session.user_id,
            session_id: session.session_id,
        };
        shared.workers.tell_all(&Command::Control(Arc::new(ended)));
    }
    for member in &answer.members {
        shared.workers.tell_all(&Command::MemberRemoved(*member));
    }
}
