//! The upgrade: from an HTTP request to a socket of the hub, or to a problem document.
//!
//! The server hands over the bare TCP connection (actix-http's upgrade service): an idle socket
//! then costs a fifth of the memory that a streaming response would, and the hub writes to it
//! without a task between.

use std::rc::Rc;
use std::sync::atomic::Ordering;

use actix_codec::Framed;
use actix_http::body::{BodySize, MessageBody};
use actix_http::header::{
    AUTHORIZATION, HeaderMap, HeaderName, HeaderValue, ORIGIN, RETRY_AFTER, SEC_WEBSOCKET_PROTOCOL,
};
use actix_http::{HttpMessage, Request, Response, StatusCode, h1, ws};
use actix_web::rt::net::TcpStream;
use futures_util::SinkExt;
use platform::request_id;
use platform::token::{Claims, TokenError};
use protocol::problem::{Code, Problem};
use tokio::time::Instant;

use crate::app::Shared;
use crate::hub::Worker;
use crate::metrics;
use crate::seat::{Life, Seat};

/// Where sockets are opened.
pub const PATH: &str = "/ws";
/// The protocol's name among the subprotocols.
const PROTOCOL: &str = "warren.v1";
/// How a subprotocol carries a token: browsers cannot set headers.
const BEARER: &str = "bearer.";
/// When to come again after a refusal that passes.
const RETRY_AFTER_SECS: u64 = 1;

/// Why an upgrade is refused.
#[derive(Debug, PartialEq, Eq)]
pub struct Refusal {
    code: Code,
    status: StatusCode,
    detail: &'static str,
    retry_after_secs: Option<u64>,
}

impl Refusal {
    fn new(code: Code, detail: &'static str) -> Self {
        Self {
            code,
            status: StatusCode::from_u16(code.status())
                .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            detail,
            retry_after_secs: None,
        }
    }

    fn retry_after(mut self, secs: u64) -> Self {
        self.retry_after_secs = Some(secs);
        self
    }

    /// The answer.
    fn response(&self, request_id: &str) -> Response<Vec<u8>> {
        let mut problem = Problem::new(self.code, self.detail, request_id);
        problem.status = self.status.as_u16();
        let mut response = Response::build(self.status);
        response
            .insert_header(("content-type", "application/problem+json"))
            .insert_header((request_id::HEADER, request_id))
            .force_close();
        if let Some(secs) = self.retry_after_secs {
            response.insert_header((RETRY_AFTER, secs));
        }
        if self.status == StatusCode::UPGRADE_REQUIRED {
            response.insert_header(("sec-websocket-version", "13"));
        }
        response
            .message_body(crate::app::encode(&problem))
            .unwrap_or_else(|_error| Response::internal_server_error().set_body(Vec::new()))
    }
}

/// Where the token came from, and whether the client offered the protocol.
#[derive(Debug, PartialEq, Eq)]
struct Credentials<'a> {
    token: &'a str,
    offers_protocol: bool,
}

/// Answers one upgrade request; who is let in has a life before them.
pub async fn serve(
    worker: Rc<Worker>,
    request: Request,
    mut io: Framed<TcpStream, h1::Codec>,
) -> Option<Box<Life>> {
    // Counted before it looks whether the process is going away: a drain that does not refuse this
    // connection waits for it.
    let counted = worker.shared.connections.token();
    let given = request.headers().get(request_id::HEADER);
    let request_id = request_id::accept(given.and_then(|id| id.to_str().ok()));
    let admitted = admit(&worker.shared, &request).await;
    let (claims, response) = match admitted {
        Ok((claims, mut response)) => {
            metrics::handshake("accepted");
            // An id that was accepted is always fit for a header.
            if let Ok(id) = HeaderValue::from_str(&request_id) {
                let name = HeaderName::from_static(request_id::HEADER);
                response.headers_mut().insert(name, id);
            }
            (claims, response)
        }
        Err(refusal) => {
            metrics::handshake(refusal.code.as_str());
            tracing::info!(
                request_id,
                status = refusal.status.as_u16(),
                code = refusal.code.as_str(),
                "socket refused"
            );
            // Who is gone does not hear why.
            _ = answer(&mut io, refusal.response(&request_id)).await;
            return None;
        }
    };
    drop(request);
    answer(&mut io, response).await.ok()?;
    let parts = io.into_parts();
    // The answer was flushed, so only what the client sent early is left of the two buffers.
    let seat = Seat::take(&worker, &claims, parts.io, counted);
    Some(Box::new(Life::begin(
        seat,
        &claims,
        parts.read_buf,
        &request_id,
    )))
}

