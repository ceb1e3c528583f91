//! Who is online, by key and by push.

use std::collections::HashSet;
use std::time::Duration;

use protocol::control::Control;
use protocol::frame::{ClientFrame, ServerFrame};
use protocol::ids::UserId;
use protocol::presence::Status;
use testkit::ws::Socket;
use tokio::time::Instant;

use crate::api::Person;
use crate::server::{DEADLINE, World, expect_mark, expect_online, marked, user};

async fn watch(socket: &Socket, user_ids: &[UserId], r#ref: &str) {
    let subscribe = ClientFrame::PresenceSubscribe {
        user_ids: user_ids.to_vec(),
        r#ref: Some(r#ref.to_owned()),
    };
    socket.send(&subscribe).await;
    socket.expect_ack(r#ref).await;
}

async fn expect_status(socket: &Socket, user: UserId, status: Status) {
    let is_it = |frame: &ServerFrame| {
        matches!(frame, ServerFrame::Presence { user_id, status: found, .. }
            if *user_id == user && *found == status)
    };
    socket.expect_event(is_it, DEADLINE).await;
}

fn sees(world: &World, watcher: &Person, seen: &[UserId]) {
    world.api.now(|truth| {
        truth
            .visible
            .insert(watcher.user_id, HashSet::from_iter(seen.iter().copied()));
    });
}

#[tokio::test]
async fn a_live_socket_keeps_its_user_online_and_its_end_lets_them_go() {
    let world = World::start(&[]).await;
    let ann = world.person();
    let socket = world.connect(&ann).await;
    expect_online(&world.env, ann.user_id, true).await;
    // Longer than the key lives.
    tokio::time::sleep(Duration::from_secs(3)).await;
    expect_online(&world.env, ann.user_id, true).await;
    drop(socket);
    expect_online(&world.env, ann.user_id, false).await;
    world.end().await;
}

#[tokio::test]
async fn of_many_subscriptions_at_once_few_are_made_and_the_last_counts() {
    let world = World::start(&[]).await;
    let (ann, ben) = (world.person(), world.person());
    let _b = world.connect(&ben).await;
    expect_online(&world.env, ben.user_id, true).await;
    sees(&world, &ann, &[ben.user_id]);
    let socket = world.connect(&ann).await;
    let asked = world.api.visible_calls();
    let began = Instant::now();
    for number in 0..20 {
        let subscribe = ClientFrame::PresenceSubscribe {
            user_ids: vec![if number < 19 {
                UserId::new()
            } else {
                ben.user_id
            }],
            r#ref: Some(number.to_string()),
        };
        socket.send(&subscribe).await;
        // Not all in one batch.
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    for number in 0..20 {
        socket.expect_ack(&number.to_string()).await;
    }
    expect_status(&socket, ben.user_id, Status::Online).await;
    let calls = world.api.visible_calls() - asked;
    // Two at once, and two a second.
    let most = 3 + 2 * usize::try_from(began.elapsed().as_secs()).unwrap();
    assert!(calls <= most, "{calls} in {:?}", began.elapsed());
    world.end().await;
}

#[tokio::test]
async fn who_hides_is_never_written() {
    let world = World::start(&[]).await;
    let ann = world.person();
    world.api.now(|truth| {
        truth.hidden.insert(ann.user_id);
    });
    let _socket = world.connect(&ann).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    expect_online(&world.env, ann.user_id, false).await;
    // They change their mind.
    world.api.now(|truth| {
        truth.hidden.clear();
    });
    let changed = Control::RoutesChanged {
        user_id: ann.user_id,
    };
    world.publisher().await.control(&changed).await;
    expect_online(&world.env, ann.user_id, true).await;
    world.end().await;
}

/// By the contract, someone who is offline is known to be within this.
const OFFLINE_WITHIN: Duration = Duration::from_secs(15);

#[tokio::test]
async fn who_begins_to_hide_on_a_live_socket_is_soon_offline_for_who_watches() {
    // As in production: how long it takes is what is promised.
    let world = World::start(&[
        ("WARREN_PRESENCE_TTL_MS", "10000"),
        ("WARREN_WS_PRESENCE_REFRESH_MS", "4000"),
    ])
    .await;
    let (ann, ben) = (world.person(), world.person());
    sees(&world, &ann, &[ben.user_id]);
    let bens = world.connect(&ben).await;
    let socket = world.connect(&ann).await;
    watch(&socket, &[ben.user_id], "s1").await;
    expect_status(&socket, ben.user_id, Status::Online).await;
    world.api.now(|truth| {
        truth.hidden.insert(ben.user_id);
    });
    let changed = Control::RoutesChanged {
        user_id: ben.user_id,
    };
    let publisher = world.publisher().await;
    publisher.control(&changed).await;
    let hidden_at = std::time::Instant::now();
    expect_status(&socket, ben.user_id, Status::Offline).await;
    assert!(
        hidden_at.elapsed() < OFFLINE_WITHIN,
        "{:?}",
        hidden_at.elapsed()
    );
    // Their own socket goes on, whatever it says, and does not make them present.
    let ping = ClientFrame::Ping { r#ref: None };
    bens.send(&ping).await;
    publisher.event(&[user(&ben)], marked(1).encode()).await;
    expect_mark(&bens, 1).await;
    expect_online(&world.env, ben.user_id, false).await;
    world.end().await;
}

#[tokio::test]
async fn a_watcher_hears_the_state_at_once_and_every_change() {
    let world = World::start(&[]).await;
    let (ann, ben, eve) = (world.person(), world.person(), world.person());
    let ben_socket = world.connect(&ben).await;
    let eve_socket = world.connect(&eve).await;
    expect_online(&world.env, ben.user_id, true).await;
    expect_online(&world.env, eve.user_id, true).await;
    sees(&world, &ann, &[ben.user_id]);
    let socket = world.connect(&ann).await;
    watch(&socket, &[ben.user_id, eve.user_id], "s1").await;
    expect_status(&socket, ben.user_id, Status::Online).await;
    // Eve is online, but not for ann.
    expect_status(&socket, eve.user_id, Status::Offline).await;
    drop(ben_socket);
    expect_status(&socket, ben.user_id, Status::Offline).await;
    let ben_socket = world.connect(&ben).await;
    expect_status(&socket, ben.user_id, Status::Online).await;
    // Watching nobody ends it.
    watch(&socket, &[], "s2").await;
    drop(ben_socket);
    let is_presence = |frame: &ServerFrame| matches!(frame, ServerFrame::Presence { .. });
    socket
        .expect_none(is_presence, Duration::from_secs(3))
        .await;
    drop(eve_socket);
    world.end().await;
}

#[tokio::test]
async fn a_block_ends_what_is_seen_and_its_end_brings_it_back() {
    let world = World::start(&[]).await;
    let (ann, ben) = (world.person(), world.person());
    let _ben_socket = world.connect(&ben).await;
    expect_online(&world.env, ben.user_id, true).await;
    sees(&world, &ann, &[ben.user_id]);
    let socket = world.connect(&ann).await;
    watch(&socket, &[ben.user_id], "s1").await;
    expect_status(&socket, ben.user_id, Status::Online).await;
    let changed = Control::VisibilityChanged {
        user_ids: [ben.user_id, ann.user_id],
    };
    let publisher = world.publisher().await;
    sees(&world, &ann, &[]);
    publisher.control(&changed).await;
    expect_status(&socket, ben.user_id, Status::Offline).await;
    sees(&world, &ann, &[ben.user_id]);
    publisher.control(&changed).await;
    expect_status(&socket, ben.user_id, Status::Online).await;
    world.end().await;
}

#[tokio::test]
async fn who_may_see_whom_is_asked_again_from_time_to_time() {
    let world = World::start(&[("WARREN_WS_VISIBILITY_RECHECK_MS", "200")]).await;
    let (ann, ben) = (world.person(), world.person());
    let _ben_socket = world.connect(&ben).await;
    expect_online(&world.env, ben.user_id, true).await;
    sees(&world, &ann, &[ben.user_id]);
    let socket = world.connect(&ann).await;
    watch(&socket, &[ben.user_id], "s1").await;
    expect_status(&socket, ben.user_id, Status::Online).await;
    sees(&world, &ann, &[]);
    expect_status(&socket, ben.user_id, Status::Offline).await;
    world.end().await;
}

#[tokio::test]
async fn without_memcached_everyone_is_offline_and_nothing_else_happens() {
    let world = World::with_faults(&[]).await;
    let (ann, ben) = (world.person(), world.person());
    let _ben_socket = world.connect(&ben).await;
    sees(&world, &ann, &[ben.user_id]);
    let socket = world.connect(&ann).await;
    watch(&socket, &[ben.user_id], "s1").await;
    expect_status(&socket, ben.user_id, Status::Online).await;
    let publisher = world.publisher().await;
    let faults = world.env.faults();
    for (number, stall) in [(1, true), (2, false)] {
        if stall {
            faults.presence.stall();
        } else {
            faults.presence.cut();
        }
        expect_status(&socket, ben.user_id, Status::Offline).await;
        publisher
            .event(&[user(&ann)], marked(number).encode())
            .await;
        expect_mark(&socket, number).await;
        world.connect(&world.person()).await;
        let (status, body) = world.readyz().await;
        assert_eq!(status, 503);
        assert!(body.contains("presence"), "{body}");
        faults.presence.restore();
        expect_status(&socket, ben.user_id, Status::Online).await;
    }
    world.ready().await;
    world.end().await;
}

#[tokio::test]
async fn to_watch_nobody_and_ask_for_no_answer_is_no_end() {
    let world = World::start(&[]).await;
    let ann = world.person();
    let socket = world.connect(&ann).await;
    // One that is made, and some that are replaced before they are.
    for _ in 0..5 {
        let subscribe = ClientFrame::PresenceSubscribe {
            user_ids: Vec::new(),
            r#ref: None,
        };
        socket.send(&subscribe).await;
    }
    watch(&socket, &[], "still here").await;
    world.end().await;
}
