//! Refresh tokens: `<session>.<n>.<mac>`.
//!
//! Token n of a session is computed, not stored: HMAC-SHA-256 (RFC 2104) over the session's id and
//! n. So the same successor can be computed again while the previous token has its grace.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use platform::settings::Secret;
use protocol::ids::SessionId;
use sha2::Sha256;

/// Which token of which session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefreshToken {
    /// The session.
    pub session_id: SessionId,
    /// Its number: 1 at sign-in, one more at each refresh.
    pub generation: i64,
}

impl RefreshToken {
    /// The token as it travels.
    #[must_use]
    pub fn encode(self, secret: &Secret) -> String {
        let mac = URL_SAFE_NO_PAD.encode(self.mac(secret).finalize().into_bytes());
        format!("{}.{}.{mac}", self.session_id.0.simple(), self.generation)
    }

    /// Reads a token that was made with this secret; anything else is `None`.
    #[must_use]
    pub fn decode(text: &str, secret: &Secret) -> Option<Self> {
        let (session, rest) = text.split_once('.')?;
        let (generation, mac) = rest.split_once('.')?;
        let token = Self {
            session_id: session.parse().ok()?,
            generation: generation.parse().ok()?,
        };
        let mac = URL_SAFE_NO_PAD.decode(mac).ok()?;
        token.mac(secret).verify_slice(&mac).ok()?;
        Some(token)
    }

    fn mac(self, secret: &Secret) -> Hmac<Sha256> {
        #[expect(
            clippy::expect_used,
            reason = "HMAC takes a key of any length (RFC 2104)"
        )]
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()).expect("any key");
        mac.update(self.session_id.0.as_bytes());
        mac.update(&self.generation.to_be_bytes());
        mac
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_token_of_the_same_secret_and_numbers_is_read() {
        let secret = Secret::new("a secret of the server's own");
        let token = RefreshToken {
            session_id: SessionId::new(),
            generation: 7,
        };
        let text = token.encode(&secret);
        assert_eq!(RefreshToken::decode(&text, &secret), Some(token));
        assert_eq!(RefreshToken::decode(&text, &Secret::new("another")), None);
        assert_eq!(
            RefreshToken::decode(&text.replace(".7.", ".8."), &secret),
            None
        );
        for bad in [
            "",
            ".",
            "..",
            "a.b.c",
            text.trim_end_matches(char::is_alphanumeric),
        ] {
            assert_eq!(RefreshToken::decode(bad, &secret), None, "{bad:?}");
        }
    }
}