async fn answer<B: MessageBody>(
    io: &mut Framed<TcpStream, h1::Codec>,
    response: Response<B>,
) -> std::io::Result<()> {
    let (response, body) = response.into_parts();
    let size = body.size();
    let bytes = body.try_into_bytes().unwrap_or_default();
    // Head and body in one write.
    io.feed(h1::Message::Item((response, size))).await?;
    if !matches!(size, BodySize::None) && !bytes.is_empty() {
        io.feed(h1::Message::Chunk(Some(bytes))).await?;
    }
    io.flush().await
}

/// Checks everything that can be wrong with the request.
async fn admit(shared: &Shared, request: &Request) -> Result<(Claims, Response<()>), Refusal> {
    if request.path() != PATH {
        return Err(Refusal::new(
            Code::NotFound,
            "there is nothing at this address",
        ));
    }
    let mut response = ws::handshake(request.head()).map_err(|error| {
        let status = Response::from(error).status();
        Refusal {
            status,
            ..Refusal::new(Code::Malformed, "this is no WebSocket upgrade")
        }
    })?;
    if shared.is_draining() {
        let refusal = Refusal::new(Code::Unavailable, "this server is going away");
        return Err(refusal.retry_after(RETRY_AFTER_SECS));
    }
    let allowed = &shared.config.http.allowed_origins;
    let credentials = credentials(request.headers(), allowed)?;
    let claims = verify(shared, credentials.token)
        .await
        .map_err(|_why| Refusal::new(Code::Unauthenticated, "the token is missing or not valid"))?;
    if !shared.trusted.load(Ordering::Acquire) || shared.epoch.load().is_none() {
        let refusal = Refusal::new(
            Code::Unavailable,
            "it is not known which sessions have ended",
        );
        return Err(refusal.retry_after(RETRY_AFTER_SECS));
    }
    if let Err(wait) = shared.new_sockets.take(claims.sub) {
        let refusal = Refusal::new(Code::RateLimited, "too many sockets in a minute");
        return Err(refusal.retry_after(wait.as_secs() + 1));
    }
    if credentials.offers_protocol {
        response.insert_header((SEC_WEBSOCKET_PROTOCOL, PROTOCOL));
    }
    let response = response
        .message_body(())
        .map_err(|_error| Refusal::new(Code::Internal, "the server failed"))?;
    Ok((claims, response))
}

/// Finds the token, and checks where the request comes from: a page of another origin must not
/// open sockets in its visitor's name.
fn credentials<'a>(headers: &'a HeaderMap, allowed: &[String]) -> Result<Credentials<'a>, Refusal> {
    let origin = headers
        .get(ORIGIN)
        .map(|origin| origin.to_str().unwrap_or_default());
    if origin.is_some_and(|origin| !allowed.iter().any(|one| one == origin)) {
        return Err(Refusal::new(
            Code::Forbidden,
            "this origin may not open sockets",
        ));
    }
    let offered = || {
        headers
            .get_all(SEC_WEBSOCKET_PROTOCOL)
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(str::trim)
    };
    let offers_protocol = offered().any(|name| name == PROTOCOL);
    let header = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    if let Some(token) = header.and_then(bearer) {
        return Ok(Credentials {
            token,
            offers_protocol,
        });
    }
    let subprotocol = offered().find_map(|name| name.strip_prefix(BEARER));
    match subprotocol {
        Some(_) if origin.is_none() => Err(Refusal::new(
            Code::Forbidden,
            "a token among the subprotocols needs an Origin",
        )),
        Some(token) if offers_protocol => Ok(Credentials {
            token,
            offers_protocol,
        }),
        _ => Err(Refusal::new(
            Code::Unauthenticated,
            "the token is missing or not valid",
        )),
    }
}

