//! What no decent client sends: each answered clearly, with nothing lost, logged or broken.

mod bodies;
mod heads;
mod parameters;
mod tokens;

use protocol::ids::ConversationId;
use protocol::problem::Code;
use testkit::http::{Client, Reply, User};
use testkit::process::System;

/// A running service with two people who chat, watched through its log.
struct Service {
    system: System,
    ada: User,
    bob: User,
    chat: ConversationId,
}

impl Service {
    async fn start() -> Self {
        let system = System::builder().await.ws(0).start().await;
        let ada = system.register("ada").await;
        let bob = system.register("bob").await;
        let chat = ada.client.direct(bob.id()).await.shared.id;
        Self {
            system,
            ada,
            bob,
            chat,
        }
    }

    /// Calls without a token.
    fn client(&self) -> Client {
        self.system.client(0)
    }

    /// `host:port`, for those who write their bytes themselves.
    fn address(&self) -> String {
        self.system.api[0].http().to_string()
    }

    /// After all that was sent: it logged no fault, it serves, and nothing was written.
    async fn expect_unharmed(mut self) {
        let process = &self.system.api[0];
        let faults: Vec<_> = process
            .logs()
            .records()
            .into_iter()
            .filter(|line| line["level"] == "ERROR")
            .collect();
        assert!(faults.is_empty(), "{faults:#?}");
        let message = self.bob.client.send(self.chat, "still here").await;
        assert_eq!((message.seq, message.rev), (1, 1), "something was sent");
        let me = self.ada.client.get("/v1/me").await.expect(200);
        assert_eq!(me.json::<protocol::account::User>(), self.ada.account);
        assert!(self.system.api[0].is_running());
    }
}

/// Every route that takes a body, with the token it needs.
fn routes_with_body(service: &Service) -> Vec<(Client, &'static str, String)> {
    let (anonymous, ada, chat) = (service.client(), service.ada.client.clone(), service.chat);
    let bob = service.bob.id();
    vec![
        (anonymous.clone(), "POST", "/v1/auth/register".to_owned()),
        (anonymous.clone(), "POST", "/v1/auth/login".to_owned()),
        (anonymous, "POST", "/v1/auth/refresh".to_owned()),
        (ada.clone(), "POST", "/v1/auth/password".to_owned()),
        (ada.clone(), "PATCH", "/v1/me".to_owned()),
        (ada.clone(), "DELETE", "/v1/me".to_owned()),
        (ada.clone(), "PUT", format!("/v1/contacts/{bob}")),
        (ada.clone(), "POST", "/v1/friend-requests".to_owned()),
        (ada.clone(), "POST", "/v1/groups".to_owned()),
        (ada.clone(), "PATCH", format!("/v1/groups/{chat}")),
        (
            ada.clone(),
            "PATCH",
            format!("/v1/groups/{chat}/members/{chat}"),
        ),
        (ada.clone(), "POST", format!("/v1/groups/{chat}/channels")),
        (ada.clone(), "PATCH", format!("/v1/channels/{chat}")),
        (ada.clone(), "POST", format!("/v1/groups/{chat}/invites")),
        (ada.clone(), "POST", "/v1/conversations".to_owned()),
        (ada.clone(), "PATCH", format!("/v1/conversations/{chat}/me")),
        (
            ada.clone(),
            "POST",
            format!("/v1/conversations/{chat}/messages"),
        ),
        (
            ada.clone(),
            "POST",
            format!("/v1/conversations/{chat}/receipts"),
        ),
        (ada, "POST", "/v1/sync".to_owned()),
    ]
}

/// Sends a JSON body as it is.
async fn send(client: &Client, method: &str, path: &str, body: impl Into<Vec<u8>>) -> Reply {
    client
        .request(method.parse().unwrap(), path)
        .header("content-type", "application/json")
        .body(body)
        .send()
        .await
}

/// Requires a problem, and says what was sent if it is another one.
#[track_caller]
fn refused(reply: &Reply, status: u16, code: Code, sent: &str) {
    let sent: String = sent.chars().take(200).collect();
    assert_eq!(reply.status, status, "{sent}\n{reply}");
    reply.problem(status, code);
}
