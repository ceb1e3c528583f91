//! Opaque cursors: a position in a list, as text that clients only hand back.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use protocol::page::Page;
use serde::Serialize;
use serde::de::DeserializeOwned;

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
        .ok_or_else(|| ApiError::malformed("cursor: is not one of ours"))
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
