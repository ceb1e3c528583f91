//! Watermarks in channels: who hears of them, and what they move.

use std::time::Duration;

use protocol::conversation::MemberReceipt;
use protocol::frame::ServerFrame;
use protocol::ids::ConversationId;
use protocol::page::Page;
use protocol::routing::Route;
use testkit::http::User;

use super::super::path;
use super::{NEVER_LATER, SOON_AFTER, room};
use crate::app::{self, TestApp};
use crate::events::Events;
use crate::rows;

/// Watermarks that move one by one, and how quickly: some in each of several seconds.
const MOVES: i64 = 40;
const PACE: Duration = Duration::from_millis(120);

fn receipt(id: ConversationId, user: &User, delivered_seq: i64, read_seq: i64) -> ServerFrame {
    ServerFrame::Receipt {
        conversation_id: id,
        user_id: user.id(),
        delivered_seq,
        read_seq,
    }
}

fn lowest(id: ConversationId, delivered_seq: i64, read_seq: i64) -> ServerFrame {
    ServerFrame::Receipts {
        conversation_id: id,
        delivered_seq,
        read_seq,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_small_group_a_receipt_is_told_to_all_and_moves_the_lowest_at_once() {
    let test = TestApp::with(&[NEVER_LATER]).await;
    let (people, room) = room(&test, &["ada", "bob", "eve"]).await;
    let [ada, bob, eve] = &people[..] else {
        unreachable!("three were asked for")
    };
    ada.client.send(room.id, "hello").await;
    let events = Events::listen(&test.env).await;
    room.receive(bob, 1).await;
    assert_eq!(room.lowest(ada).await, (0, 0), "eve has not received it");
    room.receive(eve, 1).await;
    assert_eq!(room.lowest(ada).await, (1, 0));
    room.read(bob, 1).await;
    room.read(eve, 1).await;
    assert_eq!(room.lowest(ada).await, (1, 1));

    let all = [Route::Group(room.group).key()];
    for want in [
        receipt(room.id, bob, 1, 0),
        receipt(room.id, eve, 1, 0),
        lowest(room.id, 1, 0),
        receipt(room.id, bob, 1, 1),
        receipt(room.id, eve, 1, 1),
        lowest(room.id, 1, 1),
    ] {
        let heard = events.expect_frame(|frame| *frame == want).await;
        assert_eq!(heard.keys, all);
    }
    let own = |frame: &ServerFrame| matches!(frame, ServerFrame::ConversationMe { me, .. } if me.read_seq == 1 && me.unread == 0);
    let heard = events.expect_frame(own).await;
    assert_eq!(heard.keys.len(), 1);
    assert!(heard.keys[0].starts_with("user."));
    let row = rows::lines(
        &test.env,
        "SELECT concat_ws(' ', conversation_id, delivered_seq, read_seq) AS line FROM receipt_floors",
    )
    .await;
    assert!(row.contains(&format!("{} 1 1", room.id)), "{row:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_large_group_only_the_lowest_is_told() {
    let test = TestApp::with(&[SOON_AFTER]).await;
    let (people, room) = room(&test, &["ada", "bob"]).await;
    let [ada, bob] = &people[..] else {
        unreachable!("two were asked for")
    };
    room.pretend_to_be_large(&test).await;
    ada.client.send(room.id, "hello").await;
    let events = Events::listen(&test.env).await;
    room.receive(bob, 1).await;
    events
        .expect_frame(|frame| *frame == lowest(room.id, 1, 0))
        .await;
    room.read(bob, 1).await;
    let heard = events
        .expect_frame(|frame| *frame == lowest(room.id, 1, 1))
        .await;
    assert_eq!(heard.keys, [Route::Group(room.group).key()]);
    assert_eq!(room.lowest(ada).await, (1, 1));
    let single = |frame: &ServerFrame| matches!(frame, ServerFrame::Receipt { .. });
    assert!(!events.frames().iter().any(single));
    // Bob's own devices hear of his own, as everywhere.
    let own = |frame: &ServerFrame| matches!(frame, ServerFrame::ConversationMe { me, .. } if me.read_seq == 1);
    let heard = events.expect_frame(own).await;
    assert_eq!(heard.keys, [Route::User(bob.id()).key()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_members_hear_each_receipt_and_fifty_one_hear_none() {
    let test = TestApp::with(&[NEVER_LATER]).await;
    let (people, room) = room(&test, &["ada", "bob"]).await;
    let [ada, bob] = &people[..] else {
        unreachable!("two were asked for")
    };
    let events = Events::listen(&test.env).await;
    for (seq, members, lowest) in [(1, 50, 1), (2, 51, 1), (3, 50, 3)] {
        room.pretend_to_have(&test, members).await;
        ada.client.send(room.id, "hello").await;
        room.read(bob, seq).await;
        assert_eq!(room.lowest(ada).await, (lowest, lowest), "of {members}");
    }
    let last = receipt(room.id, bob, 3, 3);
    events.expect_frame(|frame| *frame == last).await;
    let frames = events.frames();
    let told = frames.iter().filter_map(|frame| match frame {
        ServerFrame::Receipt { read_seq, .. } => Some(*read_seq),
        _ => None,
    });
    assert_eq!(told.collect::<Vec<_>>(), [1, 3]);
}

/// When a floor rose and how far, by the clock and under the lock by which it is judged.
const KEEP_RISES: [&str; 3] = [
    "CREATE TABLE rises (conversation_id uuid, at timestamptz, delivered_seq bigint, read_seq bigint)",
    "CREATE FUNCTION keep_rise() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
         INSERT INTO rises VALUES (NEW.conversation_id, NEW.raised_at, NEW.delivered_seq, NEW.read_seq); \
         RETURN NULL; END $$",
    "CREATE TRIGGER rises AFTER UPDATE ON receipt_floors FOR EACH ROW \
         WHEN (OLD.raised_at <> NEW.raised_at) EXECUTE FUNCTION keep_rise()",
];

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_together_tell_a_large_group_once_a_second() {
    let test = TestApp::start().await;
    let another = test.another(&[]).await;
    // What cannot be told is forgotten.
    app::ready(&another).await;
    let (people, room) = room(&test, &["ada", "bob"]).await;
    room.pretend_to_be_large(&test).await;
    for _ in 0..MOVES {
        people[0].client.send(room.id, "m").await;
    }
    for statement in KEEP_RISES {
        rows::change(&test.env, statement).await;
    }
    let events = Events::listen(&test.env).await;
    let readers = [
        people[1].clone(),
        people[1].at(format!("http://{}", another.http)),
    ];
    let mut pace = tokio::time::interval(PACE);
    for (seq, reader) in (1..=MOVES).zip(readers.iter().cycle()) {
        pace.tick().await;
        room.read(reader, seq).await;
    }
    events
        .expect_frame(|frame| *frame == lowest(room.id, MOVES, MOVES))
        .await;
    let of_room = format!("FROM rises WHERE conversation_id = '{}'", room.id);
    let rises = format!("SELECT delivered_seq || ' ' || read_seq AS line {of_room} ORDER BY at");
    let rises = rows::lines(&test.env, &rises).await;
    // Each rise is told, once, and as it was.
    let frames = events.frames();
    let told = frames.iter().filter_map(|frame| match frame {
        ServerFrame::Receipts {
            conversation_id,
            delivered_seq,
            read_seq,
        } if *conversation_id == room.id => Some(format!("{delivered_seq} {read_seq}")),
        _ => None,
    });
    let mut told: Vec<_> = told.collect();
    told.sort_by_key(|marks| rises.iter().position(|rise| rise == marks));
    assert_eq!(told, rises);
    assert!(rises.len() > 2, "{rises:?}");
    let too_early = format!(
        "SELECT count(*) AS n FROM (SELECT at - lag(at) OVER (ORDER BY at) AS pause {of_room}) r \
         WHERE pause < interval '1 second'"
    );
    assert_eq!(rows::number(&test.env, &too_early).await, 0);
    another.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_members_watermarks_are_listed_for_the_members() {
    let test = TestApp::start().await;
    let (people, room) = room(&test, &["ada", "bob", "eve"]).await;
    people[0].client.send(room.id, "hello").await;
    room.read(&people[1], 1).await;
    let reply = people[2].client.get(&path(room.id, "/receipts")).await;
    let page: Page<MemberReceipt> = reply.expect(200).json();
    let marks = people.iter().map(|user| {
        let row = page.items.iter().find(|row| row.user_id == user.id());
        row.map(|row| (row.delivered_seq, row.read_seq))
    });
    let want = [Some((1, 1)), Some((1, 1)), Some((0, 0))];
    assert_eq!(marks.collect::<Vec<_>>(), want);
}
