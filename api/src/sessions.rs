//! Beginning, renewing and ending sessions.

use std::net::IpAddr;

use actix_web::cookie::{Cookie, SameSite, time};
use diesel_async::AsyncConnection;
use protocol::account::{Auth, SessionKind};
use protocol::control::Control;
use protocol::ids::{SessionId, UserId};
use protocol::limits;
use protocol::problem::Code;

use crate::app::State;
use crate::domain::account::NewSession;
use crate::domain::refresh_token::RefreshToken;
use crate::error::{ApiError, Result};
use crate::events::{self, Event, Pending};
use crate::store::Conn;
use crate::store::accounts::{self, UserRow};
use crate::store::sessions::{self as rows, SessionRow, Which};

/// The cookie of a session whose refresh token a script must not see.
pub const COOKIE: &str = "warren_refresh";
const COOKIE_PATH: &str = "/v1/auth";

/// A session's fresh tokens: the answer, and the refresh token if it travels as a cookie.
#[derive(Debug)]
pub struct Signed {
    /// What is answered.
    pub auth: Auth,
    /// The cookie to set.
    pub cookie: Option<Cookie<'static>>,
}

/// Begins a session.
///
/// # Errors
/// If the database fails.
pub async fn begin(
    state: &State,
    conn: &mut Conn,
    user: UserRow,
    new: &NewSession,
    address: IpAddr,
) -> Result<Signed> {
    let cookie = new.kind == SessionKind::Cookie;
    let ip = address.to_string();
    let session = rows::insert(conn, user.id.into(), new.device.as_deref(), &ip, cookie).await?;
    sign(state, user, &session, session.generation)
}

/// Exchanges a refresh token for the next pair.
///
/// # Errors
/// 401 if the token is not one of ours, or its session has ended; `session_reused` if it is an old
/// one, and then the session ends.
pub async fn renew(state: &State, token: RefreshToken, address: IpAddr) -> Result<Signed> {
    let mut conn = state.db.get().await?;
    let ip = address.to_string();
    let renewed = conn
        .transaction(async |conn| renew_locked(conn, token, &ip).await)
        .await?;
    match renewed {
        Renewed::Next {
            user,
            session,
            generation,
        } => sign(state, *user, &session, generation),
        Renewed::Reused {
            user_id,
            session_id,
            events,
        } => {
            state.revocations.insert([session_id]);
            state.events.publish(events);
            tracing::warn!(%user_id, %session_id, "an old refresh token was used again");
            Err(ApiError::new(
                Code::SessionReused,
                "This token was used before. Sign in again.",
            ))
        }
    }
}

enum Renewed {
    Next {
        user: Box<UserRow>,
        session: Box<SessionRow>,
        generation: i64,
    },
    Reused {
        user_id: UserId,
        session_id: SessionId,
        events: Vec<Pending>,
    },
}

async fn renew_locked(conn: &mut Conn, token: RefreshToken, ip: &str) -> Result<Renewed> {
    let ended = || ApiError::unauthenticated("The session has ended.");
    let session = rows::lock(conn, token.session_id)
        .await?
        .filter(|row| row.ended_at.is_none())
        .ok_or_else(ended)?;
    let user_id = UserId(session.user_id);
    let age = rows::database_now(conn).await? - session.generation_at;
    let in_grace = age.to_std().unwrap_or_default() <= limits::REFRESH_GRACE;
    let generation = if token.generation == session.generation {
        rows::rotate(conn, token.session_id, ip).await?
    } else if token.generation + 1 == session.generation && in_grace {
        session.generation
    } else {
        let (session_ids, events) = end(conn, user_id, Which::One(token.session_id)).await?;
        let session_id = session_ids.first().copied().unwrap_or(token.session_id);
        return Ok(Renewed::Reused {
            user_id,
            session_id,
            events,
        });
    };
    let user = accounts::find(conn, user_id).await?.ok_or_else(ended)?;
    Ok(Renewed::Next {
        user: Box::new(user),
        session: Box::new(session),
        generation,
    })
}

fn sign(state: &State, user: UserRow, session: &SessionRow, generation: i64) -> Result<Signed> {
    let session_id = SessionId(session.id);
    let access_token = state.keys.sign(user.id.into(), session_id)?;
    let token = RefreshToken {
        session_id,
        generation,
    }
    .encode(&state.config.auth.refresh_secret);
    let (refresh_token, cookie) = if session.cookie {
        (None, Some(cookie(token, state.config.auth.session_life)))
    } else {
        (Some(token), None)
    };
    let expires_in = limits::ACCESS_TOKEN_LIFE.as_secs();
    let auth = Auth {
        user: user.user(),
        access_token,
        expires_in,
        refresh_token,
        session_id,
    };
    Ok(Signed { auth, cookie })
}

fn cookie(value: String, life: std::time::Duration) -> Cookie<'static> {
    let seconds = i64::try_from(life.as_secs()).unwrap_or(i64::MAX);
    Cookie::build(COOKIE, value)
        .http_only(true)
        .secure(true)
        .same_site(SameSite::Strict)
        .path(COOKIE_PATH)
        .max_age(time::Duration::seconds(seconds))
        .finish()
}

/// The cookie that takes the session's cookie away.
#[must_use]
pub fn no_cookie() -> Cookie<'static> {
    cookie(String::new(), std::time::Duration::ZERO)
}

/// Ends sessions in the caller's transaction: their ids, and the events that close their sockets.
///
/// # Errors
/// If the database fails.
pub async fn end(
    conn: &mut Conn,
    user_id: UserId,
    which: Which,
) -> Result<(Vec<SessionId>, Vec<Pending>)> {
    let ids = rows::end(conn, user_id, which).await?;
    let ended = ids.iter().map(|&session_id| {
        Event::control(&Control::SessionEnded {
            user_id,
            session_id,
        })
    });
    let pending = events::record_all(conn, ended.collect()).await?;
    Ok((ids, pending))
}

/// Ends sessions, here and everywhere; how many there were.
///
/// # Errors
/// If the database fails.
pub async fn end_now(state: &State, user_id: UserId, which: Which) -> Result<usize> {
    let mut conn = state.db.get().await?;
    let (ids, events) = conn
        .transaction(async |conn| end(conn, user_id, which).await)
        .await?;
    let count = ids.len();
    state.revocations.insert(ids);
    state.events.publish(events);
    Ok(count)
}
