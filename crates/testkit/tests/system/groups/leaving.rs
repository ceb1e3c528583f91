//! Losing access: at once over REST, within two seconds on every socket, whatever the broker does.

use std::collections::BTreeSet;

use protocol::frame::{ReadyReason, ServerFrame};
use protocol::ids::ClientId;
use protocol::message::{Message, MessageKind, MessagePage};
use reqwest::Url;
use testkit::TestEnv;
use testkit::client::Device;
use testkit::http::Reply;
use testkit::proxy::Proxy;
use tokio::time::{Instant, sleep_until};

use super::{REMOVED_WITHIN, SOON, Town, expect_text, require_deaf};
use crate::ledger;

#[tokio::test]
async fn who_left_was_kicked_or_banned_is_refused_at_once_and_soon_hears_nothing() {
    let (town, [ada, bob, eve, dan]) = Town::start(["ada", "bob", "eve", "dan"]).await;
    let adas = town.sockets(&ada).await;
    let gone = [&bob, &eve, &dan];
    let mut sockets = Vec::new();
    for user in gone {
        sockets.push(town.sockets(user).await);
    }
    let [bobs, eves, dans] = &sockets[..] else {
        unreachable!("three were opened")
    };
    town.require_heard(&[&adas, bobs, eves, dans], "all of you")
        .await;

    bob.client.leave(town.group).await;
    town.require_strange(&bob).await;
    ada.client.kick(town.group, eve.id()).await;
    town.require_strange(&eve).await;
    ada.client.ban(town.group, dan.id()).await;
    let removed_at = Instant::now();
    town.require_strange(&dan).await;
    sleep_until(removed_at + REMOVED_WITHIN).await;
    town.require_heard(&[&adas], "the rest of us").await;
    for socket in sockets.iter().flatten() {
        require_deaf(socket, town.talk, &["the rest of us"]).await;
        // They were told, and may go on with everything else.
        let told = |frame: &ServerFrame| matches!(frame, ServerFrame::GroupRemoved { group_id, .. } if *group_id == town.group);
        socket.expect_event(told, SOON).await;
        assert_eq!(socket.closed(), None);
    }
    for (user, [socket, _]) in gone.into_iter().zip(&sockets) {
        let mut device = Device::new(user);
        device.converge(socket, user, SOON).await;
        assert!(device.snapshot().is_empty(), "no channel is left");
    }
}

#[tokio::test]
async fn who_was_removed_while_the_broker_was_away_hears_nothing_when_it_is_back() {
    let env = TestEnv::with_faults().await;
    let (town, [ada, bob, eve]) = Town::on(env, &[], ["ada", "bob", "eve"]).await;
    let adas = town.sockets(&ada).await;
    let removed = [town.sockets(&bob).await, town.sockets(&eve).await];
    town.require_heard(&[&adas, &removed[0], &removed[1]], "all of you")
        .await;
    town.system.env.faults().broker.cut();
    ada.client.kick(town.group, bob.id()).await;
    eve.client.leave(town.group).await;
    let removed_at = Instant::now();
    for user in [&bob, &eve] {
        town.require_strange(user).await;
    }
    // They wait in the outbox.
    ada.client.send(town.talk, "in the dark").await;
    sleep_until(removed_at + REMOVED_WITHIN).await;
    town.system.env.faults().broker.restore();
    for socket in adas.iter().chain(removed.iter().flatten()) {
        socket.expect_ready(ReadyReason::Restored).await;
    }
    town.require_heard(&[&adas], "the rest of us").await;
    for socket in removed.iter().flatten() {
        require_deaf(socket, town.talk, &["in the dark", "the rest of us"]).await;
        assert_eq!(socket.closed(), None);
    }
    ledger::outbox_empties(&town.system.env).await;
    for (socket, mut device) in adas.iter().zip([Device::new(&ada), Device::new(&ada)]) {
        device.sync().await;
        device.converge(socket, &ada, SOON).await;
    }
}

#[tokio::test]
async fn who_was_removed_by_a_process_that_lost_the_broker_hears_nothing_of_one_that_has_it() {
    let (mut town, [ada, bob]) = Town::on(
        TestEnv::new().await,
        // The removal waits in the outbox: nobody else tells of it in time.
        &[("WARREN_OUTBOX_RELAY_EVERY_MS", "600000")],
        ["ada", "bob"],
    )
    .await;
    let (link, url) = link_to_broker(&town.system.env).await;
    town.system.api[0].set("WARREN_BROKER_URL", url);
    town.system.api[0].restart().await;
    let adas = town.sockets(&ada).await;
    let bobs = town.sockets(&bob).await;
    town.require_heard(&[&adas, &bobs], "both of you").await;

    link.cut();
    // Ada asks the process that has lost it; the other one, and the ws-servers, know of nothing.
    ada.client.kick(town.group, bob.id()).await;
    let removed_at = Instant::now();
    town.require_strange(&bob).await;
    sleep_until(removed_at + REMOVED_WITHIN).await;
    let elsewhere = town.system.user_at(1, &ada).client;
    elsewhere.send(town.talk, "without you").await;
    for socket in &adas {
        expect_text(socket, "without you").await;
    }
    for socket in &bobs {
        require_deaf(socket, town.talk, &["without you"]).await;
        assert_eq!(socket.closed(), None);
    }
}

