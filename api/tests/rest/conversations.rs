//! Conversations, messages, views, receipts and sync.

mod channels;
mod direct;
mod outages;
mod receipts;
mod send;
mod sync;
mod timeline;
mod views;

use std::time::Duration;

use protocol::ids::ConversationId;
use testkit::TestEnv;
use testkit::http::User;

use crate::app::TestApp;
use crate::rows;

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

/// How many events wait for the broker's word.
pub async fn outbox(env: &TestEnv) -> i64 {
    rows::number(env, "SELECT count(*) AS n FROM outbox").await
}

/// Waits until the broker has every event.
pub async fn all_is_told(env: &TestEnv) {
    testkit::eventually(Duration::from_secs(20), || async { outbox(env).await == 0 }).await;
}
