//! Messages.

use serde::{Deserialize, Serialize};

use crate::ids::{AttachmentId, ClientId, ConversationId, MessageId, UserId};
use crate::limits;
use crate::time::Timestamp;

/// Who wrote a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MessageKind {
    /// A person.
    Text,
    /// The system itself, such as "joined" and "renamed".
    System,
}

/// What a system message tells, for programs; its body says the same for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum SystemEvent {
    /// Someone came into the group.
    MemberJoined {
        /// Who.
        user_id: UserId,
    },
    /// Someone left the group.
    MemberLeft {
        /// Who.
        user_id: UserId,
    },
    /// The sender removed someone from the group.
    MemberRemoved {
        /// Whom.
        user_id: UserId,
    },
    /// The sender gave the group another name.
    GroupRenamed {
        /// The new one.
        name: String,
    },
}

/// The message that another one answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ReplyTo {
    /// Its id.
    pub message_id: MessageId,
    /// Its place in the timeline.
    pub seq: i64,
    /// Who wrote it.
    pub sender_id: UserId,
    /// Its first words, as of reading.
    pub excerpt: String,
}

/// The first words of a message, on one line: what stands above an answer to it.
#[must_use]
pub fn excerpt(body: &str) -> String {
    let first: String = body.chars().take(limits::EXCERPT_CHARS).collect();
    first.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A file of a message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Attachment {
    /// Its id.
    pub id: AttachmentId,
    /// Its cleaned file name.
    pub name: String,
    /// Taken from the bytes.
    pub content_type: String,
    /// In bytes.
    pub size: i64,
    /// In pixels, of images.
    pub width: Option<i32>,
    /// In pixels, of images.
    pub height: Option<i32>,
    /// Stable address; answers with a redirect to a signed one.
    pub url: String,
    /// The same of a small picture, of images.
    pub thumbnail_url: Option<String>,
    /// What stands in for an image until its bytes are there: the base64 of a
    /// [ThumbHash](https://evanw.github.io/thumbhash/).
    #[serde(default)]
    pub placeholder: Option<String>,
}

impl Attachment {
    /// The stable address of a file.
    #[must_use]
    pub fn url_of(id: AttachmentId) -> String {
        format!("/v1/attachments/{id}")
    }

    /// The stable address of an image's small picture.
    #[must_use]
    pub fn thumbnail_url_of(id: AttachmentId) -> String {
        format!("/v1/attachments/{id}/thumbnail")
    }
}

/// One emoji under a message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Reaction {
    /// A single emoji grapheme.
    pub emoji: String,
    /// How many people chose it.
    pub count: i64,
    /// The newest 20 of them.
    pub user_ids: Vec<UserId>,
    /// Whether the caller is one of them; in REST answers only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mine: Option<bool>,
}

/// A message in its present state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Message {
    /// Its id, unique in its conversation.
    pub id: MessageId,
    /// Where it stands.
    pub conversation_id: ConversationId,
    /// Its place in the timeline: 1, 2, 3 … without gaps.
    pub seq: i64,
    /// The conversation's revision at its last change.
    pub rev: i64,
    /// The sender's own name for it.
    pub client_id: ClientId,
    /// Who wrote it.
    pub sender_id: UserId,
    /// Whether a person wrote it.
    pub kind: MessageKind,
    /// Its text; empty once deleted.
    #[schema(example = "Shall we meet at nine?")]
    pub body: String,
    /// Of a system message: what it tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system: Option<SystemEvent>,
    /// The message it answers.
    pub reply_to: Option<ReplyTo>,
    /// Its files.
    pub attachments: Vec<Attachment>,
    /// What people chose to say about it.
    pub reactions: Vec<Reaction>,
    /// Whom it names.
    pub mentions: Vec<UserId>,
    /// Whether it names everyone in its conversation.
    pub mentions_all: bool,
    /// Whether it is pinned in its conversation.
    pub pinned: bool,
    /// When it was committed.
    pub created_at: Timestamp,
    /// When its text last changed.
    pub edited_at: Option<Timestamp>,
    /// When it was deleted for everyone.
    pub deleted_at: Option<Timestamp>,
}

/// Body of `POST /v1/conversations/{id}/messages`.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SendMessageRequest {
    /// Any UUID, unique per sender and conversation: repeat it to repeat the send safely.
    pub client_id: ClientId,
    /// 1–4000 characters after trimming; may be empty beside an attachment.
    #[serde(default)]
    #[schema(example = "Shall we meet at nine?")]
    pub body: String,
    /// The message it answers, of the same conversation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<MessageId>,
    /// Up to 10 of the caller's own uploads, in this order, that no message holds yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 10)]
    pub attachment_ids: Vec<AttachmentId>,
}

/// Body of `PATCH /v1/conversations/{id}/messages/{message_id}`.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EditMessageRequest {
    /// 1–4000 characters after trimming; may be empty beside an attachment.
    #[schema(example = "Shall we meet at ten?")]
    pub body: String,
}

/// Who has received and read a message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SeenBy {
    /// Who.
    pub user_id: UserId,
    /// Whether a device of theirs has it.
    pub delivered: bool,
    /// Whether they have read it, as far as they show it.
    pub read: bool,
}

