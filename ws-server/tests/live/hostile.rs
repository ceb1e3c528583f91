//! Clients that do not read, and what they cost the others.

use std::time::{Duration, Instant};

use futures_util::StreamExt;
use lapin::options::BasicConsumeOptions;
use lapin::types::FieldTable;
use protocol::command::LastSeenCommands;
use protocol::ids::GroupId;
use protocol::routing::{LAST_SEEN_QUEUE, Route};

use crate::server::{DEADLINE, World, expect_mark, marked, marks};

/// Far more than the kernel's buffers and the queue hold.
const EVENTS: i64 = 3_000;

/// Events in flight: half of what the queue of a connection holds.
const PACE: i64 = 15;

/// A marked event of 8 KiB.
fn big(number: i64) -> String {
    let mut body = marked(number).encode();
    body.pop();
    format!(r#"{body},"pad":"{}"}}"#, "p".repeat(8_000))
}

#[tokio::test]
async fn a_reader_that_stops_is_closed_with_4508_and_nobody_else_waits() {
    let world = World::start(&[("WARREN_WS_CLOSE_DEADLINE_MS", "30000")]).await;
    let group = GroupId::new();
    let mut others = Vec::new();
    for _ in 0..5 {
        let person = world.person();
        world.api.join(&person, group);
        others.push(world.connect(&person).await);
    }
    let slow = world.person();
    world.api.join(&slow, group);
    let slow = world.connect(&slow).await;
    slow.stop_reading();
    let publisher = world.publisher().await;
    let start = Instant::now();
    let all: Vec<_> = (1..=EVENTS).collect();
    for number in 1..=EVENTS {
        publisher.event(&[Route::Group(group)], big(number)).await;
        // The others read as fast as a busy machine lets them: they must not look slow themselves.
        if number % PACE == 0 {
            for other in &others {
                expect_mark(other, number).await;
            }
        }
    }
    for other in &others {
        assert_eq!(marks(other), all);
    }
    eprintln!("{EVENTS} events in {:?}", start.elapsed());
    // What it had got is whole and in order; then comes the close frame, and nothing else.
    slow.resume_reading();
    assert_eq!(slow.expect_close().await, 4508);
    let got = marks(&slow);
    assert!(!got.is_empty() && got.len() < all.len(), "{}", got.len());
    assert_eq!(got, all[..got.len()]);
    world.end().await;
}

#[tokio::test]
async fn a_reader_that_never_reads_again_is_dropped() {
    let world = World::start(&[("WARREN_WS_CLOSE_DEADLINE_MS", "300")]).await;
    let person = world.person();
    let slow = world.connect(&person).await;
    slow.stop_reading();
    let connection = world.env.amqp().await;
    let channel = connection.create_channel().await.unwrap();
    let options = BasicConsumeOptions {
        no_ack: true,
        ..Default::default()
    };
    let mut left = channel
        .basic_consume(
            LAST_SEEN_QUEUE.into(),
            "".into(),
            options,
            FieldTable::default(),
        )
        .await
        .unwrap();
    let publisher = world.publisher().await;
    for number in 1..=EVENTS {
        publisher
            .event(&[crate::server::user(&person)], big(number))
            .await;
    }
    let delivery = tokio::time::timeout(DEADLINE, left.next()).await;
    let delivery = delivery.unwrap().unwrap().unwrap();
    let commands: LastSeenCommands = serde_json::from_slice(&delivery.data).unwrap();
    assert_eq!(commands.items[0].user_id, person.user_id);
    drop(slow);
    world.end().await;
}

#[tokio::test]
async fn a_client_that_never_finishes_its_handshake_holds_nothing() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let world = World::start(&[]).await;
    let mut stream = tokio::net::TcpStream::connect(world.app.address)
        .await
        .unwrap();
    stream
        .write_all(b"GET /ws HTTP/1.1\r\nhost: x\r\n")
        .await
        .unwrap();
    let mut answer = Vec::new();
    let end = stream.read_to_end(&mut answer);
    tokio::time::timeout(Duration::from_secs(15), end)
        .await
        .unwrap()
        .unwrap();
    world.end().await;
}
