//! Who may read a file.

use protocol::file::AttachmentUrls;
use protocol::ids::AttachmentId;
use protocol::problem::Code;
use serde_json::json;
use testkit::http::User;

use super::{address, hold, picture};
use crate::app::TestApp;
use crate::rows;

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
    let message = ada.client.send(chat, "Here").await;
    hold(&test.env, &file, &message).await;
    assert!(may_read(&ada, file.id).await && may_read(&bob, file.id).await);
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
    let mut files = Vec::new();
    for i in 0..3 {
        let file = ada.client.upload("a.txt", b"a").await;
        let message = ada.client.send(chat, &format!("Here is {i}")).await;
        hold(&test.env, &file, &message).await;
        files.push((file.id, message));
    }
    let [(cleared, _), (hidden, hidden_in), (deleted, deleted_in)] = files.as_slice() else {
        panic!("three were sent");
    };
    let clear = format!(
        "UPDATE members SET cleared_seq = 1 WHERE user_id = '{}'",
        bob.id()
    );
    rows::change(&test.env, &clear).await;
    assert!(!may_read(&bob, *cleared).await && may_read(&ada, *cleared).await);
    assert!(may_read(&bob, *hidden).await);
    let hide = format!(
        "INSERT INTO message_hides (conversation_id, user_id, seq, message_id, version) \
         VALUES ('{chat}', '{}', 2, '{}', 1)",
        bob.id(),
        hidden_in.id
    );
    rows::change(&test.env, &hide).await;
    assert!(!may_read(&bob, *hidden).await && may_read(&ada, *hidden).await);
    assert!(may_read(&bob, *deleted).await);
    let at = super::signed(&bob, *deleted).await;
    let bury = format!(
        "WITH tombstone AS (UPDATE messages SET deleted_at = clock_timestamp() WHERE id = '{0}') \
         UPDATE attachments SET deleted_at = clock_timestamp() WHERE message_id = '{0}'",
        deleted_in.id
    );
    rows::change(&test.env, &bury).await;
    assert!(!may_read(&bob, *deleted).await && !may_read(&ada, *deleted).await);
    // An address that was given out before ends with the file.
    test.client().get(&at).await.problem(404, Code::NotFound);
    test.app.stop().await;
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
    let file = ada.client.upload("a.txt", b"a").await;
    let message = ada.client.send(group.channels[0].id, "Here").await;
    hold(&test.env, &file, &message).await;
    assert!(may_read(&bob, file.id).await && !may_read(&eve, file.id).await);
    eve.client.join(group.shared.id).await;
    assert!(may_read(&eve, file.id).await);
    bob.client.leave(group.shared.id).await;
    ada.client.kick(group.shared.id, eve.id()).await;
    assert!(!may_read(&bob, file.id).await && !may_read(&eve, file.id).await);
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
    let answer = urls(&ada, &ids).await;
    let found: Vec<_> = answer.items.iter().map(|item| item.id).collect();
    assert_eq!(found, [text.id, shown.id]);
    for item in &answer.items {
        assert_eq!(item.url, super::signed(&ada, item.id).await);
        test.client().get(&item.url).await.expect(200);
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
