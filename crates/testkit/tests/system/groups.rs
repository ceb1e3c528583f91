//! Groups as their members live in them, over two servers of each kind.

mod deleting;
mod floors;
mod joining;
mod large;
mod leaving;
mod small;

use std::time::Duration;

use protocol::frame::ServerFrame;
use protocol::ids::{ConversationId, GroupId};
use testkit::TestEnv;
use testkit::http::User;
use testkit::process::System;
use testkit::ws::Socket;

use crate::PATIENT;

const SOON: Duration = Duration::from_secs(20);
/// Long enough for a frame that went to the wrong socket: the right one has its copy already.
const QUIET: Duration = Duration::from_millis(300);
/// How long who is no member may go on hearing, by the contract.
const REMOVED_WITHIN: Duration = Duration::from_secs(2);

/// A public group with two channels: the one it was made with, and one where nobody comes and goes.
struct Town {
    system: System,
    group: GroupId,
    general: ConversationId,
    talk: ConversationId,
    /// The first one owns it.
    people: Vec<User>,
}

impl Town {
    async fn start<const N: usize>(names: [&str; N]) -> (Self, [User; N]) {
        Self::on(TestEnv::new().await, &[], names).await
    }

    /// The people call the two api processes in turn.
    async fn on<const N: usize>(
        env: TestEnv,
        settings: &[(&str, &str)],
        names: [&str; N],
    ) -> (Self, [User; N]) {
        let mut builder = System::on(env).api(2).ws(2).set(PATIENT.0, PATIENT.1);
        for (name, value) in settings {
            builder = builder.set(name, value);
        }
        let system = builder.start().await;
        let mut people = Vec::new();
        for (i, name) in names.iter().enumerate() {
            people.push(system.client(i % 2).register(name).await);
        }
        let owner = &people[0].client;
        let made = owner.public_group("town").await;
        let (group, general) = (made.shared.id, made.channels[0].id);
        for joiner in &people[1..] {
            joiner.client.join(group).await;
        }
        let talk = owner.channel(group, "talk").await.shared.id;
        let town = Self {
            system,
            group,
            general,
            talk,
            people: people.clone(),
        };
        (town, people.try_into().expect("one for each name"))
    }

    /// A socket at each ws-server, of two devices.
    async fn sockets(&self, user: &User) -> [Socket; 2] {
        let phone = user.another_device().await;
        [
            self.system.socket(0, user).await,
            self.system.socket(1, &phone).await,
        ]
    }

    /// Sends to a channel, and requires that these sockets hear it.
    async fn require_heard(&self, by: &[&[Socket]], body: &str) {
        self.people[0].client.send(self.talk, body).await;
        for socket in by.iter().copied().flatten() {
            expect_text(socket, body).await;
        }
    }

    /// The channels' routes answer this user as they answer a stranger, whichever api they ask.
    async fn require_strange(&self, user: &User) {
        for api in 0..self.system.api.len() {
            let client = self.system.user_at(api, user).client;
            for channel in [self.general, self.talk] {
                for rest in ["", "/messages", "/changes?since=0", "/receipts"] {
                    let path = format!("/v1/conversations/{channel}{rest}");
                    let _stranger = client.get(&path).await.expect(404);
                }
                let send = client.try_send(channel, protocol::ids::ClientId::new(), "still here");
                let _stranger = send.await.expect(404);
            }
        }
    }
}

fn text(frame: &ServerFrame) -> Option<&str> {
    match frame {
        ServerFrame::MessageCreated { message, .. } => Some(&message.body),
        _ => None,
    }
}

async fn expect_text(socket: &Socket, body: &str) {
    socket
        .expect_event(|frame| text(frame) == Some(body), SOON)
        .await;
}

/// Requires that a socket hears nothing of a channel for a moment.
async fn require_deaf(socket: &Socket, channel: ConversationId, bodies: &[&str]) {
    let heard = |frame: &ServerFrame| match frame {
        ServerFrame::MessageCreated {
            conversation_id,
            message,
            ..
        } => *conversation_id == channel && bodies.contains(&message.body.as_str()),
        _ => false,
    };
    socket.expect_none(heard, QUIET).await;
}
