//! Forgetting what has ended: sessions, revocations, rate windows, answered friend requests.

use chrono::{TimeDelta, Utc};
use platform::shutdown::CancellationToken;
use protocol::limits;

use crate::app::State;
use crate::error::ApiError;
use crate::store;

/// Revocations are kept for twice the life of the tokens they end.
const REVOCATION_LIVES: i32 = 2;
/// An answered friend request is kept this long, so that who repeats it finds their own.
const ANSWERED_REQUEST_LIFE: TimeDelta = TimeDelta::days(30);

/// Sweeps again and again until `stop` is cancelled.
pub async fn run(state: State, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(state.config.auth.sweep_every) => {}
            () = stop.cancelled() => return,
        }
        state.limits.forget_idle();
        if let Err(error) = sweep(&state).await {
            tracing::warn!(%error, "the sweep failed");
        }
    }
}

/// Sweeps once.
///
/// # Errors
/// If the database fails.
pub async fn sweep(state: &State) -> Result<(), ApiError> {
    let now = Utc::now();
    let session_life =
        TimeDelta::from_std(state.config.auth.session_life).unwrap_or(TimeDelta::MAX);
    let token_life = TimeDelta::from_std(limits::ACCESS_TOKEN_LIFE).unwrap_or(TimeDelta::MAX);
    let mut conn = state.db.get().await?;
    store::sessions::sweep(
        &mut conn,
        now - session_life,
        now - token_life * REVOCATION_LIVES,
    )
    .await?;
    store::rate::sweep(&mut conn).await?;
    store::friend_requests::sweep(&mut conn, now - ANSWERED_REQUEST_LIFE).await?;
    Ok(())
}
