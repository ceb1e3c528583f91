//! What clients say, and what becomes of it.

use std::time::Duration;

use futures_util::StreamExt;
use lapin::options::{BasicConsumeOptions, BasicQosOptions};
use lapin::types::FieldTable;
use protocol::command::{LastSeenCommands, ReceiptBatch, TypingCommand};
use protocol::frame::{ClientFrame, ServerFrame};
use protocol::ids::ConversationId;
use protocol::problem::Code;
use protocol::routing::{LAST_SEEN_QUEUE, RECEIPTS_QUEUE, TYPING_QUEUE};
use serde::de::DeserializeOwned;
use testkit::TestEnv;

use crate::server::{DEADLINE, World};

/// Takes what arrives on a queue, as the API does.
struct Taker {
    consumer: lapin::Consumer,
    _connection: lapin::Connection,
}

impl Taker {
    async fn of(env: &TestEnv, queue: &str) -> Self {
        let connection = env.amqp().await;
        let channel = connection.create_channel().await.unwrap();
        channel
            .basic_qos(100, BasicQosOptions::default())
            .await
            .unwrap();
        let options = BasicConsumeOptions {
            no_ack: true,
            ..Default::default()
        };
        let consumer = channel
            .basic_consume(queue.into(), "".into(), options, FieldTable::default())
            .await
            .unwrap();
        Self {
            consumer,
            _connection: connection,
        }
    }

    async fn next<T: DeserializeOwned>(&mut self) -> T {
        let next = tokio::time::timeout(DEADLINE, self.consumer.next()).await;
        let delivery = next.expect("a command").unwrap().unwrap();
        serde_json::from_slice(&delivery.data).unwrap()
    }

    async fn nothing(&mut self, wait: Duration) {
        let next = tokio::time::timeout(wait, self.consumer.next()).await;
        assert!(next.is_err(), "{next:?}");
    }
}

fn read(conversation_id: ConversationId, seq: i64, r#ref: &str) -> ClientFrame {
    ClientFrame::Read {
        conversation_id,
        seq,
        r#ref: Some(r#ref.to_owned()),
    }
}

