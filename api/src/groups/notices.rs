//! What the system says in a group's first channel.

use protocol::account::User;
use protocol::ids::{ClientId, MessageId};
use protocol::limits;
use protocol::message::{MessageDraft, MessageKind, SystemEvent};
use protocol::routing::Route;

use crate::error::{ApiError, Result};
use crate::events::{self, Event};
use crate::store::Conn;
use crate::store::groups::GroupRow;
use crate::store::groups::notices::{self as rows, Committed, Draft};

/// Something that happened in a group, to be told there.
#[derive(Clone, Debug)]
pub struct Notice<'a> {
    group: &'a GroupRow,
    actor: &'a User,
    text: String,
    event: SystemEvent,
}

impl<'a> Notice<'a> {
    /// Someone came into the group.
    #[must_use]
    pub fn joined(group: &'a GroupRow, who: &'a User) -> Self {
        Self {
            group,
            actor: who,
            text: format!("{} joined", who.display_name),
            event: SystemEvent::MemberJoined { user_id: who.id },
        }
    }

    /// Someone left it.
    #[must_use]
    pub fn left(group: &'a GroupRow, who: &'a User) -> Self {
        Self {
            group,
            actor: who,
            text: format!("{} left", who.display_name),
            event: SystemEvent::MemberLeft { user_id: who.id },
        }
    }

    /// The actor removed someone from it.
    #[must_use]
    pub fn removed(group: &'a GroupRow, actor: &'a User, who: &User) -> Self {
        Self {
            group,
            actor,
            text: format!("{} removed {}", actor.display_name, who.display_name),
            event: SystemEvent::MemberRemoved { user_id: who.id },
        }
    }

    /// The actor gave it the name that it has now.
    #[must_use]
    pub fn renamed(group: &'a GroupRow, actor: &'a User) -> Self {
        Self {
            group,
            actor,
            text: format!("{} renamed the group to {}", actor.display_name, group.name),
            event: SystemEvent::GroupRenamed {
                name: group.name.clone(),
            },
        }
    }

    /// Who comes and goes in a large group is not told: it would drown the talk.
    fn is_told(&self) -> bool {
        match self.event {
            SystemEvent::GroupRenamed { .. } => true,
            SystemEvent::MemberJoined { .. }
            | SystemEvent::MemberLeft { .. }
            | SystemEvent::MemberRemoved { .. } => usize::try_from(self.group.member_count)
                .is_ok_and(|members| members <= limits::NOTICE_GROUP),
        }
    }

    fn draft(self) -> Result<Draft> {
        let (id, client_id, conversation_id) =
            (MessageId::new(), ClientId::new(), self.group.general());
        let system =
            serde_json::to_value(&self.event).map_err(|error| ApiError::internal(&error))?;
        let frame_head = MessageDraft {
            id,
            conversation_id,
            client_id,
            sender_id: self.actor.id,
            kind: MessageKind::System,
            body: self.text.clone(),
            system: Some(self.event),
            reply_to: None,
            attachments: Vec::new(),
            mentions: Vec::new(),
            mentions_all: false,
        }
        .frame_head();
        Ok(Draft {
            group_id: self.group.id(),
            conversation_id,
            sender_id: self.actor.id,
            client_id,
            id,
            body: self.text,
            system,
            frame_head,
        })
    }
}

/// Commits notices, at most one for each group, whose first channels are locked; their events, to
/// be recorded.
///
/// # Errors
/// If the database fails.
pub async fn announce(
    conn: &mut Conn,
    notices: impl IntoIterator<Item = Notice<'_>>,
) -> Result<Vec<Event>> {
    let told = notices.into_iter().filter(Notice::is_told);
    let drafts = told.map(Notice::draft).collect::<Result<Vec<_>>>()?;
    if drafts.is_empty() {
        return Ok(Vec::new());
    }
    let committed = rows::commit(conn, &drafts).await?;
    Ok(committed.into_iter().map(event).collect())
}

fn event(message: Committed) -> Event {
    Event {
        conversation_id: Some(message.conversation().0),
        rev: Some(message.rev),
        control: false,
        routing_keys: vec![Route::Group(message.group()).key()],
        kind: "message.created".to_owned(),
        message_id: Some(message.id),
        request_id: events::present_request(),
        body: message.frame,
    }
}
