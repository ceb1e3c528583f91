//! A member's own view.

use protocol::conversation::View;
use protocol::frame::ServerFrame;
use protocol::problem::Code;
use protocol::routing::Route;
use serde_json::json;

use super::{pair, path};
use crate::app::TestApp;
use crate::events::Events;

#[tokio::test(flavor = "multi_thread")]
async fn a_change_moves_the_version_and_is_told_to_the_callers_devices_alone() {
    let test = TestApp::start().await;
    let (ada, bob, id) = pair(&test).await;
    let before = ada.client.conversation(id).await;
    let others = bob.client.conversation(id).await;
    let events = Events::listen(&test.env).await;
    let change = json!({"archived": true, "muted_until": "2030-01-01T00:00:00.000Z", "pinned": true, "pin_position": 3});
    let me: View = ada
        .client
        .patch(&path(id, "/me"), &change)
        .await
        .expect(200)
        .json();
    assert_eq!(me.version, before.me.version + 1);
    assert!(me.archived && me.pinned);
    assert_eq!(me.pin_position, Some(3));
    assert_eq!(
        me.muted_until.unwrap().to_string(),
        "2030-01-01T00:00:00.000Z"
    );
    let after = ada.client.conversation(id).await;
    assert_eq!(after.me, me);
    assert_ne!(after.view, before.view);
    let want = ServerFrame::ConversationMe {
        conversation_id: id,
        me: me.clone(),
    };
    let heard = events.expect_frame(|frame| *frame == want).await;
    assert_eq!(heard.keys, [Route::User(ada.id()).key()]);
    assert_eq!(bob.client.conversation(id).await.view, others.view);

    // Null clears, missing stays, unpinning forgets the place.
    let me: View = ada
        .client
        .patch(
            &path(id, "/me"),
            &json!({"muted_until": null, "pinned": false}),
        )
        .await
        .expect(200)
        .json();
    assert_eq!(
        (me.muted_until, me.pin_position, me.archived),
        (None, None, true)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn unread_counts_what_others_sent_after_the_watermark() {
    let test = TestApp::start().await;
    let (ada, bob, id) = pair(&test).await;
    for _ in 0..3 {
        ada.client.send(id, "a").await;
    }
    let unread = async || bob.client.conversation(id).await.me.unread;
    assert_eq!(unread().await, 3);
    bob.client
        .post(&path(id, "/receipts"), &json!({"read_seq": 2}))
        .await
        .expect(204);
    assert_eq!(unread().await, 1);
    // Writing means having read.
    bob.client.send(id, "b").await;
    assert_eq!(unread().await, 0);
    ada.client.send(id, "a").await;
    assert_eq!(unread().await, 1);
    bob.client
        .post(&path(id, "/clear"), &json!({}))
        .await
        .expect(204);
    assert_eq!(unread().await, 0);
    assert_eq!(ada.client.conversation(id).await.me.unread, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_marked_unread_counts_from_there_without_moving_a_receipt() {
    let test = TestApp::start().await;
    let (ada, bob, id) = pair(&test).await;
    for _ in 0..3 {
        ada.client.send(id, "a").await;
    }
    bob.client.send(id, "b").await;
    let before = bob.client.conversation(id).await;
    let me: View = bob
        .client
        .patch(&path(id, "/me"), &json!({"unread_from_seq": 2}))
        .await
        .expect(200)
        .json();
    assert_eq!((me.unread, me.unread_from_seq), (2, Some(2)));
    let after = bob.client.conversation(id).await;
    assert_eq!(
        (after.me.read_seq, after.receipts),
        (before.me.read_seq, before.receipts)
    );
    let me: View = bob
        .client
        .patch(&path(id, "/me"), &json!({"unread_from_seq": null}))
        .await
        .expect(200)
        .json();
    assert_eq!((me.unread, me.unread_from_seq), (0, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_outside_the_timeline_or_an_unknown_field_is_invalid() {
    let test = TestApp::start().await;
    let (ada, _bob, id) = pair(&test).await;
    ada.client.send(id, "a").await;
    for change in [
        json!({"unread_from_seq": 0}),
        json!({"unread_from_seq": 2}),
        json!({"pin_position": -1}),
        json!({"archived": "yes"}),
        json!({"pinned": null, "starred": true}),
        json!({"muted_until": "tomorrow"}),
    ] {
        ada.client
            .patch(&path(id, "/me"), &change)
            .await
            .problem(422, Code::Invalid);
    }
    assert_eq!(ada.client.conversation(id).await.me.version, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn at_most_twenty_chats_are_pinned() {
    let test = TestApp::start().await;
    let ada = test.user("ada").await;
    let mut ids = Vec::new();
    for i in 0..21 {
        let other = test.user(&format!("other{i}")).await;
        ids.push(ada.client.direct(other.id()).await.shared.id);
    }
    for id in &ids[..20] {
        ada.client
            .patch(&path(*id, "/me"), &json!({"pinned": true}))
            .await
            .expect(200);
    }
    ada.client
        .patch(&path(ids[20], "/me"), &json!({"pinned": true}))
        .await
        .problem(422, Code::LimitReached);
    ada.client
        .patch(&path(ids[0], "/me"), &json!({"pinned": true}))
        .await
        .expect(200);
    ada.client
        .patch(&path(ids[0], "/me"), &json!({"pinned": false}))
        .await
        .expect(200);
    ada.client
        .patch(&path(ids[20], "/me"), &json!({"pinned": true}))
        .await
        .expect(200);
}