/// A message that a search found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Found {
    /// The message in its present state.
    pub message: Message,
    /// Where the words stand: HTML in which everything but `<mark>` is escaped.
    #[schema(example = "meet at &lt;nine&gt; in the <mark>garden</mark>")]
    pub excerpt: String,
}

/// The answer of `GET /v1/conversations/{id}/messages`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct MessagePage {
    /// By ascending `seq`.
    pub items: Vec<Message>,
    /// Whether older ones exist.
    pub has_before: bool,
    /// Whether newer ones exist.
    pub has_after: bool,
    /// The conversation's revision in the same snapshot.
    pub rev: i64,
}

/// A message whose place in the timeline is not decided yet.
///
/// Only the commit knows `seq`, `rev` and `created_at`; everything else of its frame is written
/// before, once, so that the database only has to add these three (`frame_head`).
#[derive(Clone, Debug, Serialize)]
pub struct MessageDraft {
    /// Its id.
    pub id: MessageId,
    /// Where it goes.
    pub conversation_id: ConversationId,
    /// The sender's own name for it.
    pub client_id: ClientId,
    /// Who wrote it.
    pub sender_id: UserId,
    /// Whether a person wrote it.
    pub kind: MessageKind,
    /// Its text.
    pub body: String,
    /// Of a system message: what it tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system: Option<SystemEvent>,
    /// The message it answers.
    pub reply_to: Option<ReplyTo>,
    /// Its files.
    pub attachments: Vec<Attachment>,
    /// Whom it names.
    pub mentions: Vec<UserId>,
    /// Whether it names everyone in its conversation.
    pub mentions_all: bool,
}

/// What nobody can have done to a message that is not there yet.
#[derive(Default, Serialize)]
struct Untouched {
    reactions: [Reaction; 0],
    pinned: bool,
    edited_at: Option<Timestamp>,
    deleted_at: Option<Timestamp>,
}

impl MessageDraft {
    /// The `message.created` frame up to the value of `message.seq`.
    ///
    /// The rest is `<seq>,"rev":<rev>,"created_at":"<time>"},"rev":<rev>}`.
    ///
    /// # Panics
    /// Never: the draft is an object of strings, numbers and lists.
    #[must_use]
    pub fn frame_head(&self) -> String {
        #[derive(Serialize)]
        struct Whole<'a> {
            #[serde(flatten)]
            draft: &'a MessageDraft,
            #[serde(flatten)]
            rest: Untouched,
        }
        let whole = Whole {
            draft: self,
            rest: Untouched::default(),
        };
        let mut message = serde_json::to_string(&whole).expect("a draft is plain data");
        message.pop();
        format!(
            r#"{{"type":"message.created","conversation_id":"{}","message":{message},"seq":"#,
            self.conversation_id
        )
    }

    /// The message that it has become.
    #[must_use]
    pub fn committed(self, seq: i64, rev: i64, created_at: Timestamp) -> Message {
        Message {
            id: self.id,
            conversation_id: self.conversation_id,
            seq,
            rev,
            client_id: self.client_id,
            sender_id: self.sender_id,
            kind: self.kind,
            body: self.body,
            system: self.system,
            reply_to: self.reply_to,
            attachments: self.attachments,
            reactions: Vec::new(),
            mentions: self.mentions,
            mentions_all: self.mentions_all,
            pinned: false,
            created_at,
            edited_at: None,
            deleted_at: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::ServerFrame;

    #[test]
    fn a_completed_frame_head_is_the_frame_of_the_message() {
        let draft = MessageDraft {
            id: MessageId::new(),
            conversation_id: ConversationId::new(),
            client_id: ClientId::new(),
            sender_id: UserId::new(),
            kind: MessageKind::Text,
            body: "a \"quoted\" \\ line\n\u{1F600}".to_owned(),
            system: Some(SystemEvent::GroupRenamed {
                name: "Engines".to_owned(),
            }),
            reply_to: Some(ReplyTo {
                message_id: MessageId::new(),
                seq: 3,
                sender_id: UserId::new(),
                excerpt: "what \"was\" said".to_owned(),
            }),
            attachments: vec![Attachment {
                id: AttachmentId::new(),
                name: "a picture.png".to_owned(),
                content_type: "image/png".to_owned(),
                size: 70,
                width: Some(1),
                height: Some(1),
                url: "/v1/attachments/1".to_owned(),
                thumbnail_url: None,
                placeholder: None,
            }],
            mentions: vec![UserId::new()],
            mentions_all: true,
        };
        let at = Timestamp::now();
        let whole = format!(
            r#"{}7,"rev":9,"created_at":"{at}"}},"rev":9}}"#,
            draft.frame_head()
        );
        let frame: ServerFrame = serde_json::from_str(&whole).unwrap();
        let want = ServerFrame::MessageCreated {
            conversation_id: draft.conversation_id,
            rev: 9,
            message: Box::new(draft.committed(7, 9, at)),
        };
        assert_eq!(frame, want);
        // Not only what is known is equal: the very same fields are written.
        let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(value(&whole), value(&serde_json::to_string(&want).unwrap()));
    }

    #[test]
    fn an_excerpt_is_the_beginning_on_one_line() {
        assert_eq!(excerpt("one\n\ttwo   three"), "one two three");
        assert_eq!(excerpt(""), "");
        let long = excerpt(&"\u{1F600}".repeat(500));
        assert_eq!(long.chars().count(), limits::EXCERPT_CHARS);
    }
}
