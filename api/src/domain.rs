//! Types that cannot be wrong, and the rules that make them: no framework, no SQL.

pub mod account;
pub mod client_address;
pub mod contact;
pub mod cursor;
pub mod fields;
pub mod file_name;
pub mod group;
pub mod invite;
pub mod media_type;
pub mod mentions;
pub mod message;
pub mod picture_key;
pub mod reactions;
pub mod refresh_token;
pub mod search;
pub mod text;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The first 8 bytes of a hash, as 11 characters: enough to tell versions of one thing apart.
#[must_use]
pub fn tag(hash: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(hash.get(..8).unwrap_or(hash))
}