/// A link of one process's own that can be cut, and its address.
async fn link_to_broker(env: &TestEnv) -> (Proxy, Url) {
    let mut url: Url = env.broker_url().parse().expect("it is an address");
    let target = url.socket_addrs(|| Some(5672)).expect("it resolves");
    let link = Proxy::to(target[0]).await;
    let address = link.address();
    url.set_ip_host(address.ip()).expect("amqp has a host");
    url.set_port(Some(address.port())).expect("amqp has a port");
    (link, url)
}

#[tokio::test]
async fn a_ban_among_messages_in_flight_lets_every_acknowledged_one_stand_and_none_follow() {
    let (town, [ada, bob]) = Town::start(["ada", "bob"]).await;
    // In the channel where the ban is told: its place is the moment of its commit.
    let hands = (0..6).map(|hand| {
        let client = town.system.user_at(hand % 2, &bob).client;
        let channel = town.general;
        tokio::spawn(async move {
            let mut replies: Vec<Reply> = Vec::new();
            while replies.last().is_none_or(|reply| reply.status == 201) {
                let body = format!("{} of hand {hand}", replies.len());
                replies.push(client.try_send(channel, ClientId::new(), &body).await);
            }
            replies
        })
    });
    let hands: Vec<_> = hands.collect();
    testkit::eventually(SOON, || async {
        let last_seq = ada.client.conversation(town.general).await.shared.last_seq;
        (last_seq > 40).then_some(()).ok_or(last_seq)
    })
    .await;
    ada.client.ban(town.group, bob.id()).await;
    let mut acknowledged = Vec::new();
    for hand in hands {
        let mut replies = hand.await.expect("a hand has failed");
        let last = replies.pop().expect("each sent until it was refused");
        let _refused = last.expect(404);
        acknowledged.extend(replies.iter().map(Reply::json::<Message>));
    }
    ledger::require_gapless(&town.system.env).await;
    ledger::require_at_least(&town.system.env, &acknowledged).await;
    let mut of_bob = BTreeSet::new();
    let mut banned_at = None;
    let mut query = "?after=0&limit=100".to_owned();
    loop {
        let page: MessagePage = ada.client.messages(town.general, &query).await;
        for message in &page.items {
            let by_bob = message.sender_id == bob.id() && message.kind == MessageKind::Text;
            if by_bob {
                assert_eq!(banned_at, None, "after the ban: {message:#?}");
                of_bob.insert(message.id);
            } else if message.sender_id == ada.id() {
                banned_at = Some(message.seq);
            }
        }
        match page.items.last() {
            Some(last) if page.has_after => query = format!("?after={}&limit=100", last.seq),
            _ => break,
        }
    }
    assert!(banned_at.is_some(), "the ban is told there");
    let told: BTreeSet<_> = acknowledged.iter().map(|message| message.id).collect();
    assert_eq!(of_bob, told, "found, and acknowledged");
}

#[tokio::test]
async fn who_was_banned_cannot_come_back_before_the_ban_is_lifted_and_hears_everything_then() {
    let (town, [ada, bob]) = Town::start(["ada", "bob"]).await;
    let bobs = town.sockets(&bob).await;
    ada.client.ban(town.group, bob.id()).await;
    let banned_at = Instant::now();
    let path = format!("/v1/groups/{}/join", town.group);
    let _refused = bob
        .client
        .post(&path, &serde_json::json!({}))
        .await
        .expect(403);
    sleep_until(banned_at + REMOVED_WITHIN).await;
    ada.client.send(town.talk, "without you").await;
    for socket in &bobs {
        require_deaf(socket, town.talk, &["without you"]).await;
    }
    let unban = format!("/v1/groups/{}/bans/{}", town.group, bob.id());
    ada.client.delete(&unban).await.expect(204);
    bob.client.join(town.group).await;
    for socket in &bobs {
        socket.expect_ready(ReadyReason::Joined).await;
    }
    ada.client.send(town.talk, "with you again").await;
    for socket in &bobs {
        expect_text(socket, "with you again").await;
    }
}
