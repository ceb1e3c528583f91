//! What people do with messages: answer, name, edit, delete, mark.

mod attachments;
mod delete;
mod edit;
mod files;
mod hide;
mod mentions;
mod pins;
mod reactions;
mod replies;
mod seen_by;
mod telling;

use protocol::frame::ServerFrame;
use protocol::ids::{ClientId, ConversationId};
use protocol::message::Message;
use protocol::routing::Route;
use serde_json::{Value, json};
use testkit::http::{Reply, User};

use crate::app::TestApp;
use crate::events::{Events, Heard};

/// Two people with a chat, and what the broker hears.
struct Chat {
    test: TestApp,
    ada: User,
    bob: User,
    id: ConversationId,
    events: Events,
}

impl Chat {
    async fn begin() -> Self {
        Self::with(&[]).await
    }

    async fn with(settings: &[(&str, &str)]) -> Self {
        let test = TestApp::with(settings).await;
        let (ada, bob) = tokio::join!(test.user("ada"), test.user("bob"));
        let id = ada.client.direct(bob.id()).await.shared.id;
        let events = Events::listen(&test.env).await;
        Self {
            test,
            ada,
            bob,
            id,
            events,
        }
    }

    /// Waits for the one change at this revision, which both sides were told; the message in it.
    async fn told(&self, kind: &str, rev: i64) -> Message {
        let heard = told(&self.events, self.id, kind, rev).await;
        let mut keys = heard.keys.clone();
        keys.sort();
        let mut both = [&self.ada, &self.bob].map(|user| Route::User(user.id()).key());
        both.sort();
        assert_eq!(keys, both);
        message_of(&heard)
    }

    async fn rev(&self) -> i64 {
        self.ada.client.conversation(self.id).await.shared.rev
    }
}

/// Waits for the change of a conversation at this revision.
async fn told(events: &Events, id: ConversationId, kind: &str, rev: i64) -> Heard {
    let heard = events
        .expect_frame(|frame| revision(frame) == Some((id, rev)))
        .await;
    assert_eq!(heard.kind, kind);
    assert_eq!(
        heard.message_id,
        Some(message_of(&heard).id.to_string()),
        "{heard:?}"
    );
    heard
}

fn revision(frame: &ServerFrame) -> Option<(ConversationId, i64)> {
    match frame {
        ServerFrame::MessageCreated {
            conversation_id,
            rev,
            ..
        }
        | ServerFrame::MessageUpdated {
            conversation_id,
            rev,
            ..
        }
        | ServerFrame::MessageDeleted {
            conversation_id,
            rev,
            ..
        } => Some((*conversation_id, *rev)),
        _ => None,
    }
}

fn message_of(heard: &Heard) -> Message {
    match serde_json::from_str(&heard.body).unwrap() {
        ServerFrame::MessageCreated { message, .. }
        | ServerFrame::MessageUpdated { message, .. }
        | ServerFrame::MessageDeleted { message, .. } => *message,
        other => panic!("not about a message: {other:?}"),
    }
}

/// Sends a message with more than a text.
async fn try_send(user: &User, id: ConversationId, mut body: Value) -> Reply {
    if body.get("client_id").is_none() {
        body["client_id"] = json!(ClientId::new());
    }
    let path = format!("/v1/conversations/{id}/messages");
    user.client.post(&path, &body).await
}

/// Sends a message with more than a text, which must succeed.
pub async fn send(user: &User, id: ConversationId, body: Value) -> Message {
    try_send(user, id, body).await.expect(201).json()
}

/// `/v1/conversations/{id}/messages/{id}` and what follows it.
fn at(message: &Message, rest: &str) -> String {
    let (room, id) = (message.conversation_id, message.id);
    format!("/v1/conversations/{room}/messages/{id}{rest}")
}

async fn try_edit(user: &User, message: &Message, body: &str) -> Reply {
    let body = json!({ "body": body });
    user.client.patch(&at(message, ""), &body).await
}

/// Gives a message another text.
pub async fn edit(user: &User, message: &Message, body: &str) -> Message {
    try_edit(user, message, body).await.expect(200).json()
}

/// Deletes a message for everyone.
pub async fn delete(user: &User, message: &Message) {
    let path = at(message, "?for=everyone");
    user.client.delete(&path).await.expect(204);
}

/// Deletes a message for its reader alone.
pub async fn hide(user: &User, message: &Message) {
    user.client.delete(&at(message, "")).await.expect(204);
}

async fn block(blocker: &User, blocked: &User) {
    let path = format!("/v1/blocks/{}", blocked.id());
    blocker.client.put(&path, &json!({})).await.expect(204);
}

/// One message as a user reads it.
async fn read(user: &User, message: &Message) -> Message {
    let around = format!("?around={}&limit=1", message.seq);
    let page = user.client.messages(message.conversation_id, &around).await;
    page.items.into_iter().next().unwrap()
}

/// What everyone is told of a message that is read: all but the reader's own part.
fn shared(mut message: Message) -> Message {
    for reaction in &mut message.reactions {
        reaction.mine = None;
    }
    message
}
