//! What a process logs, and what it never does.

use std::time::Duration;

use protocol::problem::Code;
use serde_json::{Value, json};
use testkit::process::System;

const SOON: Duration = Duration::from_secs(10);

/// The one line of a request.
fn line_of(id: &str) -> impl Fn(&Value) -> bool {
    let id = id.to_owned();
    move |line| line["request_id"] == id.as_str() && line["message"] == "request"
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_one_line_under_the_id_that_its_answer_has() {
    let system = System::builder().await.ws(0).start().await;
    let ada = system.register("ada").await;
    let bob = system.register("bob").await;
    let chat = ada.client.direct(bob.id()).await.shared.id;
    let logs = system.api[0].logs();

    let named = ada.client.with_header("x-request-id", "my-own.request_1");
    let message = named.send(chat, "hello").await;
    let line = logs.expect(line_of("my-own.request_1"), SOON).await;
    for (field, want) in [
        ("level", json!("INFO")),
        ("service", json!("api")),
        ("instance", json!("api-0")),
        ("method", json!("POST")),
        ("route", json!("/v1/conversations/{id}/messages")),
        ("status", json!(201)),
        ("user_id", json!(ada.id())),
        ("conversation_id", json!(chat)),
        ("message_id", json!(message.id)),
    ] {
        assert_eq!(line[field], want, "{field} of {line}");
    }
    assert!(line["elapsed_ms"].is_number(), "{line}");
    assert!(line["ts"].as_str().unwrap().ends_with('Z'), "{line}");

    // A made-up id leads from the answer to the line as well.
    let reply = system.client(0).get("/v1/nothing").await;
    let problem = reply.problem(404, Code::NotFound);
    let line = logs.expect(line_of(&problem.request_id), SOON).await;
    assert_eq!(
        (&line["status"], &line["route"]),
        (&json!(404), &json!("unknown"))
    );
    assert!(line["user_id"].is_null(), "{line}");
    let lines = logs.records().into_iter();
    let of_request = lines.filter(|line| line["request_id"] == "my-own.request_1");
    assert_eq!(of_request.count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_and_no_message_is_logged_at_any_level() {
    let system = System::builder()
        .await
        .ws(0)
        .set("WARREN_LOG_FILTER", "trace")
        .start()
        .await;
    let password = "correct horse battery";
    let (new, wrong, body) = ("a brand new secret", "an odd wrong guess", "the body of it");
    let about = "something about me";
    let ada = system.register("ada").await;
    let bob = system.register("bob").await;
    let chat = ada.client.direct(bob.id()).await.shared.id;
    ada.client.send(chat, body).await;
    ada.client.messages(chat, "").await;
    bob.client.changes(chat, 0).await;
    let odd = json!({ "client_id": "x", "body": body });
    let path = format!("/v1/conversations/{chat}/messages");
    ada.client
        .post(&path, &odd)
        .await
        .problem(422, Code::Invalid);
    let refreshed = ada
        .client
        .refresh(ada.refresh_token.as_deref().unwrap())
        .await;
    let client = system.client(0);
    client
        .try_login("ada", wrong)
        .await
        .problem(401, Code::BadCredentials);
    client
        .try_refresh("garbage.refresh.token")
        .await
        .problem(401, Code::Unauthenticated);
    client
        .with_token("garbage.access.token")
        .get("/v1/me")
        .await
        .problem(401, Code::Unauthenticated);
    let cookie = json!({ "username": "ada", "password": password, "session": "cookie" });
    let reply = client.post("/v1/auth/login", &cookie).await.expect(200);
    let cookie = reply
        .header("set-cookie")
        .split(';')
        .next()
        .unwrap()
        .to_owned();
    let by_cookie = client.request("POST".parse().unwrap(), "/v1/auth/refresh");
    let by_cookie = by_cookie.header("cookie", &cookie);
    by_cookie
        .header("origin", testkit::process::ORIGIN)
        .send()
        .await
        .expect(200);
    ada.client
        .patch("/v1/me", &json!({ "about": about }))
        .await
        .expect(200);
    let change = json!({ "current_password": password, "new_password": new });
    ada.client
        .post("/v1/auth/password", &change)
        .await
        .expect(204);
    // A clumsy client that puts its token where addresses are logged.
    let path = format!("/v1/me?access_token={}", ada.access_token);
    client.get(&path).await.problem(401, Code::Unauthenticated);
    let delete = bob.client.request("DELETE".parse().unwrap(), "/v1/me");
    let delete = delete.json(&json!({ "password": password })).send().await;
    delete.expect(204);

    let logs = system.api[0].logs();
    let last = client.get("/v1/nothing").await;
    logs.expect(line_of(last.header("x-request-id")), SOON)
        .await;
    let secrets = system.env.secrets();
    let refresh_secret = std::fs::read_to_string(&secrets.refresh_secret_file).unwrap();
    let cookie_value = cookie.split_once('=').unwrap().1;
    let own: Vec<String> = logs
        .records()
        .into_iter()
        // lapin and the runtime trace their own bytes; the service and its libraries do not.
        .filter(|line| {
            let target = line["target"].as_str().unwrap();
            ["api", "platform", "presence", "actix", "diesel", "log"]
                .iter()
                .any(|name| target.starts_with(name))
        })
        .map(|line| line.to_string())
        .collect();
    assert!(own.len() > 20, "{} lines", own.len());
    for secret in [
        password,
        new,
        wrong,
        body,
        about,
        &ada.access_token,
        ada.refresh_token.as_deref().unwrap(),
        &refreshed.access_token,
        refreshed.refresh_token.as_deref().unwrap(),
        "garbage.refresh.token",
        "garbage.access.token",
        cookie_value,
        refresh_secret.trim(),
        secrets.internal_credential.as_str(),
        "$argon2id$",
    ] {
        let found = own.iter().find(|line| line.contains(secret));
        assert!(found.is_none(), "{secret:?} in {found:?}");
    }
}
