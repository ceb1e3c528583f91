//! Who hides what they read is not waited for.

use serde_json::json;
use testkit::http::User;

use super::{NEVER_LATER, SOON_AFTER, room};
use crate::app::TestApp;

async fn hide(user: &User, hide: bool) {
    let change = json!({ "hide_read_receipts": hide });
    user.client.patch("/v1/me", &change).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_hides_counts_for_what_was_received_and_not_for_what_was_read() {
    let test = TestApp::with(&[NEVER_LATER]).await;
    let (people, room) = room(&test, &["ada", "bob", "eve"]).await;
    let [ada, bob, eve] = &people[..] else {
        unreachable!("three were asked for")
    };
    hide(eve, true).await;
    ada.client.send(room.id, "hello").await;
    room.read(bob, 1).await;
    assert_eq!(room.lowest(ada).await, (0, 1));
    room.read(eve, 1).await;
    assert_eq!(room.lowest(ada).await, (1, 1));
    assert_eq!(eve.client.conversation(room.id).await.me.unread, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_begins_to_hide_lets_go_of_the_tick_they_held() {
    let test = TestApp::with(&[SOON_AFTER]).await;
    let (people, room) = room(&test, &["ada", "bob", "eve"]).await;
    let [ada, bob, eve] = &people[..] else {
        unreachable!("three were asked for")
    };
    ada.client.send(room.id, "hello").await;
    room.read(bob, 1).await;
    room.receive(eve, 1).await;
    room.expect_lowest(ada, (1, 0)).await;
    hide(eve, true).await;
    room.expect_lowest(ada, (1, 1)).await;

    // Who hides no longer counts again, and no tick turns back.
    hide(eve, false).await;
    ada.client.send(room.id, "and now?").await;
    room.read(bob, 2).await;
    room.expect_lowest(ada, (1, 1)).await;
    room.read(eve, 2).await;
    room.expect_lowest(ada, (2, 2)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_everyone_hides_nobody_is_waited_for() {
    let test = TestApp::with(&[SOON_AFTER]).await;
    let (people, room) = room(&test, &["ada", "bob"]).await;
    for user in &people {
        hide(user, true).await;
    }
    people[0].client.send(room.id, "hello").await;
    room.expect_lowest(&people[0], (0, 1)).await;
}
