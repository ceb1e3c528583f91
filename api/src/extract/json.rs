//! Request bodies: JSON of a known shape and a bounded size.

use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use actix_web::web::BytesMut;
use actix_web::{FromRequest, HttpRequest};
use futures_util::StreamExt;
use protocol::limits;
use protocol::problem::Code;
use serde::de::DeserializeOwned;

use crate::error::ApiError;

/// A body of at most `LIMIT` bytes.
#[derive(Debug)]
pub struct Json<T, const LIMIT: usize = { limits::BODY_BYTES }>(pub T);

impl<T: DeserializeOwned, const LIMIT: usize> FromRequest for Json<T, LIMIT> {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let head = check_head(request, LIMIT);
        let mut payload = payload.take();
        Box::pin(async move {
            head?;
            let mut body = BytesMut::new();
            while let Some(chunk) = payload.next().await {
                let chunk = chunk.map_err(|error| {
                    ApiError::malformed(format!("The body ended early: {error}."))
                })?;
                if body.len() + chunk.len() > LIMIT {
                    return Err(too_large(LIMIT));
                }
                body.extend_from_slice(&chunk);
            }
            parse(&body).map(Self)
        })
    }
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
    let mut reader = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        let error = error.into_inner();
        if !error.is_data() {
            return ApiError::malformed(format!("The body is not JSON: {error}."));
        }
        let message = rule(&error.to_string());
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
        ApiError::field(&field, code, message)
    })?;
    reader.end().map_err(|error| {
        ApiError::malformed(format!("The body goes on after its end: {error}."))
    })?;
    Ok(value)
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
        let deep = "[".repeat(10_000);
        for body in [
            &b""[..],
            b"{",
            b"nonsense",
            b"{}{}",
            b"{\"username\": \"\xff\"}",
            deep.as_bytes(),
        ] {
            let error = refusal(body);
            let known = matches!(error.code(), Code::Malformed | Code::Invalid);
            assert!(known, "{error}");
        }
        assert_eq!(refusal(b"{").code(), Code::Malformed);
        assert_eq!(refusal(deep.as_bytes()).code(), Code::Malformed);
        assert_eq!(refusal(b"{\"username\": \"\xff\"}").code(), Code::Malformed);
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
