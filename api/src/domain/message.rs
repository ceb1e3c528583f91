//! What a person sends.

use protocol::ids::ClientId;
use protocol::limits;
use protocol::message::SendMessageRequest;
use sha2::{Digest, Sha256};

use super::fields::{Fields, Rule};
use super::text;
use crate::error::ApiError;

/// A message that may be committed.
#[derive(Clone, Debug)]
pub struct Send {
    /// The sender's own name for it.
    pub client_id: ClientId,
    /// Its text.
    pub body: String,
}

impl Send {
    /// Checks a request.
    ///
    /// # Errors
    /// 422 with every fault.
    pub fn parse(request: SendMessageRequest) -> Result<Self, ApiError> {
        let mut fields = Fields::default();
        let body = fields.take("body", parse_body(&request.body));
        fields.finish(body.map(|body| Self {
            client_id: request.client_id,
            body,
        }))
    }

    /// SHA-256 of the content: two sends with one `client_id` are the same if this is.
    #[must_use]
    pub fn content_hash(&self) -> [u8; 32] {
        Sha256::digest(self.body.as_bytes()).into()
    }
}

fn parse_body(body: &str) -> Result<String, Rule> {
    text::paragraph(body, 1..=limits::MESSAGE_CHARS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_trimmed_and_bounded_in_scalar_values() {
        assert_eq!(parse_body(" a\n ").unwrap(), "a");
        assert!(parse_body(&"\u{1F600}".repeat(4000)).is_ok());
        assert!(parse_body(&"a".repeat(4001)).is_err());
        assert!(parse_body(" \n\t ").is_err());
        assert!(parse_body("a\0").is_err());
    }
}
