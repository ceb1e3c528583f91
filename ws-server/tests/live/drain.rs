//! A server that goes away.

use std::time::{Duration, Instant};

use protocol::frame::ServerFrame;
use testkit::eventually;
use testkit::keys::SigningKeyFile;

use crate::api;
use crate::server::{DEADLINE, World};

#[tokio::test]
async fn sockets_are_told_when_they_will_be_closed_and_new_ones_are_refused() {
    let world = World::start(&[
        ("WARREN_WS_DRAIN_SPREAD_MS", "1000"),
        ("WARREN_WS_DRAIN_DEADLINE_MS", "8000"),
    ])
    .await;
    let ann = world.person();
    let mut sockets = Vec::new();
    for _ in 0..8 {
        sockets.push(world.connect(&world.person()).await);
    }
    let World { app, api, env, url } = world;
    let admin = app.admin_address;
    let start = Instant::now();
    let draining = tokio::spawn(app.drain());
    let mut moments = Vec::new();
    for socket in &sockets {
        let told = |frame: &ServerFrame| match frame {
            ServerFrame::Draining { reconnect_after_ms } => Some(*reconnect_after_ms),
            _ => None,
        };
        moments.push(socket.expect_some(told, DEADLINE).await);
    }
    assert!(moments.iter().all(|moment| *moment <= 1_000), "{moments:?}");
    assert!(moments.iter().max() > moments.iter().min(), "{moments:?}");
    let ready = reqwest::get(format!("http://{admin}/readyz"))
        .await
        .unwrap();
    assert_eq!(ready.status().as_u16(), 503);
    assert!(ready.text().await.unwrap().contains("draining"));
    let refused = testkit::ws::Connect::to(&url)
        .bearer(&ann.token)
        .open()
        .await;
    assert_eq!(refused.unwrap_err().status, 503);
    for socket in &sockets {
        assert_eq!(socket.expect_close().await, 1001);
    }
    draining.await.unwrap();
    assert!(
        start.elapsed() < Duration::from_secs(8),
        "{:?}",
        start.elapsed()
    );
    api.stop().await;
    env.close().await;
}

#[tokio::test]
async fn a_client_that_does_not_go_does_not_hold_the_process() {
    let world = World::start(&[
        ("WARREN_WS_DRAIN_SPREAD_MS", "100"),
        ("WARREN_WS_DRAIN_DEADLINE_MS", "1000"),
        ("WARREN_WS_CLOSE_DEADLINE_MS", "60000"),
    ])
    .await;
    let socket = world.connect(&world.person()).await;
    socket.stop_reading();
    let World { app, api, env, .. } = world;
    let start = Instant::now();
    app.drain().await;
    assert!(
        start.elapsed() < Duration::from_secs(5),
        "{:?}",
        start.elapsed()
    );
    api.stop().await;
    env.close().await;
}

#[tokio::test]
async fn whose_handshake_is_under_way_is_waited_for_and_told() {
    let world = World::start(&[("WARREN_WS_DRAIN_SPREAD_MS", "1000")]).await;
    // A token under a key that has to be fetched.
    let key = SigningKeyFile::create(world.env.dir());
    let known = (key.kid.clone(), key.public_key());
    world.api.now(|truth| truth.keys.push(known));
    let fetched = world.api.jwks_calls();
    let held = world.api.hold_keys().await;
    let token = api::person(&key).token;
    let opening = tokio::spawn(world.dial().bearer(&token).open());
    eventually(DEADLINE, || async {
        let asked = world.api.jwks_calls() - fetched;
        if asked > 0 { Ok(()) } else { Err(asked) }
    })
    .await;
    let World { app, api, env, .. } = world;
    let admin = app.admin_address;
    let draining = tokio::spawn(app.drain());
    eventually(DEADLINE, || async {
        let ready = reqwest::get(format!("http://{admin}/readyz")).await;
        match ready.map(|answer| answer.status().as_u16()) {
            Ok(503) => Ok(()),
            other => Err(other),
        }
    })
    .await;
    drop(held);
    let socket = opening.await.unwrap().unwrap();
    socket.expect_hello().await;
    let told = |frame: &ServerFrame| matches!(frame, ServerFrame::Draining { .. });
    socket.expect_event(told, DEADLINE).await;
    assert_eq!(socket.expect_close().await, 1001);
    draining.await.unwrap();
    api.stop().await;
    env.close().await;
}
