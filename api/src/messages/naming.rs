//! Whom a text names, in a conversation.

use protocol::ids::{ConversationId, UserId};
use protocol::limits;
use protocol::problem::Code;

use crate::domain::mentions::Mentions;
use crate::error::{ApiError, Result};
use crate::policy::messages as policy;
use crate::store::Conn;
use crate::store::messages::mentions;
use crate::store::messages::seats::Seat;

/// Whom a text names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named {
    /// Who, by id.
    pub users: Vec<UserId>,
    /// Whether everyone is meant.
    pub all: bool,
}

/// Whom the names of a text mean, when this sender says them here. Who was named before stays so
/// while the text names them, also when they have left.
///
/// # Errors
/// 422 if there are more than a message may name.
pub async fn name(
    conn: &mut Conn,
    id: ConversationId,
    (sender, seat): (UserId, &Seat),
    mentions: Mentions,
    already: &[UserId],
) -> Result<Named> {
    let users = if mentions.names.is_empty() {
        Vec::new()
    } else {
        mentions::resolve(conn, id, sender, &mentions.names, already).await?
    };
    if users.len() > limits::MENTIONS {
        let detail = format!("A message can name at most {} people.", limits::MENTIONS);
        return Err(ApiError::new(Code::LimitReached, detail));
    }
    Ok(Named {
        users,
        all: mentions.all && policy::names_everyone(seat.role()),
    })
}
