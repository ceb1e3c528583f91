//! Editing a message.

use futures_util::future::join;
use protocol::problem::Code;
use serde_json::json;

use super::{Chat, at, block, delete, edit, read, shared, try_edit};
use crate::app::TestApp;
use crate::rows;

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_is_answered_stored_and_told_as_the_next_revision() {
    let chat = Chat::begin().await;
    let message = chat.ada.client.send(chat.id, "nine").await;
    let edited = edit(&chat.ada, &message, "  ten\n").await;
    assert_eq!(
        (edited.body.as_str(), edited.rev, edited.seq),
        ("ten", 2, 1)
    );
    assert!(edited.edited_at.is_some_and(|at| at >= edited.created_at));
    assert_eq!(chat.told("message.updated", 2).await, edited);
    assert_eq!(read(&chat.bob, &message).await, edited);
    let row = "SELECT concat_ws('|', seq, m.rev, c.rev, body) AS line \
               FROM messages m JOIN conversations c ON c.id = conversation_id";
    assert_eq!(rows::lines(&chat.test.env, row).await, ["1|2|2|ten"]);
    let changes = chat.bob.client.changes(chat.id, 1).await;
    assert_eq!((changes.items, changes.rev), (vec![edited], 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_text_again_changes_nothing() {
    let chat = Chat::begin().await;
    let message = chat.ada.client.send(chat.id, "nine").await;
    assert_eq!(edit(&chat.ada, &message, " nine ").await, message);
    assert_eq!(chat.rev().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_author_edits_and_only_what_is_there() {
    let chat = Chat::begin().await;
    let eve = chat.test.user("eve").await;
    let message = chat.ada.client.send(chat.id, "nine").await;
    try_edit(&chat.bob, &message, "x")
        .await
        .problem(403, Code::Forbidden);
    try_edit(&eve, &message, "x")
        .await
        .problem(404, Code::NotFound);
    for (body, status, code) in [
        (json!({ "body": " " }), 422, Code::Invalid),
        (json!({ "body": "a\u{7}" }), 422, Code::Invalid),
        (json!({ "body": "a".repeat(4001) }), 422, Code::Invalid),
        (json!({ "body": "a", "seq": 1 }), 422, Code::Invalid),
        (json!({}), 422, Code::Invalid),
    ] {
        let reply = chat.ada.client.patch(&at(&message, ""), &body).await;
        reply.problem(status, code);
    }
    let mut nobody = message.clone();
    nobody.id = protocol::ids::MessageId::new();
    try_edit(&chat.ada, &nobody, "x")
        .await
        .problem(404, Code::NotFound);
    let path = format!("/v1/conversations/{}/messages/x", chat.id);
    let reply = chat.ada.client.patch(&path, &json!({ "body": "x" })).await;
    reply.problem(400, Code::Malformed);
    delete(&chat.ada, &message).await;
    try_edit(&chat.ada, &message, "x")
        .await
        .problem(409, Code::Deleted);
    assert_eq!(chat.rev().await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blocked_pair_edits_nothing() {
    let chat = Chat::begin().await;
    let message = chat.ada.client.send(chat.id, "nine").await;
    block(&chat.bob, &chat.ada).await;
    try_edit(&chat.ada, &message, "x")
        .await
        .problem(403, Code::Blocked);
    assert_eq!(read(&chat.ada, &message).await, message);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_sent_too_long_ago_stays_as_it_is() {
    let chat = Chat::begin().await;
    let message = chat.ada.client.send(chat.id, "nine").await;
    let age = |seconds: i32| {
        format!("UPDATE messages SET created_at = clock_timestamp() - interval '{seconds} seconds'")
    };
    rows::change(&chat.test.env, &age(800)).await;
    edit(&chat.ada, &message, "ten").await;
    rows::change(&chat.test.env, &age(901)).await;
    try_edit(&chat.ada, &message, "eleven")
        .await
        .problem(403, Code::EditWindowOver);
    assert_eq!(chat.rev().await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operator_says_how_long_a_message_can_be_edited() {
    let chat = Chat::with(&[("WARREN_MESSAGES_EDIT_WINDOW_SECONDS", "0")]).await;
    let message = chat.ada.client.send(chat.id, "nine").await;
    try_edit(&chat.ada, &message, "ten")
        .await
        .problem(403, Code::EditWindowOver);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_system_says_is_edited_by_nobody() {
    let test = TestApp::start().await;
    let (ada, bob) = tokio::join!(test.user("ada"), test.user("bob"));
    let group = ada.client.public_group("walkers").await;
    bob.client.join(group.shared.id).await;
    let page = ada.client.messages(group.channels[0].id, "").await;
    let joined = page.items.last().unwrap();
    for user in [&ada, &bob] {
        try_edit(user, joined, "x")
            .await
            .problem(403, Code::Forbidden);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_an_edit_and_a_deletion_at_once_the_deletion_stays() {
    let chat = Chat::begin().await;
    for round in 0..10 {
        let message = chat.ada.client.send(chat.id, "nine").await;
        let rev = message.rev;
        let (edited, ()) = join(
            try_edit(&chat.ada, &message, "ten"),
            delete(&chat.ada, &message),
        )
        .await;
        let left = read(&chat.bob, &message).await;
        assert_eq!((left.body.as_str(), left.deleted_at.is_some()), ("", true));
        match edited.status {
            200 => assert_eq!(left.rev, rev + 2, "round {round}"),
            409 => assert_eq!(left.rev, rev + 1, "round {round}"),
            _ => panic!("{edited}"),
        }
        assert_eq!(chat.told("message.deleted", left.rev).await, shared(left));
    }
}
