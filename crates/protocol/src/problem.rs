//! Errors of the REST API: RFC 9457 problem documents with a stable `code`.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $text:literal $status:literal $title:literal),+ $(,)?) => {
        /// The stable name of an error. The status follows from it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum Code {$(
            $(#[$doc])*
            #[serde(rename = $text)]
            $variant,
        )+}

        impl Code {
            /// Every code, in the order of the contract's table.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The code as it is written on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            /// The HTTP status it is answered with.
            #[must_use]
            pub const fn status(self) -> u16 {
                match self { $(Self::$variant => $status),+ }
            }

            /// One short sentence for people.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title),+ }
            }
        }
    };
}

codes! {
    /// Not JSON, or a bad path or query parameter.
    Malformed = "malformed" 400 "The request cannot be read",
    /// No token, a bad or expired one, or a revoked session.
    Unauthenticated = "unauthenticated" 401 "Sign in first",
    /// The name or the password is wrong; which one is not said.
    BadCredentials = "bad_credentials" 401 "The name or the password is wrong",
    /// An old refresh token was used again: the session has ended.
    SessionReused = "session_reused" 401 "The session has ended",
    /// A known resource, but the action is not allowed.
    Forbidden = "forbidden" 403 "Not allowed",
    /// The operator does not allow registration.
    RegistrationClosed = "registration_closed" 403 "Registration is closed",
    /// One of the two blocks the other.
    Blocked = "blocked" 403 "The two of you are blocked",
    /// The group's admins have banned the caller.
    Banned = "banned" 403 "Banned from the group",
    /// The time in which a message can be edited is over.
    EditWindowOver = "edit_window_over" 403 "Too late to edit the message",
    /// It does not exist, or the caller may not know that it does.
    NotFound = "not_found" 404 "Not found",
    /// The route exists, but not with this method.
    MethodNotAllowed = "method_not_allowed" 405 "Method not allowed",
    /// It contradicts what exists.
    Conflict = "conflict" 409 "It contradicts what exists",
    /// The same `client_id` was used with other content.
    ClientIdReused = "client_id_reused" 409 "The client_id stands for another message",
    /// The message was deleted for everyone.
    Deleted = "deleted" 409 "The message was deleted",
    /// An owner hands the group over before they leave it.
    OwnerMustTransfer = "owner_must_transfer" 409 "The owner must hand over first",
    /// The invite is used up, has expired or was deleted.
    InviteGone = "invite_gone" 410 "The invite is gone",
    /// The body is over the limit.
    TooLarge = "too_large" 413 "The request is too large",
    /// The body is not JSON, or not a form where one is asked for, by its content type.
    UnsupportedMediaType = "unsupported_media_type" 415 "The body's type is not understood",
    /// Well-formed, but a field breaks a rule; `errors` names each.
    Invalid = "invalid" 422 "A field breaks a rule",
    /// One of the contract's limits is reached.
    LimitReached = "limit_reached" 422 "A limit is reached",
    /// Too many requests; `Retry-After` says when to come again.
    RateLimited = "rate_limited" 429 "Too many requests",
    /// A fault of the server; the log has the request id.
    Internal = "internal" 500 "The server failed",
    /// A dependency is down or a queue is full; the outcome may be unknown.
    Unavailable = "unavailable" 503 "Temporarily unavailable",
}

// The derive does not see what a macro calls a variant on the wire.
impl PartialSchema for Code {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .enum_values(Some(Self::ALL.iter().map(|code| code.as_str())))
            .into()
    }
}

impl ToSchema for Code {}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One field that breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct FieldError {
    /// Its path in the body, such as `username` or `known.018f….rev`.
    pub field: String,
    /// A stable name of the rule, such as `too_long`.
    pub code: String,
    /// The rule, for people.
    pub message: String,
}

impl FieldError {
    /// A fault of `field`.
    #[must_use]
    pub fn new(field: impl Into<String>, code: &str, message: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            code: code.to_owned(),
            message: message.into(),
        }
    }
}

/// An error answer (`application/problem+json`, RFC 9457).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Problem {
    /// `about:blank`: the code says more.
    #[serde(rename = "type")]
    pub kind: String,
    /// One short sentence for people.
    pub title: String,
    /// The HTTP status, again.
    pub status: u16,
    /// The stable name of the error.
    pub code: Code,
    /// What was wrong this time.
    pub detail: String,
    /// The id under which the logs have this request.
    pub request_id: String,
    /// The fields that break a rule.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
}

impl Problem {
    /// A problem document for `code`.
    #[must_use]
    pub fn new(code: Code, detail: impl Into<String>, request_id: impl Into<String>) -> Self {
        Self {
            kind: "about:blank".to_owned(),
            title: code.title().to_owned(),
            status: code.status(),
            code,
            detail: detail.into(),
            request_id: request_id.into(),
            errors: Vec::new(),
        }
    }
}
