//! The lowest watermarks: whoever moves at the same time, whoever comes and goes.

use std::time::Duration;

use api::store::floors::raise;
use futures_util::future::join_all;
use protocol::frame::ServerFrame;
use serde_json::json;
use testkit::http::User;

use super::{NEVER_LATER, Room, SOON_AFTER, room};
use crate::app::TestApp;
use crate::events::Events;
use crate::rows;

#[tokio::test(flavor = "multi_thread")]
async fn receipts_at_the_same_time_through_two_processes_leave_no_floor_too_low() {
    let test = TestApp::with(&[NEVER_LATER]).await;
    let another = test.another(&[NEVER_LATER]).await;
    let names: Vec<String> = (0..8).map(|i| format!("member{i}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let (people, room) = room(&test, &names).await;
    let there = format!("http://{}", another.http);
    for round in 1..=12 {
        people[0].client.send(room.id, "next").await;
        // Nobody's mark is known to another's transaction that runs beside it.
        let marks = people.iter().enumerate().map(|(i, user)| {
            let user = if i % 2 == 0 {
                user.clone()
            } else {
                user.at(&there)
            };
            let room = &room;
            async move { room.read(&user, round).await }
        });
        join_all(marks).await;
        // The sender's own went with the message: the last of the others moved the floor.
        assert_eq!(room.lowest(&people[0]).await, (round, round));
    }
    another.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_that_look_at_the_same_time_one_lifts_the_floor() {
    let test = TestApp::with(&[NEVER_LATER]).await;
    let (people, room) = room(&test, &["ada", "bob"]).await;
    room.pretend_to_be_large(&test).await;
    let db = &test.app.state.db;
    let channel = [room.id.0];
    // Nobody waits here: it is one look for this long.
    let pause = Duration::from_secs(3600);
    for seq in 1..=20 {
        people[0].client.send(room.id, "next").await;
        room.read(&people[1], seq).await;
        let last = "UPDATE receipt_floors SET raised_at = '-infinity'";
        rows::change(&test.env, last).await;
        let looks = (0..2).map(async |_| {
            let mut conn = db.get().await.unwrap();
            let floors = raise(&mut conn, &channel, pause).await.unwrap();
            assert_eq!(floors.len(), 1, "{floors:?}");
            floors[0].rose
        });
        let mut rose = join_all(looks).await;
        rose.sort_unstable();
        assert_eq!(rose, [false, true], "round {seq}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_lifts_the_floor_that_its_writer_held_back() {
    let test = TestApp::with(&[SOON_AFTER]).await;
    let (people, room) = room(&test, &["ada", "bob"]).await;
    let [ada, bob] = &people[..] else {
        unreachable!("two were asked for")
    };
    ada.client.send(room.id, "question").await;
    let events = Events::listen(&test.env).await;
    bob.client.send(room.id, "answer").await;
    // No receipt was sent: who answers has read, and a moment later everyone knows.
    let lowest = |frame: &ServerFrame| matches!(frame, ServerFrame::Receipts { conversation_id, delivered_seq: 1, read_seq: 1 } if *conversation_id == room.id);
    events.expect_frame(lowest).await;
    assert_eq!(room.lowest(ada).await, (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newcomer_holds_no_tick_back() {
    let test = TestApp::with(&[NEVER_LATER]).await;
    let (people, room) = room(&test, &["ada", "bob"]).await;
    let [ada, bob] = &people[..] else {
        unreachable!("two were asked for")
    };
    ada.client.send(room.id, "before").await;
    ada.client.send(room.id, "they came").await;
    let eve = test.user("eve").await;
    eve.client.join(room.group).await;
    let me = eve.client.conversation(room.id).await.me;
    assert_eq!((me.delivered_seq, me.read_seq, me.unread), (2, 2, 0));
    room.read(bob, 2).await;
    assert_eq!(room.lowest(ada).await, (2, 2));
    // From now on they count.
    ada.client.send(room.id, "welcome").await;
    room.read(bob, 3).await;
    assert_eq!(room.lowest(ada).await, (2, 2));
    room.read(&eve, 3).await;
    assert_eq!(room.lowest(ada).await, (3, 3));
}

/// Ada, Bob and Eve, and a message that Eve alone has not received.
async fn held_back_by_eve(test: &TestApp) -> (Vec<User>, Room) {
    let (people, room) = room(test, &["ada", "bob", "eve"]).await;
    people[0].client.send(room.id, "hello").await;
    room.read(&people[1], 1).await;
    assert_eq!(room.lowest(&people[0]).await, (0, 0));
    (people, room)
}

#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_holds_no_tick_back() {
    let test = TestApp::with(&[SOON_AFTER]).await;
    let (people, room) = held_back_by_eve(&test).await;
    people[2].client.leave(room.group).await;
    room.expect_lowest(&people[0], (1, 1)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_kicked_or_banned_holds_no_tick_back() {
    let test = TestApp::with(&[SOON_AFTER]).await;
    let (people, room) = held_back_by_eve(&test).await;
    people[0].client.kick(room.group, people[2].id()).await;
    room.expect_lowest(&people[0], (1, 1)).await;
    people[0].client.send(room.id, "again").await;
    people[0].client.ban(room.group, people[1].id()).await;
    room.expect_lowest(&people[0], (2, 2)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_deletes_their_account_holds_no_tick_back() {
    let test = TestApp::with(&[SOON_AFTER]).await;
    let (people, room) = held_back_by_eve(&test).await;
    let request = people[2]
        .client
        .request(reqwest::Method::DELETE, "/v1/me")
        .json(&json!({ "password": testkit::http::PASSWORD }));
    request.send().await.expect(204);
    room.expect_lowest(&people[0], (1, 1)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_noted_is_done_before_a_process_ends() {
    let test = TestApp::with(&[NEVER_LATER]).await;
    let ending = test.another(&[NEVER_LATER]).await;
    let (people, room) = room(&test, &["ada", "bob"]).await;
    room.pretend_to_be_large(&test).await;
    people[0].client.send(room.id, "hello").await;
    let there = format!("http://{}", ending.http);
    room.read(&people[1].at(&there), 1).await;
    let floor = format!(
        "SELECT coalesce(max(read_seq), 0) AS n FROM receipt_floors WHERE conversation_id = '{}'",
        room.id
    );
    assert_eq!(rows::number(&test.env, &floor).await, 0);
    ending.stop().await;
    assert_eq!(rows::number(&test.env, &floor).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_noted_waits_for_the_database() {
    let env = testkit::TestEnv::with_faults().await;
    // Long enough for the database to go away between the receipt and the look.
    let every = ("WARREN_RECEIPTS_FLOORS_EVERY_MS", "1500");
    let test = TestApp::on(env, &[every]).await;
    let (people, room) = room(&test, &["ada", "bob"]).await;
    room.pretend_to_be_large(&test).await;
    people[0].client.send(room.id, "hello").await;
    room.read(&people[1], 1).await;
    test.env.faults().database.cut();
    tokio::time::sleep(Duration::from_secs(2)).await;
    test.env.faults().database.restore();
    room.expect_lowest(&people[0], (1, 1)).await;
}
