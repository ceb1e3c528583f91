//! An api process is killed: what was acknowledged stays, and stays once.

use std::time::Duration;

use testkit::client::Device;
use testkit::process::System;

use crate::PATIENT;
use crate::insistent::Insistent;
use crate::ledger;
use crate::load::Load;

/// For everything that was left to the relay as well.
const SOON: Duration = Duration::from_secs(30);

#[tokio::test]
async fn an_api_killed_under_sends_loses_no_acknowledged_message_and_doubles_none() {
    let mut system = System::builder()
        .await
        .api(2)
        .ws(2)
        .set(PATIENT.0, PATIENT.1)
        .start()
        .await;
    let ada = system.register("ada").await;
    let bob = system.register("bob").await;
    let eve = system.register("eve").await;
    let with_bob = ada.client.direct(bob.id()).await.shared.id;
    let with_eve = ada.client.direct(eve.id()).await.shared.id;
    let mut devices = Vec::new();
    for (place, user) in [&ada, &bob, &eve].into_iter().enumerate() {
        let socket = system.socket(place % 2, user).await;
        devices.push((user, socket, Device::fresh(user).await));
    }

    let senders = [
        (&ada, with_bob, 0),
        (&ada, with_bob, 1),
        (&bob, with_bob, 0),
        (&bob, with_bob, 1),
        (&ada, with_eve, 0),
        (&eve, with_eve, 1),
    ];
    let clients = senders.map(|(user, chat, api)| (Insistent::new(&system, user, api), chat));
    let load = Load::start(clients);
    for victim in [0, 1] {
        load.go_on_for(60).await;
        system.api[victim].kill9();
        load.go_on_for(30).await;
        system.api[victim].restart().await;
    }
    load.go_on_for(30).await;
    let sent = load.stop().await;

    ledger::require_gapless(&system.env).await;
    ledger::require_exactly(&system.env, &sent).await;
    ledger::outbox_empties(&system.env).await;
    // By events alone: nobody had to sync, for no socket was lost.
    for (user, socket, device) in &mut devices {
        device.converge(socket, user, SOON).await;
        assert_eq!(socket.closed(), None);
    }
}
