//! A server that both services need goes away for a while: what users notice, and what must hold.

use std::sync::atomic::Ordering;
use std::time::Duration;

use protocol::conversation::Receipts;
use protocol::frame::{ClientFrame, ReadyReason, ServerFrame};
use protocol::ids::{ClientId, ConversationId};
use protocol::message::Message;
use protocol::presence::{Presences, Status};
use protocol::problem::Code;
use testkit::client::Device;
use testkit::http::{Reply, User};
use testkit::process::System;
use testkit::ws::Socket;
use testkit::{TestEnv, eventually};
use tokio::time::{Instant, sleep_until};

use crate::PATIENT;
use crate::insistent::Insistent;
use crate::ledger;
use crate::load::Load;

const SOON: Duration = Duration::from_secs(20);
/// How long the broker is away.
const BROKER_AWAY: Duration = Duration::from_secs(10);
/// How long the database is away, at least.
const DATABASE_AWAY: Duration = Duration::from_secs(3);
/// How long a revoked session may go on working, by the contract.
const REVOKED_WITHIN: Duration = Duration::from_secs(2);

struct Pair {
    system: System,
    ada: User,
    bob: User,
    chat: ConversationId,
    sockets: [Socket; 2],
    devices: [Device; 2],
}

impl Pair {
    /// Two api, two ws-servers, all behind proxies; Ada's socket is at the first, Bob's at the
    /// second.
    async fn start(settings: &[(&str, u32)]) -> Self {
        let mut builder = System::on(TestEnv::with_faults().await)
            .api(2)
            .ws(2)
            .set(PATIENT.0, PATIENT.1);
        for (name, value) in settings {
            builder = builder.set(name, value);
        }
        let system = builder.start().await;
        let ada = system.register("ada").await;
        let bob = system.client(1).register("bob").await;
        let chat = ada.client.direct(bob.id()).await.shared.id;
        let sockets = [system.socket(0, &ada).await, system.socket(1, &bob).await];
        let devices = [Device::fresh(&ada).await, Device::fresh(&bob).await];
        Self {
            system,
            ada,
            bob,
            chat,
            sockets,
            devices,
        }
    }

    /// Waits until both devices show what the database holds.
    async fn converge(&mut self) {
        let users = [&self.ada, &self.bob];
        for ((socket, device), user) in self.sockets.iter().zip(&mut self.devices).zip(users) {
            device.converge(socket, user, SOON).await;
            assert_eq!(socket.closed(), None);
        }
    }

    /// Requires that a message of either reaches the other by its socket.
    async fn require_live(&self, body: &str) {
        for (user, socket) in [(&self.ada, &self.sockets[1]), (&self.bob, &self.sockets[0])] {
            let message = user.client.send(self.chat, body).await;
            expect_message(socket, &message).await;
        }
    }

    async fn require_pongs(&self) {
        for socket in &self.sockets {
            socket.ping("are you there?").await;
            socket.expect_pong(b"are you there?").await;
        }
    }
}

async fn expect_message(socket: &Socket, wanted: &Message) {
    let matches = |frame: &ServerFrame| matches!(frame, ServerFrame::MessageCreated { message, .. } if **message == *wanted);
    socket.expect_event(matches, SOON).await;
}

#[tokio::test]
async fn the_broker_away_under_sends_loses_and_doubles_nothing() {
    let mut pair = Pair::start(&[]).await;
    // Somebody else's device, to be signed out meanwhile.
    let phone = pair.bob.another_device().await;
    let of_phone = pair.system.socket(0, &phone).await;
    let writers = [
        (&pair.ada, 0),
        (&pair.ada, 1),
        (&pair.bob, 0),
        (&pair.bob, 1),
    ];
    let clients = writers.map(|(user, api)| Insistent::new(&pair.system, user, api));
    let load = Load::start(clients.iter().map(|client| (client.clone(), pair.chat)));
    load.go_on_for(20).await;

    pair.system.env.faults().broker.cut();
    let back = Instant::now() + BROKER_AWAY;
    load.go_on_for(40).await;
    revoked_while_the_broker_is_away(&pair, &phone, &of_phone).await;
    sleep_until(back).await;
    pair.require_pongs().await;
    pair.system.env.faults().broker.restore();

    for (socket, device) in pair.sockets.iter().zip(&mut pair.devices) {
        socket.expect_ready(ReadyReason::Restored).await;
        device.follow(socket).await;
        device.sync().await;
    }
    load.go_on_for(20).await;
    let sent = load.stop().await;
    for client in &clients {
        let tally = client.tally();
        let tries = [&tally.refused, &tally.broken].map(|count| count.load(Ordering::Relaxed));
        assert_eq!(tries, [0, 0], "every send is answered with 201, at once");
    }
    ledger::require_gapless(&pair.system.env).await;
    ledger::require_exactly(&pair.system.env, &sent).await;
    ledger::outbox_empties(&pair.system.env).await;
    pair.converge().await;
    pair.require_live("over the new link").await;
}

async fn revoked_while_the_broker_is_away(pair: &Pair, phone: &User, socket: &Socket) {
    let path = format!("/v1/auth/sessions/{}", phone.session_id);
    pair.bob.client.delete(&path).await.expect(204);
    let end = Instant::now() + REVOKED_WITHIN;
    let left = || end.saturating_duration_since(Instant::now());
    for api in 0..pair.system.api.len() {
        let phone = pair.system.user_at(api, phone);
        let refused = || async {
            let reply = phone.client.get("/v1/me").await;
            (reply.status == 401).then_some(()).ok_or(reply)
        };
        eventually(left(), refused).await;
    }
    assert_eq!(socket.expect_close_within(left()).await, 4403);
}

