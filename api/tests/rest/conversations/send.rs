//! Sending: idempotent, in order, judged by what is true at the commit.

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Text};
use diesel_async::RunQueryDsl;
use futures_util::future::join_all;
use protocol::frame::ServerFrame;
use protocol::ids::ClientId;
use protocol::message::Message;
use protocol::problem::Code;
use protocol::routing::Route;
use serde_json::json;
use testkit::TestEnv;

use super::{all_is_told, pair, path};
use crate::app::TestApp;
use crate::events::Events;

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    seq: i64,
    #[diesel(sql_type = BigInt)]
    rev: i64,
    #[diesel(sql_type = Text)]
    body: String,
}

async fn rows(env: &TestEnv) -> Vec<Row> {
    diesel::sql_query("SELECT seq, rev, body FROM messages ORDER BY conversation_id, seq")
        .load(&mut env.sql().await)
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_answered_stored_and_told_to_both_sides_as_one_and_the_same() {
    let test = TestApp::start().await;
    let (ada, bob, id) = pair(&test).await;
    let events = Events::listen(&test.env).await;
    let client_id = ClientId::new();
    let text = "  \u{1F600} \"quoted\" \\ and\nmore  ";
    let reply = ada
        .client
        .request(reqwest::Method::POST, &path(id, "/messages"))
        .header("x-request-id", "trace-me")
        .json(&json!({"client_id": client_id, "body": text}))
        .send()
        .await
        .expect(201);
    let message: Message = reply.json();
    assert_eq!(
        (message.seq, message.rev, message.client_id),
        (1, 1, client_id)
    );
    assert_eq!(
        (message.sender_id, message.body.as_str()),
        (ada.id(), text.trim())
    );

    let stored = rows(&test.env).await;
    assert_eq!(stored.len(), 1);
    assert_eq!(
        (stored[0].seq, stored[0].rev, stored[0].body.as_str()),
        (1, 1, text.trim())
    );

    let heard = events.expect(|heard| heard.kind == "message.created").await;
    let mut keys = heard.keys.clone();
    keys.sort();
    let mut both = [Route::User(ada.id()).key(), Route::User(bob.id()).key()];
    both.sort();
    assert_eq!(keys, both);
    assert_eq!(
        heard.message_id.as_deref(),
        Some(message.id.to_string().as_str())
    );
    let frame: ServerFrame = serde_json::from_str(&heard.body).unwrap();
    let want = ServerFrame::MessageCreated {
        conversation_id: id,
        rev: 1,
        message: Box::new(message.clone()),
    };
    assert_eq!(frame, want);
    // What is read later is what was told.
    assert_eq!(bob.client.messages(id, "").await.items, [message]);
    all_is_told(&test.env).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_send_is_the_same_message_and_other_content_is_refused() {
    let test = TestApp::start().await;
    let (ada, bob, id) = pair(&test).await;
    let client_id = ClientId::new();
    let first: Message = ada
        .client
        .try_send(id, client_id, "once")
        .await
        .expect(201)
        .json();
    let again: Message = ada
        .client
        .try_send(id, client_id, " once ")
        .await
        .expect(200)
        .json();
    assert_eq!(again, first);
    ada.client
        .try_send(id, client_id, "twice")
        .await
        .problem(409, Code::ClientIdReused);
    // Another sender may use the same client_id.
    let other: Message = bob
        .client
        .try_send(id, client_id, "once")
        .await
        .expect(201)
        .json();
    assert_eq!(other.seq, 2);
    assert_eq!(rows(&test.env).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_repeats_at_once_make_one_message() {
    let test = TestApp::start().await;
    let (ada, _bob, id) = pair(&test).await;
    let client_id = ClientId::new();
    let sends = (0..20).map(|_| ada.client.try_send(id, client_id, "once"));
    let replies = join_all(sends).await;
    assert_eq!(
        replies.iter().filter(|reply| reply.status == 201).count(),
        1
    );
    assert!(
        replies
            .iter()
            .all(|reply| matches!(reply.status, 200 | 201))
    );
    assert_eq!(rows(&test.env).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blocked_pair_cannot_write_but_may_repeat_what_was_committed() {
    let test = TestApp::start().await;
    let (ada, bob, id) = pair(&test).await;
    let client_id = ClientId::new();
    let before: Message = ada
        .client
        .try_send(id, client_id, "before")
        .await
        .expect(201)
        .json();
    bob.client
        .put(&format!("/v1/blocks/{}", ada.id()), &json!({}))
        .await
        .expect(204);
    for user in [&ada, &bob] {
        user.client
            .try_send(id, ClientId::new(), "hi")
            .await
            .problem(403, Code::Blocked);
    }
    let again: Message = ada
        .client
        .try_send(id, client_id, "before")
        .await
        .expect(200)
        .json();
    assert_eq!(again, before);
    assert_eq!(ada.client.messages(id, "").await.items.len(), 1);
    bob.client
        .delete(&format!("/v1/blocks/{}", ada.id()))
        .await
        .expect(204);
    assert_eq!(ada.client.send(id, "after").await.seq, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_with_a_refused_message_commits_the_others() {
    // One lane, so that they meet in batches.
    let test = TestApp::with(&[("WARREN_COMMITTER_LANES", "1")]).await;
    let (ada, bob, id) = pair(&test).await;
    let eve = test.user("eve").await;
    let sends = (0..60).map(|i| {
        let (user, bad) = match i % 3 {
            0 => (&ada, false),
            1 => (&bob, false),
            _ => (&eve, true),
        };
        async move {
            (
                bad,
                user.client.try_send(id, ClientId::new(), "hi").await.status,
            )
        }
    });
    for (bad, status) in join_all(sends).await {
        assert_eq!(status, if bad { 404 } else { 201 });
    }
    let stored = rows(&test.env).await;
    assert_eq!(
        stored.iter().map(|row| row.seq).collect::<Vec<_>>(),
        (1..=40).collect::<Vec<_>>()
    );
    assert!(stored.iter().all(|row| row.rev == row.seq));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_conversation_answers_503_and_holds_nobody_else_up_for_longer_than_its_lock() {
    let test = TestApp::with(&[
        ("WARREN_COMMITTER_LANES", "1"),
        ("WARREN_DATABASE_LOCK_TIMEOUT_MS", "300"),
    ])
    .await;
    let (ada, _bob, stuck) = pair(&test).await;
    let carl = test.user("carl").await;
    let free = ada.client.direct(carl.id()).await.shared.id;
    let mut holder = test.env.sql().await;
    diesel::sql_query("BEGIN")
        .execute(&mut holder)
        .await
        .unwrap();
    diesel::sql_query("SELECT 1 FROM conversations WHERE id = $1 FOR UPDATE")
        .bind::<diesel::sql_types::Uuid, _>(stuck.0)
        .execute(&mut holder)
        .await
        .unwrap();
    let client_id = ClientId::new();
    let (stuck_reply, free_reply) = tokio::join!(
        ada.client.try_send(stuck, client_id, "waits"),
        ada.client.try_send(free, ClientId::new(), "goes")
    );
    let problem = stuck_reply.problem(503, Code::Unavailable);
    assert!(!problem.detail.is_empty());
    assert_eq!(free_reply.status, 201);
    diesel::sql_query("ROLLBACK")
        .execute(&mut holder)
        .await
        .unwrap();
    ada.client
        .try_send(stuck, client_id, "waits")
        .await
        .expect(201);
}
