//! The broker or the API goes away, and comes back.

use std::time::Duration;

use protocol::frame::{ClientFrame, ReadyReason, ServerFrame};
use protocol::ids::GroupId;
use protocol::routing::Route;
use testkit::ws::Socket;

use crate::server::{DEADLINE, World, expect_mark, marked, start, user};

#[tokio::test]
async fn after_a_lost_link_everything_is_bound_again_and_clients_sync() {
    let world = World::with_faults(&[]).await;
    let (ann, ben) = (world.person(), world.person());
    let (old, new) = (GroupId::new(), GroupId::new());
    world.api.join(&ann, old);
    let (a, b) = (world.connect(&ann).await, world.connect(&ben).await);
    let broker = &world.env.faults().broker;
    let publisher = world.publisher().await;
    for round in 0..2 {
        broker.cut();
        // Joined while nobody could say so.
        world.api.join(&ben, new);
        let late = world.person();
        let late_socket = world.open(&late).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        broker.restore();
        a.expect_ready(ReadyReason::Restored).await;
        b.expect_ready(ReadyReason::Restored).await;
        late_socket.expect_ready(ReadyReason::Connected).await;
        let number = round * 10;
        publisher
            .event(&[user(&ann)], marked(number + 1).encode())
            .await;
        publisher
            .event(&[Route::Group(old)], marked(number + 2).encode())
            .await;
        publisher
            .event(&[Route::Group(new)], marked(number + 3).encode())
            .await;
        publisher
            .event(&[user(&late)], marked(number + 4).encode())
            .await;
        expect_mark(&a, number + 1).await;
        expect_mark(&a, number + 2).await;
        expect_mark(&b, number + 3).await;
        expect_mark(&late_socket, number + 4).await;
    }
    world.end().await;
}

#[tokio::test]
async fn a_broker_that_falls_silent_is_given_up_as_one_that_is_gone() {
    let world = World::with_faults(&[("WARREN_BROKER_HEARTBEAT_SECONDS", "1")]).await;
    world.env.faults().broker.stall();
    testkit::eventually(DEADLINE, || async {
        match world.readyz().await {
            (503, body) if body.contains("broker") => Ok(()),
            other => Err(other),
        }
    })
    .await;
    world.env.faults().broker.restore();
    world.ready().await;
    world.end().await;
}

#[tokio::test]
async fn without_a_broker_a_socket_says_hello_and_waits_for_ready() {
    let world = World::with_faults(&[]).await;
    world.env.faults().broker.cut();
    let ann = world.person();
    let socket = world.open(&ann).await;
    let is_ready = |frame: &ServerFrame| matches!(frame, ServerFrame::Ready { .. });
    socket
        .expect_none(is_ready, Duration::from_millis(700))
        .await;
    crate::server::expect_online(&world.env, ann.user_id, true).await;
    let (status, body) = world.readyz().await;
    assert_eq!(status, 503);
    assert!(body.contains("broker"), "{body}");
    world.env.faults().broker.restore();
    socket.expect_ready(ReadyReason::Connected).await;
    world.end().await;
}