fn is_unavailable(reply: &Reply) -> bool {
    // With `Retry-After`: that is a part of the problem.
    reply.status == 503 && reply.problem(503, Code::Unavailable).status == 503
}

#[tokio::test]
async fn the_database_away_leaves_sockets_open_and_nothing_half_done() {
    let mut pair = Pair::start(&[]).await;
    let eve = pair.system.register("eve").await;
    pair.require_live("before").await;

    pair.system.env.faults().database.cut();
    let back = Instant::now() + DATABASE_AWAY;
    let unsure = ClientId::new();
    for api in 0..pair.system.api.len() {
        let ada = pair.system.user_at(api, &pair.ada).client;
        let reply = ada.get("/v1/conversations").await;
        assert!(is_unavailable(&reply), "{reply}");
        let reply = ada.try_send(pair.chat, unsure, "is anybody there?").await;
        assert!(is_unavailable(&reply), "{reply}");
        let with_eve = serde_json::json!({ "user_id": eve.id() });
        let reply = ada.post("/v1/conversations", &with_eve).await;
        assert!(is_unavailable(&reply), "{reply}");
        // What needs no database is answered.
        ada.get("/.well-known/jwks.json").await.expect(200);
    }
    let read = ClientFrame::Read {
        conversation_id: pair.chat,
        seq: 1,
        r#ref: Some("kept by the broker".to_owned()),
    };
    pair.sockets[0].send(&read).await;
    pair.sockets[0].expect_ack("kept by the broker").await;
    sleep_until(back).await;
    pair.require_pongs().await;
    pair.system.env.faults().database.restore();

    for api in &pair.system.api {
        api.wait_readyz(200, SOON).await;
    }
    let ada = Insistent::new(&pair.system, &pair.ada, 0);
    let (path, body) = crate::insistent::message(pair.chat, unsure, "is anybody there?");
    let reply = ada.call(reqwest::Method::POST, &path, Some(&body)).await;
    assert!(matches!(reply.status, 200 | 201), "{reply}");
    let kept: Message = reply.json();
    let reply = ada.call(reqwest::Method::POST, &path, Some(&body)).await;
    assert_eq!(reply.expect(200).json::<Message>(), kept);
    let with_eve = pair.ada.client.direct(eve.id()).await.shared.id;
    assert_eq!(eve.client.direct(pair.ada.id()).await.shared.id, with_eve);

    pair.require_live("after").await;
    let bob = &pair.bob;
    eventually(SOON, || async {
        let receipts = bob.client.conversation(pair.chat).await.receipts;
        let read = Receipts {
            delivered_seq: 1,
            read_seq: 1,
        };
        let moved = receipts.read_seq >= read.read_seq;
        moved.then_some(()).ok_or(receipts)
    })
    .await;
    ledger::require_gapless(&pair.system.env).await;
    ledger::outbox_empties(&pair.system.env).await;
    // Events of the outage, if there are any, are not lost: no sync here.
    pair.converge().await;
}

#[tokio::test]
async fn memcached_away_makes_people_look_offline_and_nothing_else() {
    let mut pair = Pair::start(&[
        ("WARREN_PRESENCE_TTL_MS", 3_000),
        ("WARREN_WS_PRESENCE_REFRESH_MS", 500),
        ("WARREN_PRESENCE_RETRY_MS", 200),
    ])
    .await;
    let subscribe = ClientFrame::PresenceSubscribe {
        user_ids: vec![pair.bob.id()],
        r#ref: None,
    };
    pair.sockets[0].send(&subscribe).await;
    require_presence(&pair, Status::Online).await;
    for (status, body) in [(Status::Offline, "away"), (Status::Online, "and back")] {
        let presence = &pair.system.env.faults().presence;
        match status {
            Status::Offline => presence.cut(),
            Status::Online => presence.restore(),
        }
        require_presence(&pair, status).await;
        pair.require_live(body).await;
        let newcomer = pair.bob.another_device().await;
        let socket = pair.system.socket(0, &newcomer).await;
        let typing = ClientFrame::Typing {
            conversation_id: pair.chat,
            typing: true,
            r#ref: Some("typing".to_owned()),
        };
        socket.send(&typing).await;
        socket.expect_ack("typing").await;
        let seen = |frame: &ServerFrame| matches!(frame, ServerFrame::Typing { .. });
        pair.sockets[0].expect_event(seen, SOON).await;
        let error = |frame: &ServerFrame| matches!(frame, ServerFrame::Error { .. });
        for socket in pair.sockets.iter().chain([&socket]) {
            socket.expect_none(error, Duration::ZERO).await;
        }
    }
    pair.converge().await;
}

/// Bob's presence as Ada sees it, by push and by poll at every api.
async fn require_presence(pair: &Pair, wanted: Status) {
    let bob = pair.bob.id();
    let pushed = |frame: &ServerFrame| {
        matches!(frame, ServerFrame::Presence { user_id, status, .. }
            if *user_id == bob && *status == wanted)
    };
    pair.sockets[0].expect_event(pushed, SOON).await;
    let path = format!("/v1/presence?user_ids={bob}");
    for api in 0..pair.system.api.len() {
        let ada = pair.system.user_at(api, &pair.ada).client;
        eventually(SOON, || async {
            let seen: Presences = ada.get(&path).await.expect(200).json();
            let right = seen.presences[0].status == wanted;
            right.then_some(()).ok_or(seen)
        })
        .await;
    }
}
