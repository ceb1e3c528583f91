//! Processes that are asked to end, as in a deploy: nobody notices more than a reconnect.

use std::sync::atomic::Ordering;
use std::time::Duration;

use protocol::frame::ServerFrame;
use testkit::client::Device;
use testkit::process::System;

use crate::PATIENT;
use crate::insistent::Insistent;
use crate::ledger;
use crate::load::Load;

const SOON: Duration = Duration::from_secs(20);
/// Over how long sockets are sent away.
const SPREAD_MS: u64 = 1_500;
/// The process is gone by then.
const DEADLINE: Duration = Duration::from_secs(10);

#[tokio::test]
async fn a_ws_server_that_ends_sends_its_sockets_away_first() {
    let builder = System::builder()
        .await
        .api(1)
        .ws(2)
        .set(PATIENT.0, PATIENT.1);
    let builder = builder.set("WARREN_WS_DRAIN_SPREAD_MS", SPREAD_MS);
    let builder = builder.set("WARREN_WS_DRAIN_DEADLINE_MS", DEADLINE.as_millis());
    let mut system = builder.start().await;
    let ada = system.register("ada").await;
    let bob = system.register("bob").await;
    let chat = ada.client.direct(bob.id()).await.shared.id;
    let socket = system.socket(0, &ada).await;
    let mut device = Device::fresh(&ada).await;
    let sender = Insistent::new(&system, &bob, 0);
    let load = Load::start([(sender.clone(), chat), (sender, chat)]);
    load.go_on_for(20).await;

    assert_eq!(socket.closed(), None, "{}", system.ws[0].logs());
    system.ws[0].terminate();
    let draining = |frame: &ServerFrame| match frame {
        ServerFrame::Draining { reconnect_after_ms } => Some(*reconnect_after_ms),
        _ => None,
    };
    let after = socket.expect_some(draining, SOON).await;
    assert!(after <= SPREAD_MS, "{after}");
    assert_eq!(socket.expect_close_within(SOON).await, 1001);
    device.follow(&socket).await;
    let elsewhere = system.socket(1, &ada).await;
    device.moved();
    device.sync().await;
    let status = system.ws[0].wait_exit(DEADLINE).await;
    assert!(status.success(), "{status}\n{}", system.ws[0].logs());
    load.go_on_for(20).await;
    let sent = load.stop().await;
    ledger::require_exactly(&system.env, &sent).await;
    device.converge(&elsewhere, &ada, SOON).await;
    let total: usize = sent.iter().map(Vec::len).sum();
    assert_eq!(device.snapshot()[&chat].messages.len(), total);
}

#[tokio::test]
async fn an_api_that_ends_under_load_answers_every_request_it_took() {
    let mut system = System::builder()
        .await
        .api(2)
        .ws(1)
        .set(PATIENT.0, PATIENT.1)
        .start()
        .await;
    let ada = system.register("ada").await;
    let bob = system.register("bob").await;
    let chat = ada.client.direct(bob.id()).await.shared.id;
    let socket = system.socket(0, &bob).await;
    let mut device = Device::fresh(&bob).await;
    let clients: Vec<_> = [&ada, &bob, &ada, &bob]
        .iter()
        .map(|user| Insistent::new(&system, user, 0))
        .collect();
    let load = Load::start(clients.iter().map(|client| (client.clone(), chat)));
    for end in [0, 1] {
        load.go_on_for(40).await;
        system.api[end].terminate();
        let status = system.api[end].wait_exit(SOON).await;
        assert!(status.success(), "{status}\n{}", system.api[end].logs());
        load.go_on_for(20).await;
        system.api[end].restart().await;
    }
    let sent = load.stop().await;
    for client in &clients {
        let tally = client.tally();
        assert_eq!(tally.refused.load(Ordering::Relaxed), 0, "503 to a send");
        let unanswered = tally.done_unanswered.load(Ordering::Relaxed);
        assert_eq!(unanswered, 0, "sends were carried out without an answer");
    }
    ledger::require_gapless(&system.env).await;
    ledger::require_exactly(&system.env, &sent).await;
    ledger::outbox_empties(&system.env).await;
    device.converge(&socket, &bob, SOON).await;
}
