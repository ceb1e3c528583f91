//! Answering a message.

use futures_util::future::join_all;
use protocol::frame::ServerFrame;
use protocol::ids::{ClientId, MessageId};
use protocol::limits;
use protocol::message::Message;
use protocol::problem::Code;
use serde_json::json;
use testkit::http::User;

use super::{Chat, at, delete, edit, hide, read, send, try_send};
use crate::rows;

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_shows_the_beginning_of_what_it_answers_as_it_is_now() {
    let chat = Chat::begin().await;
    let text = format!("one\n\n two\t{}", "three ".repeat(60));
    let first = chat.ada.client.send(chat.id, &text).await;
    let body = json!({ "body": "indeed", "reply_to": first.id });
    let answer = send(&chat.bob, chat.id, body).await;
    let reply_to = answer.reply_to.clone().unwrap();
    assert_eq!((reply_to.message_id, reply_to.seq), (first.id, 1));
    assert_eq!(reply_to.sender_id, chat.ada.id());
    assert!(reply_to.excerpt.starts_with("one two three three"));
    assert!(reply_to.excerpt.chars().count() <= limits::EXCERPT_CHARS);
    assert_eq!(chat.told("message.created", 2).await, answer);
    assert_eq!(read(&chat.ada, &answer).await, answer);
    let row = "SELECT seq || '|' || coalesce(reply_to_seq, 0) AS line FROM messages ORDER BY seq";
    assert_eq!(rows::lines(&chat.test.env, row).await, ["1|0", "2|1"]);

    edit(&chat.ada, &first, "something else").await;
    let excerpt = |message: Message| message.reply_to.unwrap().excerpt;
    assert_eq!(excerpt(read(&chat.ada, &answer).await), "something else");
    let changes = chat.ada.client.changes(chat.id, 1).await;
    assert_eq!(excerpt(changes.items[0].clone()), "something else");
    delete(&chat.ada, &first).await;
    assert_eq!(excerpt(read(&chat.bob, &answer).await), "");
    let last = chat.bob.client.conversation(chat.id).await.last_message;
    assert_eq!(excerpt(last.unwrap()), "");
    // A tombstone can be answered: what was said before may be meant.
    let body = json!({ "body": "why?", "reply_to": first.id });
    assert_eq!(excerpt(send(&chat.bob, chat.id, body).await), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_the_sender_sees_in_the_conversation_can_be_answered() {
    let chat = Chat::begin().await;
    let eve = chat.test.user("eve").await;
    let elsewhere = chat.ada.client.direct(eve.id()).await.shared.id;
    let foreign = chat.ada.client.send(elsewhere, "elsewhere").await;
    let cleared = chat.bob.client.send(chat.id, "cleared").await;
    let clear = format!("/v1/conversations/{}/clear", chat.id);
    chat.ada.client.post(&clear, &json!({})).await.expect(204);
    let hidden = chat.bob.client.send(chat.id, "hidden").await;
    hide(&chat.ada, &hidden).await;
    for target in [MessageId::new(), foreign.id, cleared.id, hidden.id] {
        let body = json!({ "body": "x", "reply_to": target });
        let problem = try_send(&chat.ada, chat.id, body)
            .await
            .problem(422, Code::Invalid);
        assert_eq!(problem.errors[0].field, "reply_to");
    }
    let body = json!({ "body": "x", "reply_to": "x" });
    try_send(&chat.ada, chat.id, body)
        .await
        .problem(422, Code::Invalid);
    let body = json!({ "body": "x", "reply_to": hidden.id });
    try_send(&eve, chat.id, body.clone())
        .await
        .problem(404, Code::NotFound);
    assert_eq!(chat.rev().await, 2);
    // The other side still sees both.
    send(&chat.bob, chat.id, body).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_answer_is_the_same_whatever_became_of_what_it_answers() {
    let chat = Chat::begin().await;
    let first = chat.bob.client.send(chat.id, "first").await;
    let second = chat.bob.client.send(chat.id, "second").await;
    let body = json!({ "client_id": ClientId::new(), "body": "x", "reply_to": first.id });
    let answer = send(&chat.ada, chat.id, body.clone()).await;
    let again = || async {
        let reply = try_send(&chat.ada, chat.id, body.clone()).await.expect(200);
        reply.json::<Message>()
    };
    assert_eq!(again().await, answer);
    edit(&chat.bob, &first, "other").await;
    assert_eq!(again().await.reply_to.unwrap().excerpt, "other");
    hide(&chat.ada, &first).await;
    assert_eq!(again().await.id, answer.id);
    let mut other = body.clone();
    other["reply_to"] = json!(second.id);
    try_send(&chat.ada, chat.id, other)
        .await
        .problem(409, Code::ClientIdReused);
    // One that cannot be made is no repeat of another either.
    let mut unknown = body.clone();
    unknown["reply_to"] = json!(MessageId::new());
    try_send(&chat.ada, chat.id, unknown)
        .await
        .problem(409, Code::ClientIdReused);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_frame_after_a_deletion_quotes_what_was_deleted() {
    let chat = Chat::begin().await;
    for _ in 0..4 {
        let target = chat.ada.client.send(chat.id, "secret").await;
        let answers = (0..16).map(|_| {
            let body = json!({ "body": "indeed", "reply_to": target.id });
            try_send(&chat.bob, chat.id, body)
        });
        let (answers, ()) = tokio::join!(join_all(answers), delete(&chat.ada, &target));
        let deleted = read(&chat.bob, &target).await.rev;
        for reply in answers {
            let answer: Message = reply.expect(201).json();
            let told = chat.told("message.created", answer.rev).await;
            let excerpt = told.reply_to.unwrap().excerpt;
            assert_eq!(excerpt == "secret", answer.rev < deleted, "{excerpt:?}");
        }
    }
    let quoted = chat.events.frames().into_iter().filter(|frame| {
        matches!(frame, ServerFrame::MessageCreated { message, .. } if message.reply_to.is_some())
    });
    assert!(quoted.count() >= 64);
}

#[tokio::test(flavor = "multi_thread")]
async fn emojis_under_the_answered_message_hold_no_answer_up() {
    let chat = Chat::begin().await;
    let target = chat.ada.client.send(chat.id, "vote").await;
    let answers = (0..20).map(|_| {
        let body = json!({ "body": "indeed", "reply_to": target.id });
        send(&chat.bob, chat.id, body)
    });
    let marks = (0x1F600..0x1F600 + 20).map(|code| {
        let emoji = char::from_u32(code).unwrap().to_string();
        let encoded: String = emoji.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let path = at(&target, &format!("/reactions/{encoded}"));
        let ada = &chat.ada;
        async move { put(ada, &path).await }
    });
    let (answers, _) = tokio::join!(join_all(answers), join_all(marks));
    let excerpt = |answer: Message| answer.reply_to.unwrap().excerpt;
    assert!(answers.into_iter().all(|answer| excerpt(answer) == "vote"));
    assert_eq!(read(&chat.ada, &target).await.reactions.len(), 20);
}

async fn put(user: &User, path: &str) {
    user.client.put(path, &json!({})).await.expect(204);
}
