//! Opaque cursors: a position in a list, as text that clients only hand back.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Datelike, Utc};
use protocol::page::Page;
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::error::ApiError;

/// A position as text.
#[must_use]
pub fn encode<T: Serialize>(position: &T) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(position).unwrap_or_default())
}

/// Reads what `encode` wrote.
///
/// # Errors
/// 400 for anything else.
pub fn decode<T: DeserializeOwned>(text: &str) -> Result<T, ApiError> {
    URL_SAFE_NO_PAD
        .decode(text)
        .ok()
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .ok_or_else(not_ours)
}

/// Reads a position by time. Whoever writes a cursor by hand gets no further than 400: a year that
/// Postgres cannot hold would be a fault of the server.
///
/// # Errors
/// 400 for anything else.
pub fn decode_moment<T: DeserializeOwned>(text: &str) -> Result<(DateTime<Utc>, T), ApiError> {
    let position: (DateTime<Utc>, T) = decode(text)?;
    moment(position.0)?;
    Ok(position)
}

/// Checks a moment that a cursor holds.
///
/// # Errors
/// 400 for a year of other than four digits.
pub fn moment(at: DateTime<Utc>) -> Result<(), ApiError> {
    match at.year() {
        0..=9999 => Ok(()),
        _ => Err(not_ours()),
    }
}

/// Reads a position by name.
///
/// # Errors
/// 400 for anything else, and for a name that no text in Postgres can be.
pub fn decode_name(text: &str) -> Result<(String, Uuid), ApiError> {
    let position: (String, Uuid) = decode(text)?;
    if position.0.contains('\0') {
        return Err(not_ours());
    }
    Ok(position)
}

/// The answer to a cursor that no list has given.
#[must_use]
pub fn not_ours() -> ApiError {
    ApiError::malformed("cursor: is not one of ours.")
}

/// Cuts rows that were asked for with `limit + 1` into a page.
#[must_use]
pub fn page<R, T, P: Serialize>(
    mut rows: Vec<R>,
    limit: usize,
    position: impl FnOnce(&R) -> P,
    item: impl FnMut(R) -> T,
) -> Page<T> {
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next_cursor = if more {
        rows.last().map(|row| encode(&position(row)))
    } else {
        None
    };
    Page {
        items: rows.into_iter().map(item).collect(),
        next_cursor,
    }
}
