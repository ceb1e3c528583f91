//! Around every request: its id, its span, its one log line and its metrics.

use std::cell::RefCell;
use std::time::Instant;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::Next;
use platform::request_id;
use protocol::ids::{ConversationId, MessageId, UserId};
use tracing::Instrument;
use tracing::field::Empty;

use crate::metrics;

const X_REQUEST_ID: HeaderName = HeaderName::from_static(request_id::HEADER);

tokio::task_local! {
    static REQUEST: RefCell<RequestContext>;
}

/// What is known of the request that this task serves.
#[derive(Debug)]
struct RequestContext {
    id: String,
    user_id: Option<UserId>,
}

/// The id of the request that is being served; empty outside of one.
#[must_use]
pub fn request_id() -> String {
    REQUEST
        .try_with(|request| request.borrow().id.clone())
        .unwrap_or_default()
}

/// Remembers who asks, for the log.
pub fn set_user(user_id: UserId) {
    tracing::Span::current().record("user_id", tracing::field::display(user_id));
    // Outside a request (a test of an extractor) there is nothing to remember it for.
    _ = REQUEST.try_with(|request| request.borrow_mut().user_id = Some(user_id));
}

/// Remembers which message a request is about, for the log.
pub fn set_message(conversation_id: ConversationId, message_id: MessageId) {
    let span = tracing::Span::current();
    span.record("conversation_id", tracing::field::display(conversation_id));
    span.record("message_id", tracing::field::display(message_id));
}

/// The middleware.
///
/// # Errors
/// None of its own, and none of a handler's: those are answers by the time they come here.
pub async fn request(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let started = Instant::now();
    let given = request
        .headers()
        .get(X_REQUEST_ID)
        .and_then(|value| value.to_str().ok());
    let id = request_id::accept(given);
    let method = request.method().clone();
    let span = tracing::info_span!("request", request_id = %id, user_id = Empty, conversation_id = Empty, message_id = Empty);
    let context = RefCell::new(RequestContext {
        id: id.clone(),
        user_id: None,
    });
    let work = next.call(request).instrument(span.clone());
    let mut answer = REQUEST.scope(context, work).await?;
    if let Ok(value) = HeaderValue::from_str(&id) {
        answer.headers_mut().insert(X_REQUEST_ID, value);
    }
    let route = answer.request().match_pattern();
    let status = answer.status();
    let elapsed = started.elapsed();
    metrics::http_request(route.as_deref(), status.as_u16(), elapsed);
    span.in_scope(|| {
        tracing::info!(
            method = method.as_str(),
            route = route.as_deref().unwrap_or("unknown"),
            status = status.as_u16(),
            elapsed_ms = elapsed.as_secs_f64() * 1e3,
            "request"
        );
    });
    Ok(answer)
}