/// The token of an `Authorization` header (RFC 6750); the scheme's case does not matter.
fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Verifies a token; when its key is not known, once more after new keys have been fetched.
///
/// # Errors
/// Why it is not accepted.
pub async fn verify(shared: &Shared, token: &str) -> Result<Claims, TokenError> {
    match shared.verifier.verify(token) {
        Err(TokenError::UnknownKey(_)) if shared.keys.refetch().await => {
            shared.verifier.verify(token)
        }
        result => result,
    }
}

/// When a token ends, on this process's clock.
#[must_use]
pub fn token_deadline(claims: &Claims) -> Instant {
    let left_ms = claims
        .exp
        .saturating_mul(1_000)
        .saturating_sub(chrono::Utc::now().timestamp_millis());
    let left = std::time::Duration::from_millis(u64::try_from(left_ms).unwrap_or(0));
    let now = Instant::now();
    // A token of a thousand years: as good as none of our concern.
    now.checked_add(left).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            let value = HeaderValue::from_str(value).unwrap();
            headers.append(HeaderName::from_static(name), value);
        }
        headers
    }

    fn read(pairs: &[(&'static str, &str)]) -> Result<(String, bool), u16> {
        let allowed = ["http://localhost:8080".to_owned()];
        credentials(&headers(pairs), &allowed)
            .map(|found| (found.token.to_owned(), found.offers_protocol))
            .map_err(|refusal| refusal.code.status())
    }

    const OURS: (&str, &str) = ("origin", "http://localhost:8080");

    #[test]
    fn a_token_comes_by_header_or_by_subprotocol() {
        let header = ("authorization", "Bearer t1");
        assert_eq!(read(&[header]), Ok(("t1".to_owned(), false)));
        assert_eq!(
            read(&[header, ("sec-websocket-protocol", "warren.v1")]),
            Ok(("t1".to_owned(), true))
        );
        assert_eq!(
            read(&[OURS, ("sec-websocket-protocol", "warren.v1, bearer.t2")]),
            Ok(("t2".to_owned(), true))
        );
        let two = [
            OURS,
            ("sec-websocket-protocol", "bearer.t2"),
            ("sec-websocket-protocol", "warren.v1"),
        ];
        assert_eq!(read(&two), Ok(("t2".to_owned(), true)));
    }

    #[test]
    fn no_token_is_401() {
        assert_eq!(read(&[]), Err(401));
        assert_eq!(read(&[OURS]), Err(401));
        assert_eq!(read(&[("authorization", "Basic eA==")]), Err(401));
        assert_eq!(
            read(&[OURS, ("sec-websocket-protocol", "warren.v1")]),
            Err(401)
        );
        assert_eq!(
            read(&[OURS, ("sec-websocket-protocol", "bearer.t")]),
            Err(401)
        );
    }

    #[test]
    fn a_strange_origin_is_403_even_with_a_token() {
        let header = ("authorization", "Bearer t1");
        for origin in [
            "https://evil.example",
            "null",
            "http://localhost:8080.evil",
            "",
        ] {
            assert_eq!(read(&[header, ("origin", origin)]), Err(403), "{origin}");
        }
    }

    #[test]
    fn a_subprotocol_token_without_an_origin_is_403() {
        let offered = ("sec-websocket-protocol", "warren.v1, bearer.t2");
        assert_eq!(read(&[offered]), Err(403));
    }
}
