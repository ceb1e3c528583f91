//! Watermarks over REST.

use protocol::conversation::MemberReceipt;
use protocol::frame::ServerFrame;
use protocol::ids::ConversationId;
use protocol::page::Page;
use protocol::problem::Code;
use serde_json::{Value, json};
use testkit::http::User;

use super::{pair, path};
use crate::app::TestApp;
use crate::events::Events;

async fn mark(user: &User, id: ConversationId, marks: Value) {
    user.client
        .post(&path(id, "/receipts"), &marks)
        .await
        .expect(204);
}

async fn floor(user: &User, id: ConversationId) -> (i64, i64) {
    let receipts = user.client.conversation(id).await.receipts;
    (receipts.delivered_seq, receipts.read_seq)
}

#[tokio::test(flavor = "multi_thread")]
async fn ticks_turn_from_sent_to_delivered_to_read() {
    let test = TestApp::start().await;
    let (ada, bob, id) = pair(&test).await;
    let sent = ada.client.send(id, "hello").await;
    assert_eq!(floor(&ada, id).await, (0, 0));
    let events = Events::listen(&test.env).await;
    mark(&bob, id, json!({"delivered_seq": sent.seq})).await;
    assert_eq!(floor(&ada, id).await, (1, 0));
    mark(&bob, id, json!({"read_seq": sent.seq})).await;
    assert_eq!(floor(&ada, id).await, (1, 1));
    assert_eq!(floor(&bob, id).await, (1, 1));
    for (delivered_seq, read_seq) in [(1, 0), (1, 1)] {
        let want = ServerFrame::Receipt {
            conversation_id: id,
            user_id: bob.id(),
            delivered_seq,
            read_seq,
        };
        let heard = events.expect_frame(|frame| *frame == want).await;
        assert_eq!(heard.keys.len(), 2);
    }
    events
        .expect_frame(|frame| matches!(frame, ServerFrame::ConversationMe { me, .. } if me.unread == 0 && me.read_seq == 1))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watermark_never_falls_and_reading_implies_receiving() {
    let test = TestApp::start().await;
    let (ada, bob, id) = pair(&test).await;
    for _ in 0..4 {
        ada.client.send(id, "m").await;
    }
    mark(&bob, id, json!({"read_seq": 3})).await;
    mark(&bob, id, json!({"read_seq": 1, "delivered_seq": 2})).await;
    mark(&bob, id, json!({})).await;
    let me = bob.client.conversation(id).await.me;
    assert_eq!((me.delivered_seq, me.read_seq, me.unread), (3, 3, 1));
    assert_eq!(me.version, 1, "watermarks do not move the version");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watermark_beyond_the_timeline_is_invalid() {
    let test = TestApp::start().await;
    let (ada, bob, id) = pair(&test).await;
    ada.client.send(id, "m").await;
    for marks in [
        json!({"read_seq": 2}),
        json!({"delivered_seq": 2}),
        json!({"read_seq": -1}),
        json!({"read_seq": "1"}),
    ] {
        bob.client
            .post(&path(id, "/receipts"), &marks)
            .await
            .problem(422, Code::Invalid);
    }
    assert_eq!(floor(&ada, id).await, (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn sending_moves_the_senders_own_watermarks() {
    let test = TestApp::start().await;
    let (ada, bob, id) = pair(&test).await;
    ada.client.send(id, "question").await;
    bob.client.send(id, "answer").await;
    // Bob has written after the question: he has read it.
    assert_eq!(floor(&ada, id).await, (1, 1));
    let page: Page<MemberReceipt> = ada
        .client
        .get(&path(id, "/receipts"))
        .await
        .expect(200)
        .json();
    let of = |user: &User| {
        page.items
            .iter()
            .find(|row| row.user_id == user.id())
            .map(|row| (row.delivered_seq, row.read_seq))
    };
    assert_eq!((of(&ada), of(&bob)), (Some((1, 1)), Some((2, 2))));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_ended_their_account_holds_no_tick_back() {
    let test = TestApp::start().await;
    let (ada, bob, id) = pair(&test).await;
    ada.client.send(id, "are you there?").await;
    assert_eq!(floor(&ada, id).await, (0, 0));
    let request = bob.client.request(reqwest::Method::DELETE, "/v1/me");
    let request = request.json(&json!({ "password": testkit::http::PASSWORD }));
    request.send().await.expect(204);
    assert_eq!(floor(&ada, id).await, (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_hides_read_receipts_reads_unseen_until_they_answer() {
    let test = TestApp::start().await;
    let (ada, bob, id) = pair(&test).await;
    bob.client
        .patch("/v1/me", &json!({"hide_read_receipts": true}))
        .await
        .expect(200);
    ada.client.send(id, "psst").await;
    let events = Events::listen(&test.env).await;
    mark(&bob, id, json!({"read_seq": 1})).await;
    assert_eq!(floor(&ada, id).await, (1, 0));
    assert_eq!(bob.client.conversation(id).await.me.unread, 0);
    let want = ServerFrame::Receipt {
        conversation_id: id,
        user_id: bob.id(),
        delivered_seq: 1,
        read_seq: 0,
    };
    events.expect_frame(|frame| *frame == want).await;
    let page: Page<MemberReceipt> = ada
        .client
        .get(&path(id, "/receipts"))
        .await
        .expect(200)
        .json();
    assert!(
        page.items
            .iter()
            .all(|row| row.user_id != bob.id() || row.read_seq == 0)
    );
    bob.client.send(id, "yes?").await;
    assert_eq!(floor(&ada, id).await, (1, 1));
}
