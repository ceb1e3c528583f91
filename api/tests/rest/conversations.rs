//! Conversations, messages, views, receipts and sync.

mod channels;
mod direct;
mod outages;
mod receipts;
mod send;
mod sync;
mod timeline;
mod views;

use diesel::QueryableByName;
use diesel::sql_types::BigInt;
use diesel_async::RunQueryDsl;
use protocol::ids::ConversationId;
use testkit::TestEnv;
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

/// How many events wait for the broker's word.
async fn outbox(env: &TestEnv) -> i64 {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        count: i64,
    }
    let row: Count = diesel::sql_query("SELECT count(*) AS count FROM outbox")
        .get_result(&mut env.sql().await)
        .await
        .unwrap();
    row.count
}
