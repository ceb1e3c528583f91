//! What a person sends.

use std::collections::HashSet;

use protocol::ids::{AttachmentId, ClientId, MessageId};
use protocol::limits;
use protocol::message::SendMessageRequest;
use sha2::{Digest, Sha256};

use super::fields::{Fields, Rule, at_most};
use super::text;
use crate::error::ApiError;

/// A message that may be committed.
#[derive(Clone, Debug)]
pub struct Send {
    /// The sender's own name for it.
    pub client_id: ClientId,
    /// Its text; may be empty beside a file.
    pub body: String,
    /// The message it answers.
    pub reply_to: Option<MessageId>,
    /// Its files, each once.
    pub attachment_ids: Vec<AttachmentId>,
}

impl Send {
    /// Checks a request.
    ///
    /// # Errors
    /// 422 with every fault.
    pub fn parse(request: SendMessageRequest) -> Result<Self, ApiError> {
        let mut fields = Fields::default();
        let has_files = !request.attachment_ids.is_empty();
        let body = fields.take("body", parse_body(&request.body, has_files));
        let files = fields.take("attachment_ids", parse_files(request.attachment_ids));
        fields.finish(body.zip(files).map(|(body, attachment_ids)| Self {
            client_id: request.client_id,
            body,
            reply_to: request.reply_to,
            attachment_ids,
        }))
    }

    /// SHA-256 of the content: two sends with one `client_id` are the same if this is. A body holds
    /// no NUL, so that no other content has these bytes.
    #[must_use]
    pub fn content_hash(&self) -> [u8; 32] {
        let mut hash = Sha256::new_with_prefix(self.body.as_bytes());
        if let Some(reply_to) = self.reply_to {
            hash.update(b"\0reply_to");
            hash.update(reply_to.0);
        }
        for id in &self.attachment_ids {
            hash.update(b"\0attachment");
            hash.update(id.0);
        }
        hash.finalize().into()
    }
}

/// A message's text: trimmed; empty only beside a file.
///
/// # Errors
/// Too long, empty alone, or with control characters.
pub fn parse_body(body: &str, has_files: bool) -> Result<String, Rule> {
    text::paragraph(body, usize::from(!has_files)..=limits::MESSAGE_CHARS)
}

fn parse_files(ids: Vec<AttachmentId>) -> Result<Vec<AttachmentId>, Rule> {
    if ids.len() > limits::ATTACHMENTS {
        return Err(at_most(limits::ATTACHMENTS));
    }
    let mut seen = HashSet::new();
    if ids.iter().all(|id| seen.insert(*id)) {
        Ok(ids)
    } else {
        Err(Rule::new("duplicate", "must name each file once"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn send(body: &str, reply_to: Option<MessageId>, files: Vec<AttachmentId>) -> Send {
        Send {
            client_id: ClientId::new(),
            body: body.to_owned(),
            reply_to,
            attachment_ids: files,
        }
    }

    #[test]
    fn a_body_is_trimmed_and_bounded_in_scalar_values() {
        assert_eq!(parse_body(" a\n ", false).unwrap(), "a");
        assert!(parse_body(&"\u{1F600}".repeat(4000), false).is_ok());
        assert!(parse_body(&"a".repeat(4001), false).is_err());
        assert!(parse_body(" \n\t ", false).is_err());
        assert_eq!(parse_body(" \n\t ", true).unwrap(), "");
        assert!(parse_body("a\0", true).is_err());
    }

    #[test]
    fn a_message_holds_up_to_ten_files_each_once() {
        let files: Vec<_> = (0..10).map(|_| AttachmentId::new()).collect();
        assert_eq!(parse_files(files.clone()).unwrap(), files);
        let code = |files: Vec<_>| parse_files(files).unwrap_err().code;
        assert_eq!(
            code([files.clone(), vec![AttachmentId::new()]].concat()),
            "limit_reached"
        );
        assert_eq!(code(vec![files[0], files[1], files[0]]), "duplicate");
    }

    #[test]
    fn content_is_the_same_only_if_every_part_of_it_is() {
        let (answered, file) = (MessageId::new(), AttachmentId::new());
        let plain = send("a", None, vec![]);
        // What was sent before there was more than a body is repeated after.
        let hash: [u8; 32] = Sha256::digest(b"a").into();
        assert_eq!(plain.content_hash(), hash);
        let all = [
            plain,
            send("b", None, vec![]),
            send("a", Some(answered), vec![]),
            send("a", None, vec![file]),
            send("a", None, vec![AttachmentId(answered.0)]),
            send("a", Some(answered), vec![file]),
            send("a", None, vec![file, AttachmentId::new()]),
        ];
        let hashes: HashSet<_> = all.iter().map(Send::content_hash).collect();
        assert_eq!(hashes.len(), all.len());
    }
}