#[tokio::test]
async fn a_process_begins_without_broker_and_memcached_but_not_without_the_api() {
    let world = World::with_faults(&[]).await;
    world.env.faults().broker.cut();
    world.env.faults().presence.cut();
    world.api.answer(500);
    let late = start(&world.env, &world.api, &[]);
    let startz = format!("http://{}/startz", late.admin_address);
    let ask = || async {
        let answer = reqwest::get(&startz).await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let (status, body) = ask().await;
    assert_eq!(status, 503);
    assert!(body.contains("\"api\""), "{body}");
    assert!(
        !body.contains("broker") && !body.contains("presence"),
        "{body}"
    );
    world.api.answer(0);
    testkit::eventually(DEADLINE, || async {
        match ask().await {
            (200, _) => Ok(()),
            other => Err(other),
        }
    })
    .await;
    // A socket is held until the broker is back.
    let socket = Socket::connect(&format!("ws://{}/ws", late.address), &world.person().token).await;
    socket.expect_hello().await;
    world.api.answer(500);
    let (status, body) = ask().await;
    assert_eq!(status, 200, "{body}");
    world.api.answer(0);
    late.end().await;
    world.end().await;
}

#[tokio::test]
async fn an_ended_session_loses_its_socket_while_the_broker_is_away() {
    let world = World::with_faults(&[]).await;
    let (ann, ben, late) = (world.person(), world.person(), world.person());
    let (a, b) = (world.connect(&ann).await, world.connect(&ben).await);
    world.env.faults().broker.cut();
    world.api.end(&ann);
    assert_eq!(a.expect_close_within(Duration::from_secs(2)).await, 4403);
    // One that was never ready as well.
    world.api.now(|truth| {
        truth.ended.insert(late.session_id);
    });
    let socket = world.open(&late).await;
    assert_eq!(
        socket.expect_close_within(Duration::from_secs(2)).await,
        4403
    );
    assert_eq!(b.closed(), None);
    world.end().await;
}

#[tokio::test]
async fn an_ended_session_does_not_live_on_by_renewing_itself() {
    let world = World::with_faults(&[]).await;
    let ann = world.person();
    world.env.faults().broker.cut();
    world.api.now(|truth| {
        truth.ended.insert(ann.session_id);
    });
    let socket = world.open(&ann).await;
    let renew = ClientFrame::Auth {
        token: world.token(&ann, 900),
        r#ref: None,
    };
    let renewing = async {
        loop {
            socket.send(&renew).await;
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let closed = tokio::select! {
        code = socket.expect_close_within(Duration::from_secs(5)) => code,
        () = renewing => 0,
    };
    assert_eq!(closed, 4403);
    world.end().await;
}

#[tokio::test]
async fn a_removed_member_hears_nothing_of_what_waited_while_the_broker_was_away() {
    let world = World::with_faults(&[]).await;
    let (ann, ben) = (world.person(), world.person());
    let group = GroupId::new();
    world.api.join(&ann, group);
    world.api.join(&ben, group);
    let (a, b) = (world.connect(&ann).await, world.connect(&ben).await);
    let broker = &world.env.faults().broker;
    let publisher = world.publisher().await;
    // The link lives, and carries nothing.
    broker.stall();
    publisher
        .event(&[Route::Group(group)], marked(1).encode())
        .await;
    world.api.leave(&ann, group);
    tokio::time::sleep(Duration::from_secs(1)).await;
    broker.restore();
    expect_mark(&b, 1).await;
    publisher.event(&[user(&ann)], marked(2).encode()).await;
    expect_mark(&a, 2).await;
    assert_eq!(crate::server::marks(&a), [2]);
    world.end().await;
}

#[tokio::test]
async fn dropped_events_make_every_client_sync() {
    let world = World::with_faults(&[
        ("WARREN_WS_EVENTS_QUEUE_MESSAGES", "10"),
        ("WARREN_WS_PREFETCH", "5"),
    ])
    .await;
    let (ann, ben) = (world.person(), world.person());
    let (a, b) = (world.connect(&ann).await, world.connect(&ben).await);
    let broker = &world.env.faults().broker;
    let publisher = world.publisher().await;
    broker.stall();
    for number in 1..=200 {
        publisher
            .event(&[user(&ann)], marked(number).encode())
            .await;
    }
    broker.restore();
    for socket in [&a, &b] {
        socket.expect_ready(ReadyReason::Restored).await;
    }
    // The newest are never the ones that are dropped.
    expect_mark(&a, 200).await;
    // However many were dropped, nobody syncs again and again.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let restored = |frame: &ServerFrame| matches!(frame, ServerFrame::Ready { reason, .. } if *reason == ReadyReason::Restored);
    let arrived = b.arrived();
    let frames = arrived.iter().filter_map(|arrived| arrived.frame.as_ref());
    let times = frames.filter(|frame| restored(frame)).count();
    assert!(times <= 3, "{times} times");
    world.end().await;
}

#[tokio::test]
async fn when_revocations_are_unknown_for_too_long_every_socket_closes() {
    let world = World::start(&[("WARREN_WS_REVOCATIONS_FAILURE_MS", "600")]).await;
    let (ann, ben) = (world.person(), world.person());
    let sockets = [world.connect(&ann).await, world.connect(&ben).await];
    world.api.answer(500);
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(sockets.iter().all(|socket| socket.closed().is_none()));
    for socket in &sockets {
        let draining = |frame: &ServerFrame| matches!(frame, ServerFrame::Draining { .. });
        socket.expect_event(draining, DEADLINE).await;
        assert_eq!(socket.expect_close_within(DEADLINE).await, 1001);
    }
    let refused = world.dial().bearer(&ann.token).open().await.unwrap_err();
    assert_eq!(refused.status, 503);
    let (status, body) = world.readyz().await;
    assert_eq!(status, 503);
    assert!(body.contains("api"), "{body}");
    world.api.answer(0);
    world.ready().await;
    world.connect(&ann).await;
    world.end().await;
}

#[tokio::test]
async fn while_the_api_s_database_is_down_sockets_stay_open() {
    let world = World::start(&[("WARREN_WS_REVOCATIONS_FAILURE_MS", "300")]).await;
    let ann = world.person();
    let socket = world.connect(&ann).await;
    world.api.answer(503);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(socket.closed(), None);
    // Who comes meanwhile is held, and ready when it is back.
    let late = world.open(&world.person()).await;
    world.api.answer(0);
    late.expect_ready(ReadyReason::Connected).await;
    world.end().await;
}
