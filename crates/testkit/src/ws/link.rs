//! The socket itself: a task that reads, and the test's hands on it.

use std::sync::Arc;

use futures_util::{SinkExt, StreamExt};
use protocol::frame::ClientFrame;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use tokio::task::AbortHandle;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use super::connect::Connect;
use super::inbox::{Arrived, Closed, Inbox};

/// Enough for what a test sends in one go; a send waits when the link does.
const OUTBOX: usize = 64;

enum Outgoing {
    Message(Message),
    /// Straight onto the TCP connection.
    Bytes(Vec<u8>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Reading,
    Paused,
    Reset,
}

/// An open WebSocket. Dropping it ends the TCP connection without a close frame.
#[derive(Debug)]
pub struct Socket {
    pub(super) inbox: Arc<Inbox>,
    /// The subprotocol that the server chose.
    pub protocol: Option<String>,
    outbox: mpsc::Sender<Outgoing>,
    state: watch::Sender<State>,
    task: AbortHandle,
}

impl Socket {
    /// Opens one with the token in the `Authorization` header.
    ///
    /// # Panics
    /// If the server refuses.
    pub async fn connect(url: &str, token: &str) -> Self {
        let opened = Connect::to(url).bearer(token).open().await;
        opened.unwrap_or_else(|refused| panic!("{url}: refused: {refused:?}"))
    }

    pub(super) fn start(stream: WebSocketStream<TcpStream>, protocol: Option<String>) -> Self {
        let inbox = Arc::new(Inbox::new());
        let (outbox, outgoing) = mpsc::channel(OUTBOX);
        let (state, watched) = watch::channel(State::Reading);
        let task = tokio::spawn(run(stream, inbox.clone(), outgoing, watched)).abort_handle();
        Self {
            inbox,
            protocol,
            outbox,
            state,
            task,
        }
    }

    /// Sends a frame of the protocol.
    pub async fn send(&self, frame: &ClientFrame) {
        self.send_text(serde_json::to_string(frame).unwrap()).await;
    }

    /// Sends any text.
    pub async fn send_text(&self, text: impl Into<String>) {
        self.out(Outgoing::Message(Message::text(text.into())))
            .await;
    }

    /// Sends a binary frame.
    pub async fn send_binary(&self, bytes: impl Into<Vec<u8>>) {
        self.out(Outgoing::Message(Message::binary(bytes.into())))
            .await;
    }

    /// Sends one text message in several frames.
    pub async fn send_fragments(&self, parts: &[&str]) {
        for (i, part) in parts.iter().enumerate() {
            let kind = if i == 0 { Data::Text } else { Data::Continue };
            let last = i + 1 == parts.len();
            let frame = Frame::message(part.as_bytes().to_vec(), OpCode::Data(kind), last);
            self.out(Outgoing::Message(Message::Frame(frame))).await;
        }
    }

    /// Sends bytes that may be no WebSocket frame at all.
    pub async fn send_raw(&self, bytes: impl Into<Vec<u8>>) {
        self.out(Outgoing::Bytes(bytes.into())).await;
    }

    /// Sends a WebSocket ping; see [`expect_pong`](Self::expect_pong).
    pub async fn ping(&self, payload: impl Into<Vec<u8>>) {
        let payload: Vec<u8> = payload.into();
        self.out(Outgoing::Message(Message::Ping(payload.into())))
            .await;
    }

    /// Begins the closing handshake.
    pub async fn close(&self, code: u16) {
        let frame = CloseFrame {
            code: code.into(),
            reason: "".into(),
        };
        self.out(Outgoing::Message(Message::Close(Some(frame))))
            .await;
    }

    /// Stops reading: what the server sends fills the buffers between the two.
    pub fn stop_reading(&self) {
        self.state.send_replace(State::Paused);
    }

    /// Reads again.
    pub fn resume_reading(&self) {
        self.state.send_replace(State::Reading);
    }

    /// Resets the TCP connection: no close frame, no FIN, as when a machine loses its network.
    pub fn reset(&self) {
        self.state.send_replace(State::Reset);
    }

    /// Everything that has arrived, taken or not.
    #[must_use]
    pub fn arrived(&self) -> Vec<Arrived> {
        self.inbox.lock().arrived.clone()
    }

    async fn out(&self, outgoing: Outgoing) {
        // The task has ended if the socket is closed; then the test finds out by what it expects.
        _ = self.outbox.send(outgoing).await;
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn run(
    mut stream: WebSocketStream<TcpStream>,
    inbox: Arc<Inbox>,
    outgoing: mpsc::Receiver<Outgoing>,
    state: watch::Receiver<State>,
) {
    let mut resets = state.clone();
    let end = tokio::select! {
        end = exchange(&mut stream, &inbox, outgoing, state) => end,
        _ = resets.wait_for(|state| *state == State::Reset) => {
            _ = stream.get_ref().set_zero_linger();
            Closed { code: 1006, reason: "reset by the test".to_owned() }
        }
    };
    drop(stream);
    inbox.change(|content| {
        content.closed.get_or_insert(end);
    });
}

async fn exchange(
    stream: &mut WebSocketStream<TcpStream>,
    inbox: &Inbox,
    mut outgoing: mpsc::Receiver<Outgoing>,
    mut state: watch::Receiver<State>,
) -> Closed {
    let broken = |reason: String| Closed { code: 1006, reason };
    loop {
        let reading = *state.borrow_and_update() == State::Reading;
        tokio::select! {
            _ = state.changed() => {}
            Some(next) = outgoing.recv() => {
                let sent = match next {
                    Outgoing::Message(message) => {
                        stream.send(message).await.map_err(|error| error.to_string())
                    }
                    Outgoing::Bytes(bytes) => {
                        stream.get_mut().write_all(&bytes).await.map_err(|error| error.to_string())
                    }
                };
                // The server may have closed with a code that is still to be read.
                if let (Err(reason), false) = (sent, reading) {
                    return broken(reason);
                }
            }
            message = stream.next(), if reading => match message {
                None => return broken("the connection ended".to_owned()),
                Some(Err(error)) => return broken(error.to_string()),
                Some(Ok(Message::Text(text))) => inbox.put(text.to_string()),
                Some(Ok(Message::Binary(bytes))) => {
                    inbox.put(format!("(binary) {}", String::from_utf8_lossy(&bytes)));
                }
                Some(Ok(Message::Pong(bytes))) => {
                    inbox.change(|content| content.pongs.push(bytes.to_vec()));
                }
                Some(Ok(Message::Close(frame))) => {
                    let closed = frame.map_or(
                        Closed { code: 1005, reason: String::new() },
                        |frame| Closed { code: frame.code.into(), reason: frame.reason.to_string() },
                    );
                    inbox.change(|content| content.closed = Some(closed));
                }
                Some(Ok(Message::Ping(_) | Message::Frame(_))) => {}
            },
        }
    }
}
