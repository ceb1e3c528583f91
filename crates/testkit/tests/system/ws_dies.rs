//! A ws-server is killed: its clients go on at the other one.

use std::time::Duration;

use protocol::frame::{ClientFrame, ServerFrame};
use protocol::ids::UserId;
use protocol::presence::{Presences, Status};
use testkit::client::Device;
use testkit::eventually;
use testkit::http::User;
use testkit::process::System;
use testkit::ws::Socket;

use crate::PATIENT;
use crate::insistent::Insistent;
use crate::ledger;
use crate::load::Load;

const SOON: Duration = Duration::from_secs(20);
/// How long presence may be wrong, by the contract.
const OFFLINE_WITHIN: Duration = Duration::from_secs(15);

/// Intervals of presence, short: Memcached counts in seconds.
const TTL_MS: u32 = 3_000;
const REFRESH_MS: u32 = 500;

async fn pushed(socket: &Socket, user: UserId, wanted: Status) {
    let matches = |frame: &ServerFrame| {
        matches!(frame, ServerFrame::Presence { user_id, status, .. }
            if *user_id == user && *status == wanted)
    };
    socket.expect_event(matches, OFFLINE_WITHIN).await;
}

async fn polled(by: &User, user: UserId, wanted: Status) {
    let path = format!("/v1/presence?user_ids={user}");
    eventually(OFFLINE_WITHIN, || async {
        let seen: Presences = by.client.get(&path).await.expect(200).json();
        let status = seen.presences[0].status;
        if status == wanted { Ok(()) } else { Err(seen) }
    })
    .await;
}

#[tokio::test]
async fn a_client_of_a_killed_server_ends_with_the_databases_transcript() {
    let mut system = System::builder()
        .await
        .api(2)
        .ws(2)
        .set(PATIENT.0, PATIENT.1)
        .start()
        .await;
    let ada = system.register("ada").await;
    let bob = system.register("bob").await;
    let chat = ada.client.direct(bob.id()).await.shared.id;
    let at_first = system.socket(0, &ada).await;
    let of_bob = system.socket(1, &bob).await;
    let mut device = Device::fresh(&ada).await;
    let mut bobs = Device::fresh(&bob).await;

    let senders = [(&ada, 0), (&bob, 1), (&bob, 0)];
    let load = Load::start(senders.map(|(user, api)| (Insistent::new(&system, user, api), chat)));
    load.go_on_for(40).await;
    system.ws[0].kill9();
    assert_eq!(at_first.expect_close().await, 1006);
    // What had arrived counts, in the middle of whatever it was.
    device.follow(&at_first).await;
    load.go_on_for(20).await;
    let at_second = system.socket(1, &ada).await;
    device.moved();
    device.sync().await;
    load.go_on_for(20).await;
    let sent = load.stop().await;

    ledger::require_exactly(&system.env, &sent).await;
    device.converge(&at_second, &ada, SOON).await;
    bobs.converge(&of_bob, &bob, SOON).await;
    let total: usize = sent.iter().map(Vec::len).sum();
    assert_eq!(device.snapshot()[&chat].messages.len(), total);
    // It comes back and takes sockets again.
    system.ws[0].restart().await;
    let again = system.socket(0, &ada).await;
    let message = bob.client.send(chat, "welcome back").await;
    let matches = |frame: &ServerFrame| matches!(frame, ServerFrame::MessageCreated { message: new, .. } if **new == message);
    again.expect_event(matches, SOON).await;
}

#[tokio::test]
async fn presence_is_right_again_soon_after_a_server_was_killed() {
    let builder = System::builder()
        .await
        .api(1)
        .ws(2)
        .set(PATIENT.0, PATIENT.1);
    let builder = builder.set("WARREN_PRESENCE_TTL_MS", TTL_MS);
    let builder = builder.set("WARREN_WS_PRESENCE_REFRESH_MS", REFRESH_MS);
    let mut system = builder.start().await;
    let ada = system.register("ada").await;
    let bob = system.register("bob").await;
    let eve = system.register("eve").await;
    for other in [&ada, &eve] {
        bob.client.direct(other.id()).await;
    }
    let watcher = system.socket(1, &bob).await;
    let subscribe = ClientFrame::PresenceSubscribe {
        user_ids: vec![ada.id(), eve.id()],
        r#ref: None,
    };
    watcher.send(&subscribe).await;
    for user in [&ada, &eve] {
        pushed(&watcher, user.id(), Status::Offline).await;
    }
    let adas = system.socket(0, &ada).await;
    let eves = system.socket(0, &eve).await;
    for user in [&ada, &eve] {
        pushed(&watcher, user.id(), Status::Online).await;
        polled(&bob, user.id(), Status::Online).await;
    }

    system.ws[0].kill9();
    assert_eq!(adas.expect_close().await, 1006);
    assert_eq!(eves.expect_close().await, 1006);
    let _adas = system.socket(1, &ada).await;
    pushed(&watcher, eve.id(), Status::Offline).await;
    polled(&bob, eve.id(), Status::Offline).await;
    polled(&bob, ada.id(), Status::Online).await;
    // Whoever moved in time never left.
    let ada_left = |frame: &ServerFrame| {
        matches!(frame, ServerFrame::Presence { user_id, status: Status::Offline, .. }
            if *user_id == ada.id())
    };
    watcher.expect_none(ada_left, Duration::ZERO).await;
}
