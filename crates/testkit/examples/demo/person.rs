//! Somebody who talks: an account, a socket at one of the servers, and what their client holds.

use std::time::{Duration, Instant};

use protocol::frame::{ClientFrame, ReadyReason, ServerFrame};
use protocol::ids::{ClientId, ConversationId};
use protocol::message::Message;
use reqwest::Method;
use serde_json::json;
use testkit::client::Device;
use testkit::http::{Client, PASSWORD, User};
use testkit::ws::Socket;
use tokio::time::sleep;

use crate::screen::{BLUE, BOLD, DIM, GREEN, PLAIN, show, since};

/// For anything that should take milliseconds.
pub const SOON: Duration = Duration::from_secs(15);
/// How long people take to read, so that one can follow.
pub const GLANCE: Duration = Duration::from_millis(1_100);

pub struct Person {
    pub user: User,
    pub server: String,
    pub socket: Socket,
    pub device: Device,
}

impl Person {
    pub async fn connect(user: User, ws_url: &str) -> Self {
        let (socket, server) = open(&user, ws_url).await;
        Self {
            server,
            socket,
            device: Device::fresh(&user).await,
            user,
        }
    }

    pub fn name(&self) -> &str {
        self.user.username()
    }

    /// Goes on at another server: what happened meanwhile comes with one sync.
    pub async fn reconnect(&mut self, ws_url: &str) {
        (self.socket, self.server) = open(&self.user, ws_url).await;
        self.device.moved();
        self.device.sync().await;
    }

    /// Sends, and shows how the ticks turn; times are from the cause to the sender's screen.
    pub async fn say(&self, to: &Self, chat: ConversationId, body: &str) -> Message {
        let start = Instant::now();
        let message = self.write(chat, body).await;
        let arrived = |frame: &ServerFrame| matches!(frame, ServerFrame::MessageCreated { message: new, .. } if new.id == message.id);
        to.socket.expect_event(arrived, SOON).await;
        show(DIM, &format!("at {} {:>6}", to.server, since(start)));
        let (conversation_id, seq, r#ref) = (chat, message.seq, None);
        let delivered = ClientFrame::Delivered {
            conversation_id,
            seq,
            r#ref: None,
        };
        let time = self.tick(to, &delivered, |delivered, _| delivered >= seq);
        show(GREEN, &format!("✓✓ {:>6}", time.await));
        sleep(GLANCE).await;
        let read = ClientFrame::Read {
            conversation_id,
            seq,
            r#ref,
        };
        let time = self.tick(to, &read, |_, read| read >= seq);
        show(BLUE, &format!("✓✓ {:>6}", time.await));
        message
    }

    /// Sends, and shows the first tick.
    pub async fn write(&self, chat: ConversationId, body: &str) -> Message {
        show(BOLD, &format!("\n  {}", self.name()));
        show(PLAIN, &format!("{body:<40}"));
        let start = Instant::now();
        let message = self.send(chat, body).await;
        show(GREEN, &format!("✓ {:>6}", since(start)));
        message
    }

    /// Sends, and repeats it while the system says that it cannot right now.
    async fn send(&self, chat: ConversationId, body: &str) -> Message {
        let (client_id, end) = (ClientId::new(), Instant::now() + SOON);
        loop {
            let reply = self.user.client.try_send(chat, client_id, body).await;
            match reply.status {
                200 | 201 => return reply.json(),
                503 if Instant::now() < end => sleep(GLANCE).await,
                _ => panic!("not sent: {reply}"),
            }
        }
    }

    pub async fn begin_to_type(&self, to: &Self, conversation_id: ConversationId) {
        let start = Instant::now();
        let frame = ClientFrame::Typing {
            conversation_id,
            typing: true,
            r#ref: None,
        };
        self.socket.send(&frame).await;
        let seen = |frame: &ServerFrame| matches!(frame, ServerFrame::Typing { typing: true, .. });
        to.socket.expect_event(seen, SOON).await;
        show(DIM, &format!("\n  {} is typing …", self.name()));
        show(DIM, &format!("seen after {}", since(start)));
        sleep(GLANCE).await;
    }

    /// Says what the other one's client says, and waits for this one's tick to turn.
    async fn tick(
        &self,
        to: &Self,
        frame: &ClientFrame,
        turned: impl Fn(i64, i64) -> bool,
    ) -> String {
        let start = Instant::now();
        to.socket.send(frame).await;
        let matches = |frame: &ServerFrame| match frame {
            ServerFrame::Receipt {
                user_id,
                delivered_seq,
                read_seq,
                ..
            } => *user_id == to.user.id() && turned(*delivered_seq, *read_seq),
            _ => false,
        };
        self.socket.expect_event(matches, SOON).await;
        since(start)
    }
}

async fn open(user: &User, ws_url: &str) -> (Socket, String) {
    let socket = Socket::connect(ws_url, &user.access_token).await;
    let server = socket.expect_hello().await.server_id;
    socket.expect_ready(ReadyReason::Connected).await;
    (socket, server)
}

/// A new account, or what to do to get one.
pub async fn register(front: &Client, name: &str) -> Result<User, String> {
    let name = format!("{name}_{:05x}", rand::random::<u32>() >> 12);
    let body = json!({ "username": name, "password": PASSWORD });
    let request = front.request(Method::POST, "/v1/auth/register");
    let Ok(reply) = request.json(&body).try_send().await else {
        let base = front.base();
        return Err(format!(
            "Nothing answers at {base}. Start it first: make up"
        ));
    };
    match reply.status {
        201 => Ok(User::new(front, reply.json())),
        429 => Err(format!(
            "This address has registered often enough. Try again in {} s, or lift the limits: \
             WARREN_RATE_LIMITS=off make up",
            reply.header("retry-after")
        )),
        403 => Err(
            "Registration is closed here. Open it: WARREN_AUTH_REGISTRATION=open make up".into(),
        ),
        502..=504 => Err(format!("The system is not ready: make status\n{reply}")),
        _ => Err(format!("No account could be made: {reply}")),
    }
}
