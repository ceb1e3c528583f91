//! Path and query parameters.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use chrono::{DateTime, Utc};
use protocol::limits;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::domain::cursor;
use crate::error::ApiError;

/// The path's parameters.
#[derive(Debug)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned> FromRequest for Path<T> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let inner = web::Path::<T>::from_request(request, payload).into_inner();
        ready(
            inner
                .map(|path| Self(path.into_inner()))
                .map_err(|error| ApiError::malformed(format!("The path: {error}."))),
        )
    }
}

/// The query's parameters.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned> FromRequest for Query<T> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let text = request.query_string();
        if !is_text(text) {
            return ready(Err(ApiError::malformed("The query: is not UTF-8.")));
        }
        ready(
            web::Query::<T>::from_query(text)
                .map(|query| Self(query.into_inner()))
                .map_err(|error| ApiError::malformed(format!("The query: {error}."))),
        )
    }
}

/// Whether what is escaped with `%` is text: the parser would put U+FFFD for what is not.
fn is_text(query: &str) -> bool {
    let mut bytes = Vec::with_capacity(query.len());
    let mut rest = query.bytes();
    while let Some(byte) = rest.next() {
        let mut digits = rest.clone();
        let mut digit = || digits.next().and_then(|byte| char::from(byte).to_digit(16));
        match (byte, digit(), digit()) {
            (b'%', Some(high), Some(low)) => {
                bytes.extend(u8::try_from(high * 16 + low));
                rest = digits;
            }
            _ => bytes.push(byte),
        }
    }
    std::str::from_utf8(&bytes).is_ok()
}

/// Where a list's page begins and how long it is.
#[derive(Debug, Default, Deserialize)]
pub struct PageQuery {
    limit: Option<usize>,
    /// From the previous page.
    pub cursor: Option<String>,
}

impl PageQuery {
    /// Entries of the page.
    ///
    /// # Errors
    /// 400 outside 1–100.
    pub fn limit(&self) -> Result<usize, ApiError> {
        limit(self.limit)
    }

    /// Where a list with the newest first goes on: behind this moment and id.
    ///
    /// # Errors
    /// 400 for a cursor that is not one of such a list.
    pub fn before(&self) -> Result<(DateTime<Utc>, Uuid), ApiError> {
        match &self.cursor {
            Some(text) => cursor::decode_moment(text),
            None => Ok((DateTime::<Utc>::MAX_UTC, Uuid::max())),
        }
    }

    /// Where a list by name goes on: behind this name and id.
    ///
    /// # Errors
    /// 400 for a cursor that is not one of such a list.
    pub fn after_name(&self) -> Result<(String, Uuid), ApiError> {
        match &self.cursor {
            Some(text) => cursor::decode_name(text),
            None => Ok((String::new(), Uuid::nil())),
        }
    }
}

/// Entries of a page: 1–100, 50 if it is not said.
///
/// # Errors
/// 400 outside.
pub fn limit(given: Option<usize>) -> Result<usize, ApiError> {
    match given.unwrap_or(limits::PAGE_DEFAULT) {
        limit @ 1..=limits::PAGE_MAX => Ok(limit),
        _ => Err(ApiError::malformed("limit: must be 1 to 100.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_of_bytes_that_are_no_text_is_told_from_one_that_is() {
        for text in [
            "",
            "q=a",
            "q=%C3%BC&x=%2",
            "q=100%",
            "q=%zz",
            "q=%25FF",
            "q=%F0%9F%98%80",
        ] {
            assert!(is_text(text), "{text}");
        }
        for bytes in ["q=%FF", "q=%C3", "q=%C3%", "q=a%ED%A0%80", "%c0%80=1"] {
            assert!(!is_text(bytes), "{bytes}");
        }
    }
}
