//! Requests that change some fields and leave others.

use serde::{Deserialize, Deserializer};

/// Tells null from missing: a field that is there, whatever it holds, is `Some`.
pub(crate) fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}