fn errors(frame: &ServerFrame) -> Option<(Code, Option<String>)> {
    match frame {
        ServerFrame::Error { code, r#ref, .. } => Some((*code, r#ref.clone())),
        _ => None,
    }
}

#[tokio::test]
async fn the_highest_watermark_of_each_conversation_is_passed_on_once_and_all_are_acknowledged() {
    // Long enough for all four to come within it, whatever else the machine does.
    let world = World::start(&[("WARREN_WS_RECEIPTS_QUIET_MS", "2000")]).await;
    let ann = world.person();
    let socket = world.connect(&ann).await;
    let mut receipts = Taker::of(&world.env, RECEIPTS_QUEUE).await;
    let (here, there) = (ConversationId::new(), ConversationId::new());
    let delivered = ClientFrame::Delivered {
        conversation_id: here,
        seq: 9,
        r#ref: Some("d".to_owned()),
    };
    socket.send(&delivered).await;
    socket.send(&read(here, 7, "r1")).await;
    socket.send(&read(here, 5, "r2")).await;
    socket.send(&read(there, 3, "r3")).await;
    // Each conversation is due by itself: they may come apart.
    let mut items = Vec::new();
    while items.len() < 2 {
        for commands in receipts.next::<ReceiptBatch>().await {
            assert_eq!(commands.user_id, ann.user_id);
            let marks = commands.items.iter();
            items.extend(
                marks.map(|item| (item.conversation_id, item.delivered_seq, item.read_seq)),
            );
        }
    }
    items.sort_by_key(|(id, ..)| *id != here);
    assert_eq!(items, [(here, 9, 7), (there, 3, 3)]);
    for r#ref in ["d", "r1", "r2", "r3"] {
        socket.expect_ack(r#ref).await;
    }
    world.end().await;
}

#[tokio::test]
async fn watermarks_of_many_sockets_travel_together_and_each_is_acknowledged() {
    let settings = [
        ("WARREN_WS_RECEIPTS_QUIET_MS", "0"),
        ("WARREN_WS_RECEIPTS_GATHER_MS", "1000"),
    ];
    let world = World::start(&settings).await;
    let (ann, ben) = (world.person(), world.person());
    let (a, b) = (world.connect(&ann).await, world.connect(&ben).await);
    let mut receipts = Taker::of(&world.env, RECEIPTS_QUEUE).await;
    let here = ConversationId::new();
    a.send(&read(here, 4, "a")).await;
    b.send(&read(here, 6, "b")).await;
    let mut batch: ReceiptBatch = receipts.next().await;
    batch.sort_by_key(|flush| flush.user_id != ann.user_id);
    let marks = batch
        .iter()
        .map(|flush| (flush.user_id, flush.items[0].read_seq));
    assert!(marks.eq([(ann.user_id, 4), (ben.user_id, 6)]), "{batch:?}");
    a.expect_ack("a").await;
    b.expect_ack("b").await;
    world.end().await;
}

#[tokio::test]
async fn a_watermark_is_acknowledged_only_when_the_broker_has_it() {
    let world = World::with_faults(&[("WARREN_WS_RECEIPTS_PATIENCE_MS", "1000")]).await;
    let ann = world.person();
    let socket = world.connect(&ann).await;
    world.env.faults().broker.cut();
    let here = ConversationId::new();
    socket.send(&read(here, 4, "r1")).await;
    let (code, r#ref) = socket.expect_some(errors, DEADLINE).await;
    assert_eq!((code, r#ref.as_deref()), (Code::Unavailable, Some("r1")));
    socket.send(&read(here, 6, "r2")).await;
    world.env.faults().broker.restore();
    let mut receipts = Taker::of(&world.env, RECEIPTS_QUEUE).await;
    let [commands] = receipts.next::<ReceiptBatch>().await.try_into().unwrap();
    assert_eq!(commands.items.first().unwrap().read_seq, 6);
    world.end().await;
}

#[tokio::test]
async fn what_was_read_last_is_passed_on_when_the_client_leaves() {
    let world = World::start(&[("WARREN_WS_RECEIPTS_QUIET_MS", "60000")]).await;
    let ann = world.person();
    let socket = world.connect(&ann).await;
    let mut receipts = Taker::of(&world.env, RECEIPTS_QUEUE).await;
    socket.send(&read(ConversationId::new(), 4, "r1")).await;
    socket.ping("x").await;
    socket.expect_pong(b"x").await;
    drop(socket);
    let [commands] = receipts.next::<ReceiptBatch>().await.try_into().unwrap();
    assert_eq!(commands.items.first().unwrap().read_seq, 4);
    world.end().await;
}

#[tokio::test]
async fn typing_is_passed_on_and_no_more_often_than_allowed() {
    let world = World::start(&[]).await;
    let ann = world.person();
    let socket = world.connect(&ann).await;
    let mut taker = Taker::of(&world.env, TYPING_QUEUE).await;
    let here = ConversationId::new();
    let typing = |typing, r#ref: &str| ClientFrame::Typing {
        conversation_id: here,
        typing,
        r#ref: Some(r#ref.to_owned()),
    };
    socket.send(&typing(true, "t1")).await;
    socket.send(&typing(true, "t2")).await;
    socket.send(&typing(false, "t3")).await;
    for r#ref in ["t1", "t2", "t3"] {
        socket.expect_ack(r#ref).await;
    }
    for want in [true, false] {
        let command: TypingCommand = taker.next().await;
        assert_eq!(
            (command.user_id, command.conversation_id, command.typing),
            (ann.user_id, here, want)
        );
    }
    taker.nothing(Duration::from_millis(300)).await;
    world.end().await;
}

#[tokio::test]
async fn only_a_user_s_last_socket_is_their_last_sign() {
    let world = World::start(&[]).await;
    let ann = world.person();
    let (first, second) = (world.connect(&ann).await, world.connect(&ann).await);
    let mut taker = Taker::of(&world.env, LAST_SEEN_QUEUE).await;
    drop(first);
    taker.nothing(Duration::from_millis(500)).await;
    drop(second);
    let commands: LastSeenCommands = taker.next().await;
    assert_eq!(commands.items.len(), 1);
    assert_eq!(commands.items[0].user_id, ann.user_id);
    world.end().await;
}

#[tokio::test]
async fn a_ping_is_answered_with_its_ref() {
    let world = World::start(&[]).await;
    let socket = world.connect(&world.person()).await;
    socket
        .send(&ClientFrame::Ping {
            r#ref: Some("p1".to_owned()),
        })
        .await;
    let pong = |frame: &ServerFrame| match frame {
        ServerFrame::Pong { r#ref } => Some(r#ref.clone()),
        _ => None,
    };
    assert_eq!(
        socket.expect_some(pong, DEADLINE).await.as_deref(),
        Some("p1")
    );
    socket.ping("payload").await;
    socket.expect_pong(b"payload").await;
    socket
        .send_fragments(&[r#"{"type":"#, r#""ping","#, r#""ref":"p2"}"#])
        .await;
    assert_eq!(
        socket.expect_some(pong, DEADLINE).await.as_deref(),
        Some("p2")
    );
    socket.close(1000).await;
    assert_eq!(socket.expect_close().await, 1000);
    world.end().await;
}
