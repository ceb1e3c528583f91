//! From the broker to the sockets an event is for.

use std::time::Duration;

use protocol::ids::GroupId;
use protocol::routing::Route;
use testkit::eventually;

use crate::server::{DEADLINE, World, expect_mark, marked, marks, user};

#[tokio::test]
async fn an_event_reaches_every_socket_of_its_users_once_and_byte_for_byte() {
    let world = World::start(&[]).await;
    let (ann, ben, eve) = (world.person(), world.person(), world.person());
    let sockets = [
        world.connect(&ann).await,
        world.connect(&ann).await,
        world.connect(&ben).await,
    ];
    let other = world.connect(&eve).await;
    let publisher = world.publisher().await;
    // Spaces and an unknown field: what was published is what arrives.
    let body = r#"{"type":"receipts",  "conversation_id":"00000000-0000-0000-0000-000000000000","delivered_seq":1,"read_seq":0,"é":"\u0041"}"#;
    publisher.event(&[user(&ann), user(&ben)], body).await;
    for socket in &sockets {
        expect_mark(socket, 1).await;
    }
    publisher.event(&[user(&eve)], marked(2).encode()).await;
    expect_mark(&other, 2).await;
    for socket in &sockets {
        assert_eq!(marks(socket), [1]);
        assert!(socket.arrived().iter().any(|arrived| arrived.text == body));
    }
    assert_eq!(marks(&other), [2]);
    world.end().await;
}

#[tokio::test]
async fn a_group_s_event_reaches_its_members_and_two_keys_make_one_copy() {
    let world = World::start(&[]).await;
    let (ann, ben, eve) = (world.person(), world.person(), world.person());
    let group = GroupId::new();
    world.api.join(&ann, group);
    world.api.join(&ben, group);
    let (a, b, e) = (
        world.connect(&ann).await,
        world.connect(&ben).await,
        world.connect(&eve).await,
    );
    let publisher = world.publisher().await;
    let routes = [Route::Group(group), user(&ann)];
    publisher.event(&routes, marked(1).encode()).await;
    publisher
        .event(&[user(&eve), user(&ann), user(&ben)], marked(2).encode())
        .await;
    for socket in [&a, &b, &e] {
        expect_mark(socket, 2).await;
    }
    assert_eq!(marks(&a), [1, 2]);
    assert_eq!(marks(&b), [1, 2]);
    assert_eq!(marks(&e), [2]);
    world.end().await;
}

#[tokio::test]
async fn of_frames_that_travel_together_each_reaches_its_own_readers() {
    let world = World::start(&[]).await;
    let (ann, ben, eve) = (world.person(), world.person(), world.person());
    let (a, b, e) = (
        world.connect(&ann).await,
        world.connect(&ben).await,
        world.connect(&eve).await,
    );
    let publisher = world.publisher().await;
    publisher
        .bundle(&[
            (&[user(&ann), user(&ben)], marked(1)),
            (&[user(&ben)], marked(2)),
        ])
        .await;
    let all = [user(&ann), user(&ben), user(&eve)];
    publisher.event(&all, marked(3).encode()).await;
    for socket in [&a, &b, &e] {
        expect_mark(socket, 3).await;
    }
    assert_eq!(marks(&a), [1, 3]);
    assert_eq!(marks(&b), [1, 2, 3]);
    assert_eq!(marks(&e), [3]);
    world.end().await;
}

#[tokio::test]
async fn a_busy_room_keeps_its_order_and_loses_nothing() {
    let world = World::start(&[]).await;
    let group = GroupId::new();
    let mut sockets = Vec::new();
    for _ in 0..20 {
        let person = world.person();
        world.api.join(&person, group);
        sockets.push(world.connect(&person).await);
    }
    let publisher = world.publisher().await;
    const EVENTS: i64 = 500;
    for number in 1..=EVENTS {
        publisher
            .event(&[Route::Group(group)], marked(number).encode())
            .await;
    }
    let all: Vec<_> = (1..=EVENTS).collect();
    for socket in &sockets {
        eventually(DEADLINE, || async { marks(socket).len() >= all.len() }).await;
        assert_eq!(marks(socket), all);
    }
    world.end().await;
}

#[tokio::test]
async fn frames_of_every_length_arrive_whole() {
    let world = World::start(&[]).await;
    let ann = world.person();
    let socket = world.connect(&ann).await;
    let publisher = world.publisher().await;
    for length in [1, 100, 125, 126, 127, 65_535, 65_536, 100_000] {
        let body = format!(r#"{{"type":"x","pad":"{}"}}"#, "p".repeat(length));
        publisher.event(&[user(&ann)], &body).await;
        eventually(DEADLINE, || async {
            socket.arrived().iter().any(|arrived| arrived.text == body)
        })
        .await;
    }
    world.end().await;
}

#[tokio::test]
async fn what_is_no_text_reaches_nobody_and_hurts_nobody() {
    let world = World::start(&[]).await;
    let ann = world.person();
    let socket = world.connect(&ann).await;
    let publisher = world.publisher().await;
    publisher.event(&[user(&ann)], b"\xff\xfe").await;
    publisher.event(&[user(&ann)], marked(1).encode()).await;
    expect_mark(&socket, 1).await;
    assert_eq!(socket.closed(), None);
    world.end().await;
}

#[tokio::test]
async fn a_binding_outlives_its_last_socket_for_a_while_only() {
    let world = World::start(&[("WARREN_WS_BINDING_LINGER_MS", "1500")]).await;
    let ann = world.person();
    let group = GroupId::new();
    world.api.join(&ann, group);
    let keys = [Route::Group(group).key(), user(&ann).key()];
    let bound = || world.env.broker().bound_keys("chat.events");
    let socket = world.connect(&ann).await;
    let second = world.connect(&ann).await;
    assert_eq!(bound().await, keys);
    drop(socket);
    drop(second);
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(bound().await, keys);
    eventually(DEADLINE, || async {
        let keys = bound().await;
        if keys.is_empty() { Ok(()) } else { Err(keys) }
    })
    .await;
    world.end().await;
}

#[tokio::test]
async fn sockets_that_come_together_are_asked_for_together() {
    let world = World::start(&[]).await;
    let people: Vec<_> = (0..100).map(|_| world.person()).collect();
    let sockets = futures_util::future::join_all(people.iter().map(|one| world.connect(one))).await;
    let (calls, pairs) = world.api.routes_calls();
    assert!(pairs >= 100, "{pairs}");
    assert!(calls < 80, "{calls}");
    drop(sockets);
    world.end().await;
}
