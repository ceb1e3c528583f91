//! A group of more than 50, over both servers: everything once, in order, and ticks for all.

use std::time::Duration;

use futures_util::future::join_all;
use protocol::conversation::Receipts;
use protocol::frame::{ClientFrame, ServerFrame};
use protocol::message::Message;
use testkit::TestEnv;
use testkit::client::Device;
use testkit::http::User;
use testkit::process::System;
use testkit::ws::Socket;

use crate::PATIENT;

/// More than those who hear of each receipt.
const MEMBERS: usize = 60;
/// What is said, by everyone in turn.
const MESSAGES: usize = 120;
/// Who speaks at the same time.
const VOICES: usize = 4;
/// For 60 people on a machine that compiles beside them.
const DEADLINE: Duration = Duration::from_secs(60);

fn created(frame: &ServerFrame) -> Option<&Message> {
    match frame {
        ServerFrame::MessageCreated { message, .. } => Some(message),
        _ => None,
    }
}

#[tokio::test]
async fn everyone_in_a_large_group_hears_everything_once_and_ticks_turn_for_all() {
    let system = System::on(TestEnv::new().await)
        .api(2)
        .ws(2)
        .set(PATIENT.0, PATIENT.1)
        // No event is given up for late on a slow machine: an event comes twice only after that.
        .set("WARREN_BROKER_CONFIRM_TIMEOUT_MS", 60_000)
        .set("WARREN_OUTBOX_RELAY_AGE_MS", 120_000)
        .start()
        .await;
    let owner = system.register("owner").await;
    let group = owner.client.public_group("hall").await.shared.id;
    let mut people = vec![owner];
    for i in 1..MEMBERS {
        let user = system.client(0).register(&format!("member{i}")).await;
        user.client.join(group).await;
        people.push(user);
    }
    let hall = people[0].client.channel(group, "hall").await.shared.id;
    let mut sockets: Vec<Socket> = Vec::new();
    for (i, user) in people.iter().enumerate() {
        sockets.push(system.socket(i % 2, user).await);
    }
    let mut device = Device::fresh(&people[1]).await;

    let voices = people.chunks(MEMBERS / VOICES).map(|some| async {
        for i in 0..MESSAGES / VOICES {
            let user: &User = &some[i % some.len()];
            user.client.send(hall, &format!("message {i}")).await;
        }
    });
    join_all(voices).await;
    let last = MESSAGES as i64;
    let reached = |frame: &ServerFrame| {
        created(frame).is_some_and(|message| message.conversation_id == hall && message.seq == last)
    };
    for socket in &sockets {
        socket.expect_event(reached, DEADLINE).await;
        let arrived = socket.arrived();
        let frames = arrived.iter().filter_map(|arrived| arrived.frame.as_ref());
        let revs = frames
            .filter_map(created)
            .filter(|message| message.conversation_id == hall);
        let revs: Vec<i64> = revs.map(|message| message.rev).collect();
        assert!(revs.iter().copied().eq(1..=last), "{revs:?}");
    }

    for socket in &sockets {
        let read = ClientFrame::Read {
            conversation_id: hall,
            seq: last,
            r#ref: None,
        };
        socket.send(&read).await;
    }
    let all = ServerFrame::Receipts {
        conversation_id: hall,
        delivered_seq: last,
        read_seq: last,
    };
    for socket in &sockets {
        socket.expect_event(|frame| *frame == all, DEADLINE).await;
        let single = |frame: &ServerFrame| matches!(frame, ServerFrame::Receipt { conversation_id, .. } if *conversation_id == hall);
        socket.expect_none(single, Duration::ZERO).await;
    }
    for api in 0..system.api.len() {
        let someone = system.user_at(api, &people[MEMBERS - 1]).client;
        let receipts = someone.conversation(hall).await.receipts;
        let everything = Receipts {
            delivered_seq: last,
            read_seq: last,
        };
        assert_eq!(receipts, everything);
    }
    device.converge(&sockets[1], &people[1], DEADLINE).await;
}
