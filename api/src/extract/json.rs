//! Request bodies: JSON of a known shape and a bounded size.

use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use actix_web::web::BytesMut;
use actix_web::{FromRequest, HttpRequest};
use futures_util::StreamExt;
use protocol::limits;
use protocol::problem::Code;
use serde::de::{DeserializeOwned, IgnoredAny};

use crate::error::ApiError;

/// A body of at most `LIMIT` bytes.
#[derive(Debug)]
pub struct Json<T, const LIMIT: usize = { limits::BODY_BYTES }>(pub T);

impl<T: DeserializeOwned, const LIMIT: usize> FromRequest for Json<T, LIMIT> {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let head = check_head(request, LIMIT);
        let payload = payload.take();
        Box::pin(async move {
            head?;
            parse(&read(payload, LIMIT).await?).map(Self)
        })
    }
}

/// A body that may be missing altogether; if it is there, it is judged like any other.
#[derive(Debug)]
pub struct OptionalJson<T>(pub Option<T>);

impl<T: DeserializeOwned> FromRequest for OptionalJson<T> {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let head = check_head(request, limits::BODY_BYTES);
        let payload = payload.take();
        Box::pin(async move {
            let body = read(payload, limits::BODY_BYTES).await?;
            if body.is_empty() {
                return Ok(Self(None));
            }
            head?;
            parse(&body).map(|value| Self(Some(value)))
        })
    }
}

async fn read(mut payload: Payload, limit: usize) -> Result<BytesMut, ApiError> {
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk
            .map_err(|error| ApiError::malformed(format!("The body ended early: {error}.")))?;
        if body.len() + chunk.len() > limit {
            return Err(too_large(limit));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn check_head(request: &HttpRequest, limit: usize) -> Result<(), ApiError> {
    let content_type = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let essence = content_type
        .and_then(|value| value.split(';').next())
        .map(str::trim);
    if !essence.is_some_and(|essence| essence.eq_ignore_ascii_case("application/json")) {
        return Err(ApiError::new(
            Code::UnsupportedMediaType,
            "The body must be application/json.",
        ));
    }
    let length = request
        .headers()
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if length.is_some_and(|length| length > limit) {
        return Err(too_large(limit));
    }
    Ok(())
}

fn too_large(limit: usize) -> ApiError {
    ApiError::new(
        Code::TooLarge,
        format!("The body may have at most {limit} bytes."),
    )
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    let not_json = |error: &dyn std::fmt::Display| {
        ApiError::malformed(format!("The body is not JSON: {error}."))
    };
    // First whether it is JSON at all, however deep: only then whether it is the right JSON.
    let text = std::str::from_utf8(body).map_err(|error| not_json(&error))?;
    serde_json::from_str::<IgnoredAny>(text).map_err(|error| not_json(&error))?;
    if !text.trim_start().starts_with('{') {
        // Serde would take a list as the fields in their order.
        return Err(ApiError::field(".", "format", "must be an object"));
    }
    let mut reader = serde_json::Deserializer::from_str(text);
    serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        let message = rule(&error.into_inner().to_string());
        let code = if message.starts_with("unknown field") {
            "unknown_field"
        } else if message.starts_with("missing field") {
            "required"
        } else {
            "format"
        };
        // A missing field is at fault itself, not the object that lacks it.
        let field = match quoted(&message) {
            Some(name) if path == "." => name.to_owned(),
            Some(name) if code == "required" => format!("{path}.{name}"),
            _ => path,
        };
        ApiError::field(&short(&field), code, short(&message))
    })
}

/// Names and values that the client chose are repeated up to here.
const QUOTED_CHARS: usize = 200;

fn short(text: &str) -> String {
    match text.char_indices().nth(QUOTED_CHARS) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// Serde's words without the place, which `field` names already.
fn rule(message: &str) -> String {
    message
        .split_once(" at line ")
        .map_or(message, |(rule, _)| rule)
        .to_owned()
}

fn quoted(message: &str) -> Option<&str> {
    message.split('`').nth(1)
}

#[cfg(test)]
mod tests {
    use protocol::account::RegisterRequest;

    use super::*;

    fn refusal(body: &[u8]) -> ApiError {
        parse::<RegisterRequest>(body).unwrap_err()
    }

    #[test]
    fn what_is_not_json_is_malformed() {
        let unclosed = "[".repeat(10_000);
        for body in [
            &b""[..],
            b"{",
            b"nonsense",
            b"{}{}",
            b"{\"username\": \"\xff\"}",
            unclosed.as_bytes(),
        ] {
            assert_eq!(refusal(body).code(), Code::Malformed, "{body:?}");
        }
    }

    #[test]
    fn json_of_another_shape_is_invalid_however_deep() {
        let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        let deep_field = format!(r#"{{"username": {deep}, "password": "x"}}"#);
        for body in [
            "null",
            "1",
            "[]",
            r#"["ada", "correct horse"]"#,
            &deep,
            &deep_field,
        ] {
            assert_eq!(refusal(body.as_bytes()).code(), Code::Invalid);
        }
    }

    #[test]
    fn a_field_at_fault_is_named() {
        for (body, field, code) in [
            (r#"{"username": 1, "password": "x"}"#, "username", "format"),
            (r#"{"username": "ada"}"#, "password", "required"),
            (
                r#"{"username": "ada", "password": "x", "admin": true}"#,
                "admin",
                "unknown_field",
            ),
            (
                r#"{"username": "ada", "password": "x", "session": "odd"}"#,
                "session",
                "format",
            ),
        ] {
            let error = refusal(body.as_bytes());
            assert_eq!(error.code(), Code::Invalid);
            let text = format!("{error:?}");
            assert!(
                text.contains(&format!("field: \"{field}\", code: \"{code}\"")),
                "{text}"
            );
        }
    }
}
