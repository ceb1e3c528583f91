//! Who asks: a live session's user, by access token.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpRequest};
use platform::token::{Claims, TokenError};
use protocol::ids::{SessionId, UserId};

use crate::app::State;
use crate::error::ApiError;
use crate::observe;

/// The user who asks, within their rate of requests.
#[derive(Clone, Copy, Debug)]
pub struct Caller {
    /// Who.
    pub user_id: UserId,
    /// On which session.
    pub session_id: SessionId,
}

/// The user who sends a message, within their rate of messages.
#[derive(Clone, Copy, Debug)]
pub struct Sender {
    /// Who.
    pub user_id: UserId,
}

impl FromRequest for Caller {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        ready(authenticate(request).and_then(|claims| {
            State::of(request).limits.request(claims.sub)?;
            Ok(Self {
                user_id: claims.sub,
                session_id: claims.sid,
            })
        }))
    }
}

impl FromRequest for Sender {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        ready(authenticate(request).and_then(|claims| {
            State::of(request).limits.message(claims.sub)?;
            Ok(Self {
                user_id: claims.sub,
            })
        }))
    }
}

fn authenticate(request: &HttpRequest) -> Result<Claims, ApiError> {
    let state = State::of(request);
    let token =
        bearer(request).ok_or_else(|| ApiError::unauthenticated("An access token is needed."))?;
    let claims = state.keys.verifier().verify(token).map_err(|error| {
        tracing::debug!(%error, "token refused");
        ApiError::unauthenticated(match error {
            TokenError::Expired => "The access token has expired.",
            TokenError::UnknownKey(_) | TokenError::Invalid(_) => "The access token is not valid.",
        })
    })?;
    if state.revocations.contains(claims.sid) {
        return Err(ApiError::unauthenticated("The session has ended."));
    }
    observe::set_user(claims.sub);
    Ok(claims)
}

/// The token of `Authorization: Bearer …` (RFC 6750; the scheme's case does not matter).
pub fn bearer(request: &HttpRequest) -> Option<&str> {
    let (scheme, token) = request
        .headers()
        .get(AUTHORIZATION)?
        .to_str()
        .ok()?
        .split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
