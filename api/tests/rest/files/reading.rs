//! Who may read a file.

use chrono::{DateTime, TimeDelta, Utc};
use protocol::file::AttachmentUrls;
use protocol::ids::{AttachmentId, ConversationId};
use protocol::message::Message;
use protocol::problem::Code;
use serde_json::json;
use testkit::http::User;

use super::{address, fetch, picture};
use crate::app::TestApp;

/// Whether someone gets an address, by either route; both must agree.
async fn may_read(reader: &User, id: AttachmentId) -> bool {
    let reply = reader.client.get(&address(id)).await;
    let listed = urls(reader, &[id]).await.items.len() == 1;
    match reply.status {
        302 => assert!(listed, "{reply}"),
        _ => {
            reply.problem(404, Code::NotFound);
            assert!(!listed);
        }
    }
    listed
}

async fn urls(reader: &User, ids: &[AttachmentId]) -> AttachmentUrls {
    let body = json!({ "ids": ids });
    let reply = reader.client.post("/v1/attachments/urls", &body).await;
    reply.expect(200).json()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_is_its_uploaders_until_a_message_holds_it() {
    let test = TestApp::start().await;
    let (ada, bob, eve) = (
        test.user("ada").await,
        test.user("bob").await,
        test.user("eve").await,
    );
    let chat = ada.client.direct(bob.id()).await.shared.id;
    let file = ada.client.upload("a.txt", b"a").await;
    assert!(may_read(&ada, file.id).await);
    assert!(!may_read(&bob, file.id).await);
    ada.client.send_file(chat, file.id).await;
    assert!(may_read(&ada, file.id).await && may_read(&bob, file.id).await);
    assert_eq!(fetch(&bob, file.id).await.expect(200).bytes, b"a");
    assert!(!may_read(&eve, file.id).await);
    assert!(!may_read(&eve, AttachmentId::new()).await);
    let anonymous = test.client().get(&address(file.id)).await;
    anonymous.problem(401, Code::Unauthenticated);
    // A text has no small picture.
    let thumbnail = format!("{}/thumbnail", address(file.id));
    bob.client
        .get(&thumbnail)
        .await
        .problem(404, Code::NotFound);
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_see_the_message_does_not_read_its_file() {
    let test = TestApp::start().await;
    let (ada, bob) = (test.user("ada").await, test.user("bob").await);
    let chat = ada.client.direct(bob.id()).await.shared.id;
    let at = async |message: &Message, rest: &str| {
        let path = format!("/v1/conversations/{chat}/messages/{}{rest}", message.id);
        bob.client.delete(&path).await
    };

    let (cleared, _) = send(&ada, chat).await;
    assert!(may_read(&bob, cleared).await);
    let clear = format!("/v1/conversations/{chat}/clear");
    bob.client.post(&clear, &json!({})).await.expect(204);
    assert!(!may_read(&bob, cleared).await && may_read(&ada, cleared).await);

    let (hidden, message) = send(&ada, chat).await;
    assert!(may_read(&bob, hidden).await);
    at(&message, "").await.expect(204);
    assert!(!may_read(&bob, hidden).await && may_read(&ada, hidden).await);

    let (deleted, message) = send(&bob, chat).await;
    assert!(may_read(&ada, deleted).await);
    let url = super::signed(&ada, deleted).await;
    at(&message, "?for=everyone").await.expect(204);
    assert!(!may_read(&bob, deleted).await && !may_read(&ada, deleted).await);
    // An address that was given out before ends with the file.
    test.client().get(&url).await.problem(404, Code::NotFound);
    test.app.stop().await;
}

/// Sends a new file.
async fn send(sender: &User, to: ConversationId) -> (AttachmentId, Message) {
    let file = sender.client.upload("a.txt", b"a").await;
    (file.id, sender.client.send_file(to, file.id).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_a_group_leaves_its_files_and_who_comes_reads_the_old_ones() {
    let test = TestApp::start().await;
    let (ada, bob, eve) = (
        test.user("ada").await,
        test.user("bob").await,
        test.user("eve").await,
    );
    let group = ada.client.public_group("Engines").await;
    bob.client.join(group.shared.id).await;
    let (file, _) = send(&ada, group.channels[0].id).await;
    assert!(may_read(&bob, file).await && !may_read(&eve, file).await);
    eve.client.join(group.shared.id).await;
    assert!(may_read(&eve, file).await);
    bob.client.leave(group.shared.id).await;
    ada.client.kick(group.shared.id, eve.id()).await;
    assert!(!may_read(&bob, file).await && !may_read(&eve, file).await);
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_come_for_those_that_may_be_read_in_the_order_asked() {
    let test = TestApp::start().await;
    let (ada, bob) = (test.user("ada").await, test.user("bob").await);
    let png = picture(10, 10, image::ImageFormat::Png);
    let shown = ada.client.upload("a.png", &png).await;
    let text = ada.client.upload("b.txt", b"b").await;
    let others = bob.client.upload("c.txt", b"c").await;
    let ids = [text.id, others.id, AttachmentId::new(), shown.id];
    let asked_at = Utc::now();
    let answer = urls(&ada, &ids).await;
    let found: Vec<_> = answer.items.iter().map(|item| item.id).collect();
    assert_eq!(found, [text.id, shown.id]);
    for item in &answer.items {
        assert_eq!(item.url, super::signed(&ada, item.id).await);
        test.client().get(&item.url).await.expect(200);
        // Both say the same, and it is the end of the window after this one.
        let (_, end) = item.url.split_once("&expires=").unwrap();
        let end = end.split('&').next().unwrap().parse::<i64>().unwrap();
        let expires_at = DateTime::<Utc>::from(item.expires_at);
        assert_eq!(expires_at.timestamp(), end);
        let left = expires_at - asked_at;
        assert!(left > TimeDelta::minutes(5), "{left}");
        assert!(expires_at - Utc::now() <= TimeDelta::minutes(10));
    }
    assert_eq!(answer.items[0].thumbnail_url, None);
    let small = answer.items[1].thumbnail_url.as_ref().unwrap();
    let small = test.client().get(small).await.expect(200);
    assert_eq!(small.header("content-type"), "image/png");

    let many = vec![text.id; 101];
    for ids in [&many[..], &[]] {
        let reply = ada
            .client
            .post("/v1/attachments/urls", &json!({ "ids": ids }))
            .await;
        let problem = reply.problem(422, Code::Invalid);
        assert_eq!(problem.errors[0].field, "ids");
    }
    let reply = ada
        .client
        .post("/v1/attachments/urls", &json!({ "ids": ["a"] }))
        .await;
    reply.problem(422, Code::Invalid);
    test.app.stop().await;
}
