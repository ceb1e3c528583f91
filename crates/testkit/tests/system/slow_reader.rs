//! One client stops reading: it is closed, and nobody else waits.

use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::join_all;
use protocol::frame::ServerFrame;
use protocol::ids::MessageId;
use testkit::client::Device;
use testkit::http::User;
use testkit::process::System;
use testkit::ws::Socket;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{WebSocketStream, client_async, tungstenite};

use crate::PATIENT;

/// As long as a message may be, in characters of four bytes: the kernel's buffers between the two
/// hold a megabyte before anything waits in the server.
const LONGEST: usize = 4_000;
const CHARACTER: &str = "\u{1F407}";
/// What the stuck client's kernel takes for it: little, but enough to be read fast later.
const RECEIVE_BYTES: u32 = 64 * 1024;
/// Small beside the kernel's buffers, and room for several messages.
const QUEUE_BYTES: usize = 128 * 1024;
/// Messages that are on their way at the same time: all of them fit into the queue of a client that
/// reads, should they gather within one tick.
const AT_ONCE: usize = 6;
/// Far more than fits all the buffers between.
const ROUNDS: usize = 200;
/// How long one round may take to reach a client that reads, from its last message's answer on.
const PROMPTLY: Duration = Duration::from_secs(3);
const SOON: Duration = Duration::from_secs(30);

/// A socket that reads nothing until it is asked to.
struct Stuck(WebSocketStream<TcpStream>);

impl Stuck {
    async fn open(system: &System, user: &User) -> Self {
        let socket = TcpSocket::new_v4().expect("there are sockets");
        let small = socket.set_recv_buffer_size(RECEIVE_BYTES);
        small.expect("the kernel takes this size");
        let stream = socket.connect(system.ws[0].http()).await;
        let mut request = system.ws_url(0).into_client_request().expect("it is a URL");
        let token = format!("Bearer {}", user.access_token);
        let token = token.parse().expect("a token is plain text");
        request.headers_mut().insert("authorization", token);
        let opened = client_async(request, stream.expect("it listens")).await;
        Self(opened.expect("it is let in").0)
    }

    /// Reads everything, to the code with which it was closed.
    async fn read_to_the_end(mut self) -> Result<u16, String> {
        let mut frames = 0;
        loop {
            let ended = match self.0.next().await {
                Some(Ok(tungstenite::Message::Close(Some(frame)))) => return Ok(frame.code.into()),
                Some(Ok(_)) => {
                    frames += 1;
                    continue;
                }
                Some(Err(error)) => error.to_string(),
                None => "the connection ended".to_owned(),
            };
            return Err(format!("{ended}, after {frames} frames"));
        }
    }
}

/// Whether the server has given up one reader.
async fn has_given_up(system: &System) -> bool {
    let metrics = system.ws[0].metrics().await;
    let slow = r#"warren_delivery_dropped_total{reason="slow_reader"}"#;
    metrics.lines().any(|line| line.starts_with(slow))
}

async fn expect_all(socket: &Socket, mut wanted: Vec<MessageId>) {
    while !wanted.is_empty() {
        let find = |frame: &ServerFrame| match frame {
            ServerFrame::MessageCreated { message, .. } => {
                wanted.iter().position(|id| *id == message.id)
            }
            _ => None,
        };
        let place = socket.expect_some(find, PROMPTLY).await;
        wanted.swap_remove(place);
    }
}

#[tokio::test]
async fn a_reader_that_stops_is_closed_and_nobody_else_waits() {
    let builder = System::builder().await.api(1).ws(1);
    let builder = builder.set("WARREN_WS_QUEUE_BYTES", QUEUE_BYTES);
    let builder = builder.set(PATIENT.0, PATIENT.1);
    // The close frame waits behind what is half written, until this client reads again.
    let builder = builder.set("WARREN_WS_CLOSE_DEADLINE_MS", 30_000);
    let system = builder.start().await;
    let ada = system.register("ada").await;
    let slow: User = system.register("bob").await;
    let quick = slow.another_device().await;
    let chat = ada.client.direct(slow.id()).await.shared.id;
    let stuck = Stuck::open(&system, &slow).await;
    let reading = system.socket(0, &quick).await;
    let senders = system.socket(0, &ada).await;
    let mut device = Device::fresh(&slow).await;

    let body = CHARACTER.repeat(LONGEST);
    let mut rounds = 0;
    while !has_given_up(&system).await {
        rounds += 1;
        assert!(rounds <= ROUNDS, "the stuck reader is never given up");
        let sent = join_all((0..AT_ONCE).map(|_| ada.client.send(chat, &body))).await;
        let ids: Vec<_> = sent.iter().map(|message| message.id).collect();
        expect_all(&reading, ids.clone()).await;
        expect_all(&senders, ids).await;
    }
    // One more, after it was given up.
    let last = ada.client.send(chat, "are you still there?").await;
    expect_all(&reading, vec![last.id]).await;

    let code = timeout(SOON, stuck.read_to_the_end()).await;
    assert_eq!(code, Ok(Ok(4508)));
    let again = system.socket(0, &slow).await;
    device.sync().await;
    device.converge(&again, &slow, SOON).await;
    assert_eq!(device.snapshot()[&chat].messages.len() as i64, last.seq);
    assert_eq!((reading.closed(), senders.closed()), (None, None));
}
