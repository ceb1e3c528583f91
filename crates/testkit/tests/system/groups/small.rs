//! Ticks and typing in a group of up to 50, where everyone hears of each.

use std::time::Duration;

use diesel_async::SimpleAsyncConnection;
use protocol::conversation::Receipts;
use protocol::frame::{ClientFrame, ServerFrame};
use protocol::ids::{ConversationId, UserId};
use testkit::client::Device;
use testkit::ws::Socket;

use super::{QUIET, SOON, Town};

fn typing(conversation_id: ConversationId, typing: bool) -> ClientFrame {
    ClientFrame::Typing {
        conversation_id,
        typing,
        r#ref: Some("typing".to_owned()),
    }
}

fn is_typing(frame: &ServerFrame) -> bool {
    matches!(frame, ServerFrame::Typing { .. })
}

async fn expect_typing(
    socket: &Socket,
    conversation_id: ConversationId,
    user_id: UserId,
    typing: bool,
) {
    let frame = socket.expect_event(is_typing, SOON).await;
    let wanted = ServerFrame::Typing {
        conversation_id,
        user_id,
        typing,
    };
    assert_eq!(frame, wanted);
}

#[tokio::test]
async fn ticks_turn_when_the_last_member_has_received_and_read() {
    let (town, [ada, bob, eve]) = Town::start(["ada", "bob", "eve"]).await;
    let adas = town.system.socket(0, &ada).await;
    let mut device = Device::fresh(&ada).await;
    let others = [
        (&bob, town.system.socket(1, &bob).await),
        (&eve, town.system.socket(0, &eve).await),
    ];
    let seq = ada.client.send(town.talk, "hello").await.seq;
    for read in [false, true] {
        for (place, (user, socket)) in others.iter().enumerate() {
            let (conversation_id, r#ref) = (town.talk, None);
            socket
                .send(&if read {
                    ClientFrame::Read {
                        conversation_id,
                        seq,
                        r#ref,
                    }
                } else {
                    ClientFrame::Delivered {
                        conversation_id,
                        seq,
                        r#ref,
                    }
                })
                .await;
            let said = |frame: &ServerFrame| {
                matches!(frame, ServerFrame::Receipt { user_id, delivered_seq, read_seq, .. }
                if *user_id == user.id() && *delivered_seq == seq && (*read_seq == seq) == read)
            };
            adas.expect_event(said, SOON).await;
            let all = place + 1 == others.len();
            let wanted = ServerFrame::Receipts {
                conversation_id: town.talk,
                delivered_seq: if read || all { seq } else { 0 },
                read_seq: if read && all { seq } else { 0 },
            };
            if all {
                adas.expect_event(|frame| *frame == wanted, SOON).await;
            }
        }
    }
    device.converge(&adas, &ada, SOON).await;
    let done = Receipts {
        delivered_seq: seq,
        read_seq: seq,
    };
    assert_eq!(device.snapshot()[&town.talk].receipts, done);
}

#[tokio::test]
async fn typing_is_heard_by_the_members_of_a_small_group_and_by_nobody_in_a_large_one() {
    let (town, [ada, bob]) = Town::start(["ada", "bob"]).await;
    let stranger = town.system.register("eve").await;
    let adas = town.sockets(&ada).await;
    let bobs = town.system.socket(0, &bob).await;
    let eves = town.system.socket(0, &stranger).await;
    for now in [true, false] {
        bobs.send(&typing(town.talk, now)).await;
        bobs.expect_ack("typing").await;
        for socket in &adas {
            expect_typing(socket, town.talk, bob.id(), now).await;
        }
    }
    // Who is no member is heard by nobody.
    eves.send(&typing(town.talk, false)).await;
    eves.expect_ack("typing").await;
    let mut sql = town.system.env.sql().await;
    let grow = format!(
        "UPDATE groups SET member_count = 51 WHERE id = '{}'",
        town.group
    );
    sql.batch_execute(&grow).await.expect("the query is right");
    bobs.send(&typing(town.talk, false)).await;
    bobs.expect_ack("typing").await;
    // In a direct chat it is heard; by then, the other would have been.
    let chat = bob.client.direct(ada.id()).await.shared.id;
    bobs.send(&typing(chat, false)).await;
    for socket in &adas {
        expect_typing(socket, chat, bob.id(), false).await;
        socket.expect_none(is_typing, QUIET).await;
    }
    eves.expect_none(is_typing, Duration::ZERO).await;
}
