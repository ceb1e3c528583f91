//! Coming in, and coming back.

use protocol::frame::{ReadyReason, ServerFrame};
use testkit::client::Device;
use testkit::ws::Socket;

use super::{SOON, Town, expect_text};

async fn expect_joined(sockets: &[Socket], town: &Town) {
    for socket in sockets {
        let group = socket.expect_ready(ReadyReason::Joined).await;
        assert_eq!(group, Some(town.group));
    }
}

#[tokio::test]
async fn who_joins_on_an_open_socket_is_told_and_hears_the_group_on_either_server() {
    let (town, [ada]) = Town::start(["ada"]).await;
    let bob = town.system.client(1).register("bob").await;
    let bobs = town.sockets(&bob).await;
    let mut devices = [Device::fresh(&bob).await, Device::fresh(&bob).await];
    ada.client.send(town.talk, "before you came").await;
    bob.client.join(town.group).await;
    expect_joined(&bobs, &town).await;
    town.require_heard(&[&bobs], "welcome").await;
    bob.client.send(town.talk, "thank you").await;
    for (socket, device) in bobs.iter().zip(&mut devices) {
        expect_text(socket, "thank you").await;
        // A device that syncs when it is told `joined` needs nothing more.
        device.converge(socket, &bob, SOON).await;
        assert!(device.snapshot().contains_key(&town.general));
    }
}

#[tokio::test]
async fn who_comes_back_at_once_misses_nothing_while_removals_repeat_themselves() {
    // Each look at the removals repeats those of the last 20 s: many looks, many chances to drop
    // somebody who has come back.
    let often = [("WARREN_WS_REVOCATIONS_MS", "50")];
    let env = testkit::TestEnv::new().await;
    let (town, [_ada, bob]) = Town::on(env, &often, ["ada", "bob"]).await;
    let bobs = town.sockets(&bob).await;
    for round in 0..3 {
        bob.client.leave(town.group).await;
        bob.client.join(town.group).await;
        // The group may never have been dropped in between; then there is nothing to tell. What is
        // sent after the round that follows the join is heard in either case.
        let own = |frame: &ServerFrame| matches!(frame, ServerFrame::GroupUpdated { account_rev: Some(_), group_id, .. } if *group_id == town.group);
        for socket in &bobs {
            socket.expect_event(own, SOON).await;
            settled(socket, &town).await;
        }
        for i in 0..10 {
            town.require_heard(&[&bobs], &format!("round {round}, {i}"))
                .await;
        }
    }
}

/// Waits until a socket hears the group again: not each message at first, but all from then on.
async fn settled(socket: &Socket, town: &Town) {
    let probe = uuid::Uuid::now_v7().to_string();
    testkit::eventually(SOON, || async {
        town.people[0].client.send(town.talk, &probe).await;
        tokio::time::sleep(super::QUIET).await;
        let mut arrived = socket.arrived().into_iter();
        arrived.any(|arrived| arrived.text.contains(&probe))
    })
    .await;
}
