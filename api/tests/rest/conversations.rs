//! Conversations, messages, views, receipts and sync.

mod channels;
mod direct;
mod receipts;
mod send;
mod sync;
mod timeline;
mod views;

use protocol::ids::ConversationId;
use testkit::http::User;

use crate::app::TestApp;

/// Two users with a chat.
pub async fn pair(test: &TestApp) -> (User, User, ConversationId) {
    let (ada, bob) = tokio::join!(test.user("ada"), test.user("bob"));
    let chat = ada.client.direct(bob.id()).await;
    (ada, bob, chat.shared.id)
}

/// `/v1/conversations/{id}` and what follows it.
pub fn path(id: ConversationId, rest: &str) -> String {
    format!("/v1/conversations/{id}{rest}")
}
