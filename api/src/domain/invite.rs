//! Ways into a group.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use protocol::group::CreateInviteRequest;
use protocol::ids::InviteId;
use protocol::limits;

use super::fields::{Fields, within};
use crate::error::ApiError;

/// An invite that may be made.
#[derive(Clone, Copy, Debug)]
pub struct NewInvite {
    /// What it will be called on the wire.
    pub id: InviteId,
    /// Seconds it lives.
    pub expires_in: Option<i64>,
    /// How many may come by it.
    pub max_uses: Option<i32>,
}

impl NewInvite {
    /// Checks a request.
    ///
    /// # Errors
    /// 422 with every fault.
    pub fn parse(request: CreateInviteRequest) -> Result<Self, ApiError> {
        let mut fields = Fields::default();
        let expires_in = fields.take_optional("expires_in", request.expires_in, |seconds| {
            within(seconds, 1, limits::INVITE_SECONDS)
        });
        let max_uses = fields.take_optional("max_uses", request.max_uses, |uses| {
            within(uses, 1, limits::GROUP_MEMBERS as i32)
        });
        fields.finish(Some(Self {
            id: request.id.unwrap_or_default(),
            expires_in,
            max_uses,
        }))
    }
}

/// An invite's code: who has it may join.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InviteCode(String);

/// Random bytes of a code: 144 bits cannot be guessed, and fill their base64 exactly.
const CODE_BYTES: usize = 18;

impl InviteCode {
    /// A code that nobody knows yet. It ends with a letter or a digit: what finds links in a text may
    /// take another character for the sentence's own.
    #[must_use]
    pub fn random() -> Self {
        loop {
            let code = URL_SAFE_NO_PAD.encode(rand::random::<[u8; CODE_BYTES]>());
            if code.ends_with(|last: char| last.is_ascii_alphanumeric()) {
                return Self(code);
            }
        }
    }

    /// Reads a code from a path.
    ///
    /// # Errors
    /// 404 for what none can be.
    pub fn parse(text: &str) -> Result<Self, ApiError> {
        match URL_SAFE_NO_PAD.decode(text) {
            Ok(bytes) if bytes.len() == CODE_BYTES => Ok(Self(text.to_owned())),
            _ => Err(ApiError::not_found()),
        }
    }

    /// The code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_one_that_was_made_here() {
        let code = InviteCode::random();
        assert_eq!(InviteCode::parse(code.as_str()).unwrap(), code);
        assert_ne!(InviteCode::random(), code);
        for bad in [
            "",
            "abc",
            "\0",
            "ä",
            &"A".repeat(23),
            &"A".repeat(25),
            &"!".repeat(24),
        ] {
            assert!(InviteCode::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_link_to_a_code_ends_where_the_code_does() {
        for _ in 0..1000 {
            let InviteCode(code) = InviteCode::random();
            assert!(!code.ends_with(['-', '_']), "{code}");
        }
        // Those of before may.
        let code = format!("{}_", "A".repeat(23));
        assert_eq!(InviteCode::parse(&code).unwrap().as_str(), code);
    }
}
