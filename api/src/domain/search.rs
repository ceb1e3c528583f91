//! What a person looks for.

use chrono::{DateTime, Utc};
use protocol::ids::{ConversationId, UserId};
use protocol::limits;
use protocol::time::Timestamp;
use serde::Deserialize;

use crate::error::ApiError;

/// The query of a search, as it comes.
#[derive(Debug, Deserialize)]
pub struct SearchRequest {
    q: String,
    conversation_id: Option<ConversationId>,
    from: Option<UserId>,
    before: Option<Timestamp>,
    after: Option<Timestamp>,
    has: Option<Has>,
    /// Entries of a page.
    pub limit: Option<usize>,
    /// From the previous page.
    pub cursor: Option<String>,
}

/// What a message may be required to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Has {
    /// An attachment.
    File,
}

/// A search that can be run.
#[derive(Clone, Debug)]
pub struct Search {
    /// What was typed.
    pub typed: String,
    /// In this conversation only.
    pub conversation_id: Option<ConversationId>,
    /// By this person only.
    pub sender_id: Option<UserId>,
    /// Committed before this moment.
    pub before: Option<DateTime<Utc>>,
    /// Committed after this moment.
    pub after: Option<DateTime<Utc>>,
    /// With a file only.
    pub has_file: bool,
}

impl Search {
    /// Checks a request.
    ///
    /// # Errors
    /// 400 for words that are too many, or that no text in Postgres can be.
    pub fn parse(request: SearchRequest) -> Result<Self, ApiError> {
        if request.q.chars().count() > limits::SEARCH_CHARS || request.q.contains('\0') {
            return Err(ApiError::malformed(format!(
                "q: must be text of at most {} characters.",
                limits::SEARCH_CHARS
            )));
        }
        Ok(Self {
            typed: request.q,
            conversation_id: request.conversation_id,
            sender_id: request.from,
            before: request.before.map(Into::into),
            after: request.after.map(Into::into),
            has_file: request.has == Some(Has::File),
        })
    }
}
