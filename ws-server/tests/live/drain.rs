//! A server that goes away.

use std::time::{Duration, Instant};

use protocol::frame::ServerFrame;

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
