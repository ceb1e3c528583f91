//! What two people see of each other over two servers of each kind.

use std::time::Duration;

use protocol::conversation::{Conversation, Receipts};
use protocol::frame::{ClientFrame, ServerFrame};
use protocol::ids::ConversationId;
use protocol::message::Message;
use testkit::http::User;
use testkit::process::System;
use testkit::ws::Socket;

use crate::PATIENT;

const SOON: Duration = Duration::from_secs(10);
/// Long enough for a frame that went to the wrong socket: the right one has its copy already.
const QUIET: Duration = Duration::from_millis(300);

/// Ada and Bob with two devices each, one at each ws-server, and one chat; Ada calls the first api
/// and Bob the second.
struct Pair {
    system: System,
    ada: User,
    bob: User,
    chat: ConversationId,
    adas: [Socket; 2],
    bobs: [Socket; 2],
}

impl Pair {
    async fn start() -> Self {
        let system = System::builder()
            .await
            .api(2)
            .ws(2)
            .set(PATIENT.0, PATIENT.1)
            .start()
            .await;
        let ada = system.register("ada").await;
        let bob = system.client(1).register("bob").await;
        let chat = ada.client.direct(bob.id()).await.shared.id;
        let (at_home, at_work) = (ada.another_device().await, bob.another_device().await);
        let adas = [
            system.socket(0, &ada).await,
            system.socket(1, &at_home).await,
        ];
        let bobs = [
            system.socket(1, &bob).await,
            system.socket(0, &at_work).await,
        ];
        Self {
            system,
            ada,
            bob,
            chat,
            adas,
            bobs,
        }
    }
}

fn created(frame: &ServerFrame) -> Option<Message> {
    match frame {
        ServerFrame::MessageCreated { message, .. } => Some((**message).clone()),
        _ => None,
    }
}

fn is_typing(frame: &ServerFrame) -> bool {
    matches!(frame, ServerFrame::Typing { .. })
}

#[tokio::test]
async fn a_message_reaches_every_device_of_both_over_either_server() {
    let pair = Pair::start().await;
    for (sender, body) in [(&pair.ada, "to you"), (&pair.bob, "and back")] {
        let sent = sender.client.send(pair.chat, body).await;
        for socket in pair.adas.iter().chain(&pair.bobs) {
            let frame = socket.expect_event(|frame| created(frame).is_some(), SOON);
            let ServerFrame::MessageCreated {
                conversation_id,
                rev,
                message,
            } = frame.await
            else {
                unreachable!("only those were asked for")
            };
            assert_eq!((conversation_id, rev), (pair.chat, sent.rev));
            assert_eq!(*message, sent);
        }
    }
    // The same bytes for everyone.
    let texts = |socket: &Socket| {
        let arrived = socket.arrived().into_iter();
        let new = arrived.filter(|arrived| arrived.frame.as_ref().and_then(created).is_some());
        new.map(|arrived| arrived.text).collect::<Vec<_>>()
    };
    let first = texts(&pair.adas[0]);
    assert_eq!(first.len(), 2);
    for socket in pair.adas.iter().chain(&pair.bobs) {
        assert_eq!(texts(socket), first);
    }
}

#[tokio::test]
async fn ticks_turn_from_sent_to_delivered_to_read() {
    let Pair {
        system,
        ada,
        bob,
        chat,
        adas,
        bobs,
    } = Pair::start().await;
    let message = ada.client.send(chat, "did it arrive?").await;
    let seq = message.seq;
    let ticks = |read: bool| Receipts {
        delivered_seq: seq,
        read_seq: if read { seq } else { 0 },
    };
    let steps = [
        (
            false,
            ClientFrame::Delivered {
                conversation_id: chat,
                seq,
                r#ref: Some("delivered".to_owned()),
            },
        ),
        (
            true,
            ClientFrame::Read {
                conversation_id: chat,
                seq,
                r#ref: Some("read".to_owned()),
            },
        ),
    ];
    for (read, step) in steps {
        bobs[0].send(&step).await;
        bobs[0]
            .expect_ack(if read { "read" } else { "delivered" })
            .await;
        let moved = ServerFrame::Receipt {
            conversation_id: chat,
            user_id: bob.id(),
            delivered_seq: seq,
            read_seq: ticks(read).read_seq,
        };
        for socket in &adas {
            socket.expect_event(|frame| *frame == moved, SOON).await;
        }
        // The reader's other device.
        let own = |frame: &ServerFrame| match frame {
            ServerFrame::ConversationMe {
                conversation_id,
                me,
            } if *conversation_id == chat => Some(me.clone()),
            _ => None,
        };
        let me = bobs[1].expect_some(own, SOON).await;
        assert_eq!((me.delivered_seq, me.read_seq), (seq, ticks(read).read_seq));
        assert_eq!(me.unread, i64::from(!read));
        // And what every api says.
        for api in 0..system.api.len() {
            let of_ada: Conversation = system.user_at(api, &ada).client.conversation(chat).await;
            assert_eq!(of_ada.receipts, ticks(read));
            assert_eq!(of_ada.me.read_seq, seq, "she has read what she wrote");
            let of_bob = system.user_at(api, &bob).client.conversation(chat).await;
            assert_eq!(of_bob.me.unread, i64::from(!read));
        }
    }
}

#[tokio::test]
async fn typing_reaches_the_other_side_and_nobody_else() {
    let Pair {
        system,
        ada,
        bob,
        chat,
        adas,
        bobs,
    } = Pair::start().await;
    let eve = system.register("eve").await;
    let with_eve = ada.client.direct(eve.id()).await.shared.id;
    let eves = [system.socket(0, &eve).await, system.socket(1, &eve).await];
    for typing in [true, false] {
        let frame = ClientFrame::Typing {
            conversation_id: chat,
            typing,
            r#ref: None,
        };
        bobs[0].send(&frame).await;
        for socket in &adas {
            let frame = socket.expect_event(is_typing, SOON).await;
            let expected = ServerFrame::Typing {
                conversation_id: chat,
                user_id: bob.id(),
                typing,
            };
            assert_eq!(frame, expected);
        }
    }
    // Somebody who writes into a chat that is not theirs is heard by nobody.
    let foreign = ClientFrame::Typing {
        conversation_id: chat,
        typing: true,
        r#ref: Some("foreign".to_owned()),
    };
    eves[0].send(&foreign).await;
    eves[0].expect_ack("foreign").await;
    ada.client.send(with_eve, "do you hear us?").await;
    for socket in &eves {
        socket
            .expect_event(|frame| created(frame).is_some(), SOON)
            .await;
        socket.expect_none(is_typing, QUIET).await;
    }
    adas[0].expect_none(is_typing, QUIET).await;
}
