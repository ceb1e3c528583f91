//! What a handler answers when it does not succeed: one kind for each status of the contract.

use std::fmt;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER};
use actix_web::{HttpResponse, ResponseError};
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use protocol::problem::{Code, FieldError, Problem};

use crate::metrics;
use crate::observe;

/// How long a client waits before it repeats what a lost dependency refused.
const UNAVAILABLE_RETRY: Duration = Duration::from_secs(1);

/// The result of a handler.
pub type Result<T, E = ApiError> = std::result::Result<T, E>;

/// An error answer.
#[derive(Debug)]
pub struct ApiError {
    code: Code,
    detail: String,
    errors: Vec<FieldError>,
    retry_after: Option<Duration>,
    allow: Option<String>,
}

impl ApiError {
    /// An answer with this code.
    #[must_use]
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
            errors: Vec::new(),
            retry_after: None,
            allow: None,
        }
    }

    /// The request cannot be read.
    #[must_use]
    pub fn malformed(detail: impl Into<String>) -> Self {
        Self::new(Code::Malformed, detail)
    }

    /// No token, or not one that counts.
    #[must_use]
    pub fn unauthenticated(detail: &str) -> Self {
        Self::new(Code::Unauthenticated, detail)
    }

    /// There is no such thing for the caller.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(
            Code::NotFound,
            "There is no such thing, or it is not for you to know.",
        )
    }

    /// These fields break a rule: `limit_reached` if it is a limit and nothing else.
    #[must_use]
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        let limit = Code::LimitReached;
        let code = if errors.iter().all(|error| error.code == limit.as_str()) {
            limit
        } else {
            Code::Invalid
        };
        let names: Vec<_> = errors.iter().map(|error| error.field.as_str()).collect();
        let detail = format!("Not acceptable: {}.", names.join(", "));
        Self {
            errors,
            ..Self::new(code, detail)
        }
    }

    /// This field breaks a rule.
    #[must_use]
    pub fn field(field: &str, code: &str, message: impl Into<String>) -> Self {
        Self::invalid(vec![FieldError::new(field, code, message)])
    }

    /// Too many requests.
    #[must_use]
    pub fn rate_limited(retry_after: Duration) -> Self {
        let detail = "You ask more often than is allowed.";
        Self {
            retry_after: Some(retry_after),
            ..Self::new(Code::RateLimited, detail)
        }
    }

    /// A dependency is down or a queue is full.
    #[must_use]
    pub fn unavailable() -> Self {
        let detail = "The server cannot do this right now. Repeat it: nothing is done twice.";
        Self {
            retry_after: Some(UNAVAILABLE_RETRY),
            ..Self::new(Code::Unavailable, detail)
        }
    }

    /// A known path with another method.
    #[must_use]
    pub fn method_not_allowed(allow: String) -> Self {
        let detail = format!("This path knows {allow}.");
        Self {
            allow: Some(allow),
            ..Self::new(Code::MethodNotAllowed, detail)
        }
    }

    /// A fault of the server: its cause goes to the log, once, and not to the caller.
    #[must_use]
    pub fn internal(cause: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(error = cause, "internal error");
        Self::new(
            Code::Internal,
            "The server failed. The request id leads to the cause in its log.",
        )
    }

    /// The code.
    #[must_use]
    pub fn code(&self) -> Code {
        self.code
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.detail)
    }
}

impl std::error::Error for ApiError {}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let mut problem = Problem::new(self.code, self.detail.clone(), observe::request_id());
        problem.errors.clone_from(&self.errors);
        let mut answer = HttpResponse::build(self.status_code());
        answer.insert_header((CONTENT_TYPE, "application/problem+json"));
        if let Some(wait) = self.retry_after {
            // Whole seconds, and never zero: "now" would be a lie.
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            answer.insert_header((RETRY_AFTER, seconds.max(1).to_string()));
        }
        if let Some(methods) = &self.allow {
            answer.insert_header((ALLOW, methods.as_str()));
        }
        answer.body(serde_json::to_vec(&problem).unwrap_or_default())
    }
}

impl From<DieselError> for ApiError {
    fn from(error: DieselError) -> Self {
        match &error {
            DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, info) => {
                if let Some((code, detail)) = info.constraint_name().and_then(constraint_meaning) {
                    return Self::new(code, detail);
                }
                Self::internal(&error)
            }
            error if is_deadlock(error) => {
                tracing::error!(%error, "a transaction was ended to break a deadlock");
                metrics::deadlock();
                Self::unavailable()
            }
            error if is_outage(error) => {
                tracing::warn!(%error, "the database did not answer");
                Self::unavailable()
            }
            error => Self::internal(error),
        }
    }
}

/// What a violated constraint means to the caller.
fn constraint_meaning(constraint: &str) -> Option<(Code, &'static str)> {
    match constraint {
        "users_username_key" => Some((Code::Conflict, "This username is taken.")),
        "friend_requests_pkey" => Some((Code::Conflict, "This id stands for another request.")),
        _ => None,
    }
}

/// Whether Postgres ended the transaction to break a deadlock.
#[must_use]
pub fn is_deadlock(error: &DieselError) -> bool {
    matches!(error, DieselError::DatabaseError(_, info) if info.message().contains("deadlock detected"))
}

/// Whether the statement took too long, or waited too long for a lock.
#[must_use]
pub fn is_timeout(error: &DieselError) -> bool {
    matches!(error, DieselError::DatabaseError(_, info) if info.message().contains("canceling statement due to"))
}

/// Whether the database is gone, overloaded or shutting down, rather than at odds with the query.
#[must_use]
pub fn is_outage(error: &DieselError) -> bool {
    match error {
        error if is_timeout(error) => true,
        DieselError::BrokenTransactionManager => true,
        DieselError::DatabaseError(DatabaseErrorKind::ClosedConnection, _) => true,
        DieselError::DatabaseError(DatabaseErrorKind::UnableToSendCommand, _) => true,
        DieselError::DatabaseError(_, info) => {
            // SQLSTATE is not kept by Diesel: these are the server's own texts.
            let text = info.message();
            [
                "terminating connection",
                "the database system is",
                "connection closed",
                "too many clients",
                "remaining connection slots",
            ]
            .iter()
            .any(|sign| text.contains(sign))
        }
        _ => false,
    }
}

impl From<diesel_async::pooled_connection::PoolError> for ApiError {
    fn from(error: diesel_async::pooled_connection::PoolError) -> Self {
        tracing::warn!(%error, "the database cannot be reached");
        Self::unavailable()
    }
}

impl From<crate::store::PoolError> for ApiError {
    fn from(error: crate::store::PoolError) -> Self {
        tracing::warn!(%error, "no database connection");
        Self::unavailable()
    }
}
