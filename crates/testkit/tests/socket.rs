//! The WebSocket client, against a server that says what each test wants to hear.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use protocol::frame::{ClientFrame, ReadyReason, ServerFrame};
use testkit::ws::{Connect, Socket};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

const SOON: Duration = Duration::from_secs(5);
const A_WHILE: Duration = Duration::from_millis(200);

type Peer = WebSocketStream<TcpStream>;

/// A socket and the server's end of it.
async fn pair() -> (Socket, Peer) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let url = format!("ws://{}/ws", listener.local_addr().expect("it is bound"));
    let accept = async {
        let (stream, _) = listener.accept().await.expect("the client connects");
        tokio_tungstenite::accept_async(stream)
            .await
            .expect("the client shakes hands")
    };
    tokio::join!(Socket::connect(&url, "token"), accept)
}

async fn say(peer: &mut Peer, frame: &ServerFrame) {
    peer.send(Message::text(frame.encode()))
        .await
        .expect("the socket is open");
}

fn pong(text: &str) -> ServerFrame {
    ServerFrame::Pong {
        r#ref: Some(text.to_owned()),
    }
}

fn ready() -> ServerFrame {
    ServerFrame::Ready {
        reason: ReadyReason::Connected,
        group_id: None,
    }
}

fn is_pong(frame: &ServerFrame) -> bool {
    matches!(frame, ServerFrame::Pong { .. })
}

/// What a failing expectation says.
async fn message_of(failing: impl Future<Output = ()> + Send + 'static) -> String {
    let panic = tokio::spawn(failing).await.expect_err("it must fail");
    let message = panic.into_panic().downcast::<String>();
    *message.expect("a formatted message")
}

#[tokio::test]
async fn expectations_take_what_matches_and_leave_the_rest() {
    let (socket, mut peer) = pair().await;
    for frame in [pong("a"), ready(), pong("b")] {
        say(&mut peer, &frame).await;
    }
    socket.expect_ready(ReadyReason::Connected).await;
    assert_eq!(socket.expect_event(is_pong, SOON).await, pong("a"));
    assert_eq!(socket.expect_event(is_pong, SOON).await, pong("b"));
    socket.expect_none(is_pong, A_WHILE).await;
}

#[tokio::test]
async fn a_failed_expectation_shows_what_did_arrive() {
    let (socket, mut peer) = pair().await;
    say(&mut peer, &ready()).await;
    peer.send(Message::text(r#"{"type":"from.the.future"}"#))
        .await
        .expect("the socket is open");
    socket.expect_ready(ReadyReason::Connected).await;
    let message = message_of(async move {
        socket.expect_event(is_pong, A_WHILE).await;
    })
    .await;
    assert!(message.contains("tests/socket.rs"), "{message}");
    assert!(message.contains(r#"✓"#), "{message}");
    assert!(message.contains(r#""type":"ready""#), "{message}");
    assert!(message.contains("(unknown)"), "{message}");
}

#[tokio::test]
async fn an_unwanted_frame_is_shown() {
    let (socket, mut peer) = pair().await;
    say(&mut peer, &pong("unwanted")).await;
    let message = message_of(async move { socket.expect_none(is_pong, SOON).await }).await;
    assert!(message.contains("unwanted"), "{message}");
}

#[tokio::test]
async fn the_close_code_is_seen_and_ends_every_wait() {
    let (socket, mut peer) = pair().await;
    let frame = CloseFrame {
        code: 4403.into(),
        reason: "session ended".into(),
    };
    peer.close(Some(frame)).await.expect("the socket is open");
    assert_eq!(socket.expect_close().await, 4403);
    // Long before this deadline.
    let message = message_of(async move {
        socket
            .expect_event(is_pong, Duration::from_secs(3600))
            .await;
    })
    .await;
    assert!(message.contains("closed: 4403 session ended"), "{message}");
}

#[tokio::test]
async fn fragments_pings_and_frames_arrive_as_they_were_sent() {
    let (socket, mut peer) = pair().await;
    socket.send(&ClientFrame::Ping { r#ref: None }).await;
    socket.send_fragments(&["on", "e ", "text"]).await;
    socket.ping("alive?").await;
    let mut texts = Vec::new();
    while texts.len() < 2 {
        let message = peer.next().await.expect("open").expect("a message");
        texts.push(message.into_text().expect("text").to_string());
    }
    assert_eq!(texts, [r#"{"type":"ping"}"#, "one text"]);
    // The peer answers the ping while it reads on.
    let reading = async { while peer.next().await.is_some() {} };
    tokio::select! {
        () = socket.expect_pong(b"alive?") => {}
        () = reading => panic!("the socket stays open"),
    }
}

#[tokio::test]
async fn a_socket_that_stops_reading_makes_its_peer_wait() {
    let (socket, mut peer) = pair().await;
    socket.stop_reading();
    let filling = async {
        loop {
            say(&mut peer, &pong(&"x".repeat(60_000))).await;
        }
    };
    assert!(tokio::time::timeout(2 * A_WHILE, filling).await.is_err());
    socket.resume_reading();
    socket.expect_event(is_pong, SOON).await;
}

#[tokio::test]
async fn a_reset_is_no_close() {
    let (socket, mut peer) = pair().await;
    socket.reset();
    let end = peer.next().await;
    assert!(matches!(end, Some(Err(_))), "{end:?}");
    assert_eq!(socket.expect_close().await, 1006);
}

#[tokio::test]
async fn a_refused_handshake_gives_its_answer() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let url = format!("ws://{}/ws", listener.local_addr().expect("it is bound"));
    let refuse = async {
        let (mut stream, _) = listener.accept().await.expect("the client connects");
        let mut request = vec![0; 4096];
        let count = stream.read(&mut request).await.expect("a request");
        let answer = b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 2\r\n\r\nno";
        stream.write_all(answer).await.expect("the client reads");
        request.truncate(count);
        (String::from_utf8(request).expect("text"), stream)
    };
    let open = Connect::to(&url)
        .subprotocol("t")
        .origin("http://here")
        .open();
    let (opened, (request, _stream)) = tokio::join!(open, refuse);
    assert_eq!(opened.expect_err("it is refused").status, 401);
    assert!(request.contains("warren.v1, bearer.t"), "{request}");
    assert!(request.contains("http://here"), "{request}");
}
