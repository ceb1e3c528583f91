//! Exchanging refresh tokens.

use protocol::account::Auth;
use protocol::control::Control;
use protocol::problem::Code;
use serde_json::json;
use testkit::http::{Client, Reply};

use super::cookie;
use crate::app::TestApp;
use crate::events::Events;
use crate::rows;

const ORIGIN: &str = "http://localhost:8080";

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_token_is_exchanged_for_the_next_pair() {
    let test = TestApp::start().await;
    let ada = test.user("ada").await;
    let first = ada.refresh_token.clone().unwrap();
    let next = test.client().refresh(&first).await;
    assert_eq!(next.session_id, ada.session_id);
    assert_eq!(next.user, ada.account);
    assert_ne!(next.refresh_token.as_deref(), Some(first.as_str()));
    let me = test.client().with_token(&next.access_token);
    me.get("/v1/me").await.expect(200);
    let row = "SELECT generation || '|' || (last_used_at > created_at) AS line FROM sessions";
    assert_eq!(rows::lines(&test.env, row).await, ["2|true"]);
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_previous_token_gets_the_same_successor_while_its_answer_may_be_lost() {
    let test = TestApp::start().await;
    let ada = test.user("ada").await;
    let first = ada.refresh_token.clone().unwrap();
    let second = test.client().refresh(&first).await.refresh_token.unwrap();
    let again = test.client().refresh(&first).await;
    assert_eq!(again.refresh_token.as_deref(), Some(second.as_str()));
    // It is a successor that works.
    test.client().refresh(&second).await;

    // Once the ten seconds are over, it is an old token like any other.
    let third = test.client().refresh(&second).await.refresh_token.unwrap();
    assert_ne!(third, second);
    rows::change(
        &test.env,
        "UPDATE sessions SET generation_at = generation_at - interval '11 s'",
    )
    .await;
    let reply = test.client().try_refresh(&second).await;
    reply.problem(401, Code::SessionReused);
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_token_ends_the_session() {
    let test = TestApp::start().await;
    let control = Events::control(&test.env).await;
    let ada = test.user("ada").await;
    let other = ada.another_device().await;
    let first = ada.refresh_token.clone().unwrap();
    let second = test.client().refresh(&first).await.refresh_token.unwrap();
    let third = test.client().refresh(&second).await.refresh_token.unwrap();

    let reply = test.client().try_refresh(&first).await;
    reply.problem(401, Code::SessionReused);
    for token in [&first, &second, &third] {
        let reply = test.client().try_refresh(token).await;
        reply.problem(401, Code::Unauthenticated);
    }
    let reply = ada.client.get("/v1/me").await;
    reply.problem(401, Code::Unauthenticated);
    let ended = Control::SessionEnded {
        user_id: ada.id(),
        session_id: ada.session_id,
    };
    control.expect_control(&ended).await;
    let row = "SELECT (ended_at IS NOT NULL) || '|' || (r.session_id IS NOT NULL) AS line \
               FROM sessions s LEFT JOIN revocations r ON r.session_id = s.id ORDER BY s.created_at";
    assert_eq!(
        rows::lines(&test.env, row).await,
        ["true|true", "false|false"]
    );
    // The other session did nothing wrong.
    other.client.get("/v1/me").await.expect(200);
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_refreshes_at_once_give_one_successor() {
    let test = TestApp::start().await;
    let second = test.another(&[]).await;
    let ada = test.user("ada").await;
    let token = ada.refresh_token.clone().unwrap();
    let clients = [
        test.client(),
        Client::anonymous(format!("http://{}", second.http)),
    ];
    let tries = (0..20).map(|i| clients[i % 2].refresh(&token));
    let successors: std::collections::BTreeSet<String> = futures_util::future::join_all(tries)
        .await
        .into_iter()
        .map(|auth| auth.refresh_token.unwrap())
        .collect();
    assert_eq!(successors.len(), 1);
    assert_eq!(
        rows::number(&test.env, "SELECT generation AS n FROM sessions").await,
        2
    );
    second.stop().await;
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_refresh_token_of_ours_is_refused() {
    let test = TestApp::start().await;
    let ada = test.user("ada").await;
    let good = ada.refresh_token.clone().unwrap();
    let long = "x".repeat(10_000);
    let another = test.user("bob").await.refresh_token.unwrap();
    let (session, _) = good.split_once('.').unwrap();
    let (_, rest_of_another) = another.split_once('.').unwrap();
    for bad in [
        "",
        "a.b.c",
        "\u{0}",
        &long,
        &good.replace(".1.", ".2."),
        &good.replace(".1.", ".0."),
        &format!("{session}.{rest_of_another}"),
        &ada.access_token,
        good.trim_end_matches(|c: char| c != '.'),
    ] {
        let reply = test.client().try_refresh(bad).await;
        reply.problem(401, Code::Unauthenticated);
    }
    let nothing = test
        .client()
        .request("POST".parse().unwrap(), "/v1/auth/refresh");
    nothing.send().await.problem(401, Code::Unauthenticated);
    // None of this was held against the session.
    test.client().refresh(&good).await;
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_cannot_be_read_is_not_taken_for_none() {
    let test = TestApp::start().await;
    let token = test.user("ada").await.refresh_token.unwrap();
    let client = test.client();
    let unknown = json!({ "refresh_token": token, "remember": true });
    let reply = client.post("/v1/auth/refresh", &unknown).await;
    reply.problem(422, Code::Invalid);
    let reply = client
        .post("/v1/auth/refresh", &json!({ "refresh_token": 7 }))
        .await;
    reply.problem(422, Code::Invalid);
    let post = || client.request("POST".parse().unwrap(), "/v1/auth/refresh");
    let broken = post().header("content-type", "application/json").body("{");
    broken.send().await.problem(400, Code::Malformed);
    let form = post().body(format!("refresh_token={token}"));
    form.send().await.problem(415, Code::UnsupportedMediaType);
    let empty = post().header("content-type", "application/json");
    empty.send().await.problem(401, Code::Unauthenticated);
    test.app.stop().await;
}

async fn cookie_session(test: &TestApp) -> String {
    let body =
        json!({ "username": "ada", "password": "correct horse battery", "session": "cookie" });
    let reply = test.client().post("/v1/auth/register", &body).await;
    cookie(&reply.expect(201)).0
}

async fn refresh_by_cookie(test: &TestApp, value: &str, origin: Option<&str>) -> Reply {
    let client = test.client();
    let mut request = client
        .request("POST".parse().unwrap(), "/v1/auth/refresh")
        .header("cookie", format!("theme=dark; warren_refresh={value}"));
    if let Some(origin) = origin {
        request = request.header("origin", origin);
    }
    request.send().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_counts_only_from_a_page_of_ours() {
    let test = TestApp::start().await;
    let first = cookie_session(&test).await;
    for origin in [
        None,
        Some("http://evil.example"),
        Some("null"),
        Some("http://localhost:8080.evil.example"),
    ] {
        let reply = refresh_by_cookie(&test, &first, origin).await;
        reply.problem(403, Code::Forbidden);
        assert!(!reply.headers.contains_key("set-cookie"), "{reply}");
    }
    assert_eq!(
        rows::number(&test.env, "SELECT generation AS n FROM sessions").await,
        1
    );
    let reply = refresh_by_cookie(&test, &first, Some(ORIGIN)).await;
    let reply = reply.expect(200);
    let auth: Auth = reply.json();
    assert_eq!(auth.refresh_token, None);
    let (second, attributes) = cookie(&reply);
    assert_ne!(second, first);
    assert!(
        attributes.contains(&"HttpOnly".to_owned()),
        "{attributes:?}"
    );
    // Two tabs: both have the same cookie in the end.
    let reply = refresh_by_cookie(&test, &first, Some(ORIGIN)).await;
    assert_eq!(cookie(&reply.expect(200)).0, second);
    test.app.stop().await;
}
