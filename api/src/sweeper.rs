//! Forgetting what has ended: sessions, revocations, rate windows, answered friend requests, invites,
//! what removed groups and channels leave behind, and files that nobody can read.

use chrono::{TimeDelta, Utc};
use platform::shutdown::CancellationToken;
use protocol::limits;

use crate::app::State;
use crate::error::ApiError;
use crate::files;
use crate::store;
use crate::store::groups::{departures, invites, removed};

/// Revocations are kept for twice the life of the tokens they end.
const REVOCATION_LIVES: i32 = 2;
/// An answered friend request is kept this long, so that who repeats it finds their own.
const ANSWERED_REQUEST_LIFE: TimeDelta = TimeDelta::days(30);
/// An invite that has ended is remembered this long, so that who comes late hears that it was there.
const INVITE_MEMORY: TimeDelta = TimeDelta::days(30);
/// Rows of a removed channel that are deleted in one statement: each holds its locks for moments.
const PIECE: i64 = 1000;

/// Sweeps again and again until `stop` is cancelled.
pub async fn run(state: State, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(state.config.auth.sweep_every) => {}
            () = stop.cancelled() => return,
        }
        state.limits.forget_idle();
        // What a large group leaves takes a while: the process need not wait for it.
        tokio::select! {
            swept = sweep(&state) => if let Err(error) = swept {
                tracing::warn!(%error, "the sweep failed");
            },
            () = stop.cancelled() => return,
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
    // No ws-server holds a membership for longer than a token lives.
    departures::sweep(&mut conn, now - token_life).await?;
    invites::sweep(&mut conn, now - INVITE_MEMORY).await?;
    for id in removed::unswept(&mut conn).await? {
        while removed::sweep_piece(&mut conn, id, PIECE).await? > 0 {}
        removed::set_swept(&mut conn, id).await?;
    }
    files::sweep(state, &mut conn).await
}
