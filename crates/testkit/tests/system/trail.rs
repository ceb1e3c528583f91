//! "Where is my message?": what the logs of all processes tell, and what they never do.

use std::time::Duration;

use protocol::frame::{ClientFrame, ReadyReason, ServerFrame};
use protocol::message::Message;
use serde_json::{Value, json};
use testkit::http::PASSWORD;
use testkit::process::{ORIGIN, Process, System};
use testkit::ws::Connect;

const SOON: Duration = Duration::from_secs(10);
const REQUEST: &str = "where-is-my-message.1";
const BODY: &str = "meet me at the old oak";
/// Everything that an operator would turn on to look for one message.
const FILTER: &str = "info,api=debug,ws_server=debug,platform=debug,presence=debug,lapin=error";

fn processes(system: &System) -> impl Iterator<Item = &Process> {
    system.api.iter().chain(&system.ws)
}

/// Waits for a line about this message; gives it.
async fn line(process: &Process, message: &Message, and: impl Fn(&Value) -> bool) -> Value {
    let id = message.id.to_string();
    let about = |record: &Value| record["message_id"] == *id && and(record);
    process.logs().expect(about, SOON).await
}

#[tokio::test]
async fn a_message_leaves_its_trail_in_every_process_it_passes() {
    let builder = System::builder().await.api(2).ws(2);
    let system = builder.set("WARREN_LOG_FILTER", FILTER).start().await;
    let ada = system.register("ada").await;
    let bob = system.register("bob").await;
    let chat = ada.client.direct(bob.id()).await.shared.id;
    let socket = system.socket(1, &bob).await;
    let client = system.user_at(1, &ada).client;
    let sent = client.with_header("X-Request-Id", REQUEST);
    let message: Message = sent.send(chat, BODY).await;
    let arrived = |frame: &ServerFrame| matches!(frame, ServerFrame::MessageCreated { .. });
    socket.expect_event(arrived, SOON).await;

    let api = &system.api[1];
    let committed = line(api, &message, |record| record["message"] == "committed").await;
    assert_eq!(committed["request_id"], REQUEST);
    let answered = line(api, &message, |record| record["message"] == "request").await;
    assert_eq!(answered["request_id"], REQUEST);
    assert_eq!(answered["user_id"], ada.id().to_string());
    assert_eq!(answered["conversation_id"], chat.to_string());
    assert_eq!(answered["status"], 201);
    let delivered = |record: &Value| record["message"] == "delivered" && record["sockets"] == 1;
    let delivered = line(&system.ws[1], &message, delivered).await;
    assert_eq!(delivered["request_id"], REQUEST);
    for process in processes(&system) {
        let fields = ["ts", "level", "service", "target", "message"];
        for record in process.logs().records() {
            let missing = fields.iter().find(|field| record[**field].is_null());
            assert_eq!(missing, None, "{}: {record}", process.name());
        }
    }
}

#[tokio::test]
async fn no_log_holds_a_token_a_password_or_what_people_write() {
    let builder = System::builder().await.api(2).ws(2);
    let system = builder.set("WARREN_LOG_FILTER", FILTER).start().await;
    let ada = system.register("ada").await;
    let bob = system.client(1).register("bob").await;
    let chat = ada.client.direct(bob.id()).await.shared.id;
    let browser = Connect::to(&system.ws_url(0)).subprotocol(&bob.access_token);
    let socket = browser.origin(ORIGIN).open().await.expect("it is allowed");
    socket.expect_hello().await;
    // Before it is ready, what is sent comes by a sync alone.
    socket.expect_ready(ReadyReason::Connected).await;
    let message = ada.client.send(chat, BODY).await;
    let arrived = |frame: &ServerFrame| matches!(frame, ServerFrame::MessageCreated { .. });
    socket.expect_event(arrived, SOON).await;

    // Secrets in every place where somebody might put them.
    let wrong = "not the right password";
    ada.client.try_login("ada", wrong).await.expect(401);
    let refresh = ada.refresh_token.clone().expect("it is in the body");
    let fresh = ada.client.refresh(&refresh).await;
    let auth = ClientFrame::Auth {
        token: bob.access_token.clone(),
        r#ref: Some("auth".to_owned()),
    };
    socket.send(&auth).await;
    socket.expect_ack("auth").await;
    let odd = format!(r#"{{"type":"auth","token":["{}"]}}"#, fresh.access_token);
    socket.send_text(odd).await;
    let error = |frame: &ServerFrame| matches!(frame, ServerFrame::Error { .. });
    socket.expect_event(error, SOON).await;
    let broken = format!("{}x", fresh.access_token);
    ada.client
        .with_token(&broken)
        .get("/v1/me")
        .await
        .expect(401);
    let refused = Connect::to(&system.ws_url(1)).bearer(&broken).open().await;
    assert_eq!(refused.expect_err("a broken token").status, 401);
    let again = json!({ "client_id": message.client_id, "body": format!("{BODY}, or not") });
    let path = format!("/v1/conversations/{chat}/messages");
    ada.client.post(&path, &again).await.expect(409);
    let typo = json!({ "client_id": message.client_id, "body": BODY, "bdoy": BODY });
    ada.client.post(&path, &typo).await.expect(422);
    let typo = json!({ "username": "ada", "password": PASSWORD, "pasword": PASSWORD });
    ada.client.post("/v1/auth/login", &typo).await.expect(422);

    let secrets = [
        PASSWORD,
        wrong,
        BODY,
        &refresh,
        fresh.refresh_token.as_deref().expect("it is in the body"),
        &system.env.secrets().internal_credential,
        signature(&ada.access_token),
        signature(&bob.access_token),
        signature(&fresh.access_token),
    ];
    // Later lines than all of the above.
    for api in 0..system.api.len() {
        let client = system.user_at(api, &bob).client;
        let last = client.with_header("X-Request-Id", "the-last-one");
        last.get("/v1/me").await.expect(200);
        let logs = system.api[api].logs();
        logs.expect(|record| record["request_id"] == "the-last-one", SOON)
            .await;
    }
    for process in processes(&system) {
        let lines = process.logs().lines();
        assert!(lines.len() > 3, "{} logs nothing", process.name());
        for line in lines {
            let leaked = secrets.iter().find(|secret| line.contains(**secret));
            assert_eq!(leaked, None, "{}: {line}", process.name());
        }
    }
}

/// The part of a token that makes it one.
fn signature(token: &str) -> &str {
    token.rsplit_once('.').expect("a token has three parts").1
}
