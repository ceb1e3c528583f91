//! The end of a group, and of a channel, while people talk in it.

use protocol::frame::ServerFrame;
use protocol::ids::{ClientId, ConversationId};
use protocol::message::Message;
use serde_json::json;
use testkit::client::Device;
use testkit::http::{Client, Reply};
use testkit::process::System;
use testkit::ws::Socket;

use super::{SOON, Town};
use crate::insistent::Insistent;
use crate::ledger;
use crate::load::Load;

fn is_own_removal(frame: &ServerFrame, town: &Town) -> bool {
    matches!(frame, ServerFrame::GroupRemoved { group_id, .. } if *group_id == town.group)
}

/// What a device holds equals a fresh load, and has none of the group's channels.
async fn require_gone(
    town: &Town,
    user: &testkit::http::User,
    device: &mut Device,
    socket: &Socket,
) {
    device.converge(socket, user, SOON).await;
    let held = device.snapshot();
    assert!(!held.contains_key(&town.talk) && !held.contains_key(&town.general));
    assert_eq!(socket.closed(), None);
}

/// Comes and goes until the group is gone; how often.
async fn come_and_go(client: Client, group: String) -> usize {
    let mut times = 0;
    loop {
        for what in ["join", "leave"] {
            let reply = client.post(&format!("{group}/{what}"), &json!({})).await;
            if reply.status >= 300 {
                let _gone = reply.expect(404);
                return times;
            }
        }
        times += 1;
    }
}

/// Reads whatever is said until the channel is gone; how often.
async fn read_along(client: Client, channel: ConversationId) -> usize {
    let path = format!("/v1/conversations/{channel}");
    let mut times = 0;
    loop {
        let mut reply = client.get(&path).await;
        if reply.status == 200 {
            let read = json!({ "read_seq": reply.body["last_seq"] });
            reply = client.post(&format!("{path}/receipts"), &read).await;
        }
        if reply.status >= 300 {
            let _gone = reply.expect(404);
            return times;
        }
        times += 1;
    }
}

#[tokio::test]
async fn a_group_deleted_under_load_ends_for_everyone_in_it_and_harms_nobody_else() {
    let (town, [ada, bob, eve]) = Town::start(["ada", "bob", "eve"]).await;
    let sockets = [
        town.system.socket(0, &ada).await,
        town.system.socket(1, &bob).await,
    ];
    let mut devices = [Device::fresh(&ada).await, Device::fresh(&bob).await];
    // A chat that the group's end is no concern of.
    let chat = bob.client.direct(eve.id()).await.shared.id;
    let clients = [(&bob, 0), (&eve, 1)].map(|(user, api)| Insistent::new(&town.system, user, api));
    let elsewhere = Load::start(clients.iter().map(|client| (client.clone(), chat)));
    let senders = [(&ada, 0), (&bob, 1), (&eve, 0), (&bob, 0)];
    let senders = senders.map(|(user, api)| {
        let client = town.system.user_at(api, user).client;
        let channel = town.talk;
        tokio::spawn(async move {
            let mut replies: Vec<Reply> = Vec::new();
            while replies.last().is_none_or(|reply| reply.status == 201) {
                replies.push(client.try_send(channel, ClientId::new(), "and on").await);
            }
            replies
        })
    });
    let path = format!("/v1/groups/{}", town.group);
    let mut others = Vec::new();
    for (api, name) in ["fay", "gus"].into_iter().enumerate() {
        let client = town.system.client(api).register(name).await.client;
        others.push(tokio::spawn(come_and_go(client, path.clone())));
    }
    for (api, user) in [&bob, &eve].into_iter().enumerate() {
        let client = town.system.user_at(api, user).client;
        others.push(tokio::spawn(read_along(client, town.talk)));
    }
    elsewhere.go_on_for(20).await;
    ada.client.delete(&path).await.expect(204);
    for other in others {
        let times = other.await.expect("somebody was refused otherwise");
        assert!(times > 0, "the group was gone before it began");
    }
    for sender in senders {
        let mut replies = sender.await.expect("a sender has failed");
        let last = replies.pop().expect("each sent until it was refused");
        let _gone = last.expect(404);
        assert!(!replies.is_empty(), "the group was gone before it began");
        let seqs: Vec<i64> = replies
            .iter()
            .map(|reply| reply.json::<Message>().seq)
            .collect();
        assert!(seqs.is_sorted(), "one sender's messages changed places");
    }
    elsewhere.go_on_for(20).await;
    let sent = elsewhere.stop().await;
    for (user, (socket, device)) in [&ada, &bob].iter().zip(sockets.iter().zip(&mut devices)) {
        let gone = |frame: &ServerFrame| is_own_removal(frame, &town);
        socket.expect_event(gone, SOON).await;
        require_gone(&town, user, device, socket).await;
    }
    for client in &clients {
        let tally = client.tally();
        let refused = tally.refused.load(std::sync::atomic::Ordering::Relaxed);
        assert_eq!(refused, 0, "a send elsewhere was refused");
    }
    ledger::require_at_least(&town.system.env, &sent.concat()).await;
    ledger::require_gapless(&town.system.env).await;
    for user in [&ada, &bob, &eve] {
        town.require_strange(user).await;
    }
    require_no_deadlocks(&town.system).await;
}

#[tokio::test]
async fn a_deleted_channel_is_gone_for_everyone_while_the_others_go_on() {
    let (town, [ada, bob]) = Town::start(["ada", "bob"]).await;
    let socket = town.system.socket(1, &bob).await;
    let mut device = Device::fresh(&bob).await;
    bob.client.send(town.talk, "soon gone").await;
    device.converge(&socket, &bob, SOON).await;
    let path = format!("/v1/channels/{}", town.talk);
    ada.client.delete(&path).await.expect(204);
    for api in 0..town.system.api.len() {
        let bob = town.system.user_at(api, &bob).client;
        let send = bob.try_send(town.talk, ClientId::new(), "gone").await;
        let _gone = send.expect(404);
    }
    let gone = |frame: &ServerFrame| matches!(frame, ServerFrame::ConversationRemoved { conversation_id, .. } if *conversation_id == town.talk);
    socket.expect_event(gone, SOON).await;
    ada.client.send(town.general, "here we are").await;
    device.converge(&socket, &bob, SOON).await;
    let held = device.snapshot();
    assert!(!held.contains_key(&town.talk) && held.contains_key(&town.general));
    require_no_deadlocks(&town.system).await;
}

async fn require_no_deadlocks(system: &System) {
    for api in &system.api {
        let metrics = api.metrics().await;
        assert!(
            metrics.contains("\nwarren_deadlocks_total 0"),
            "{}",
            api.name()
        );
    }
}
