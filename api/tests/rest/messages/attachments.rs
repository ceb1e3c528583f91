//! Files of messages: held by one, or by none.

use futures_util::future::join_all;
use image::ImageFormat;
use protocol::ids::{AttachmentId, ClientId};
use protocol::message::Message;
use protocol::problem::Code;
use serde_json::json;
use testkit::http::{Client, User};

use super::{Chat, delete, edit, read, send, try_edit, try_send};
use crate::app::TestApp;
use crate::files::picture;
use crate::rows;

/// A picture that someone has uploaded.
pub async fn upload(owner: &User, name: &str) -> AttachmentId {
    let png = picture(3, 4, ImageFormat::Png);
    owner.client.upload(name, &png).await.id
}

async fn held_by(test: &TestApp, id: AttachmentId) -> String {
    let query =
        format!("SELECT coalesce(message_id::text, '') AS line FROM attachments WHERE id = '{id}'");
    rows::lines(&test.env, &query).await.remove(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn files_go_with_their_message_in_the_order_they_were_named() {
    let chat = Chat::begin().await;
    let png = picture(3, 4, ImageFormat::Png);
    let first = chat.ada.client.upload("first.png", &png).await;
    let second = chat.ada.client.upload("second.png", &png).await;
    let body = json!({ "attachment_ids": [second.id, first.id] });
    let message = send(&chat.ada, chat.id, body).await;
    assert_eq!((first.width, first.height), (Some(3), Some(4)));
    assert_eq!(
        (message.body.as_str(), &message.attachments),
        ("", &vec![second.clone(), first.clone()])
    );
    assert_eq!(chat.told("message.created", 1).await, message);
    assert_eq!(read(&chat.bob, &message).await, message);
    for id in [first.id, second.id] {
        assert_eq!(held_by(&chat.test, id).await, message.id.to_string());
    }
    // Beside files, a text may become empty and not before.
    let edited = edit(&chat.ada, &message, "these").await;
    assert_eq!(edited.attachments, message.attachments);
    assert_eq!(edit(&chat.ada, &edited, "").await.body, "");
    let plain = chat.ada.client.send(chat.id, "plain").await;
    try_edit(&chat.ada, &plain, "")
        .await
        .problem(422, Code::Invalid);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_holds_ten_files_at_most() {
    let chat = Chat::begin().await;
    let uploads = (0..11).map(|_| upload(&chat.ada, "one.png"));
    let files = join_all(uploads).await;
    let body = json!({ "attachment_ids": files });
    let reply = try_send(&chat.ada, chat.id, body).await;
    let errors = reply.problem(422, Code::LimitReached).errors;
    assert_eq!(
        (errors.len(), errors[0].field.as_str()),
        (1, "attachment_ids")
    );
    let body = json!({ "attachment_ids": files[..10] });
    assert_eq!(
        send(&chat.ada, chat.id, body).await.attachments.len(),
        files.len() - 1
    );
    assert_eq!(held_by(&chat.test, files[10]).await, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_ones_own_uploads_that_nothing_holds_can_be_sent() {
    let chat = Chat::begin().await;
    let eve = chat.test.user("eve").await;
    let own = upload(&chat.ada, "own.png").await;
    let held = upload(&chat.ada, "held.png").await;
    let foreign = upload(&chat.bob, "foreign.png").await;
    let gone = upload(&chat.ada, "gone.png").await;
    let delete_it = format!("UPDATE attachments SET deleted_at = now() WHERE id = '{gone}'");
    rows::change(&chat.test.env, &delete_it).await;
    send(&chat.ada, chat.id, json!({ "attachment_ids": [held] })).await;
    for ids in [
        json!([AttachmentId::new()]),
        json!([own, foreign]),
        json!([own, held]),
        json!([own, gone]),
        json!([own, own]),
        json!(["x"]),
    ] {
        let body = json!({ "body": "look", "attachment_ids": ids });
        let problem = try_send(&chat.ada, chat.id, body)
            .await
            .problem(422, Code::Invalid);
        assert!(
            problem.errors[0].field.starts_with("attachment_ids"),
            "{problem:?}"
        );
    }
    let body = json!({ "attachment_ids": [] });
    try_send(&chat.ada, chat.id, body)
        .await
        .problem(422, Code::Invalid);
    let body = json!({ "attachment_ids": [upload(&eve, "x.png").await] });
    try_send(&eve, chat.id, body)
        .await
        .problem(404, Code::NotFound);
    assert_eq!(held_by(&chat.test, own).await, "");
    assert_eq!(chat.rev().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_send_finds_its_files_held_by_itself() {
    let chat = Chat::begin().await;
    let file = upload(&chat.ada, "own.png").await;
    let body = json!({ "client_id": ClientId::new(), "body": "look", "attachment_ids": [file] });
    let message = send(&chat.ada, chat.id, body.clone()).await;
    let again = try_send(&chat.ada, chat.id, body.clone()).await.expect(200);
    assert_eq!(again.json::<Message>(), message);
    delete(&chat.ada, &message).await;
    let again = try_send(&chat.ada, chat.id, body.clone()).await.expect(200);
    assert!(again.json::<Message>().deleted_at.is_some());
    let mut other = body;
    other["attachment_ids"] = json!([]);
    try_send(&chat.ada, chat.id, other)
        .await
        .problem(409, Code::ClientIdReused);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_messages_with_one_file_exactly_one_gets_it() {
    let chat = Chat::begin().await;
    let other = chat.test.another(&[]).await;
    let elsewhere = chat.ada.client.at(format!("http://{}", other.http));
    let eve = chat.test.user("eve").await;
    let second = chat.ada.client.direct(eve.id()).await.shared.id;
    for _ in 0..3 {
        let shared = upload(&chat.ada, "shared.png").await;
        let mut sends = Vec::new();
        for n in 0..24 {
            let own = upload(&chat.ada, "own.png").await;
            let room = if n % 2 == 0 { chat.id } else { second };
            let client = if n % 3 == 0 {
                &elsewhere
            } else {
                &chat.ada.client
            };
            let body = json!({ "client_id": ClientId::new(), "attachment_ids": [own, shared] });
            let path = format!("/v1/conversations/{room}/messages");
            sends.push(async move { (own, client.post(&path, &body).await) });
        }
        let mut won = Vec::new();
        for (own, reply) in join_all(sends).await {
            match reply.status {
                201 => won.push(reply.json::<Message>()),
                422 => assert_eq!(held_by(&chat.test, own).await, "", "all or none"),
                _ => panic!("{reply}"),
            }
        }
        assert_eq!(won.len(), 1);
        assert_eq!(held_by(&chat.test, shared).await, won[0].id.to_string());
    }
    // Both services are in this process, and so is the counter.
    let metrics = Client::anonymous(chat.test.admin()).get("/metrics").await;
    let metrics = String::from_utf8(metrics.bytes).unwrap();
    assert!(
        metrics.contains("\nwarren_deadlocks_total 0\n"),
        "{metrics}"
    );
    other.stop().await;
}
