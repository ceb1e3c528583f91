//! Signing in.

use std::time::{Duration, Instant};

use protocol::account::Auth;
use protocol::problem::Code;
use serde_json::json;
use testkit::http::Client;
use testkit::keys::claims;

use super::{cookie, token_header};
use crate::app::TestApp;
use crate::rows;

const PASSWORD: &str = "correct horse battery";

#[tokio::test(flavor = "multi_thread")]
async fn signing_in_begins_a_session_of_its_own() {
    let test = TestApp::start().await;
    let ada = test.user("ada").await;
    let body = json!({ "username": "Ada", "password": PASSWORD, "device": "phone" });
    let reply = test.client().post("/v1/auth/login", &body).await;
    let auth: Auth = reply.expect(200).json();
    assert_eq!(auth.user.id, ada.id());
    assert_ne!(auth.session_id, ada.session_id);
    assert_eq!(
        rows::number(
            &test.env,
            "SELECT count(*) AS n FROM sessions WHERE ended_at IS NULL"
        )
        .await,
        2
    );
    let cookie_body = json!({ "username": "ada", "password": PASSWORD, "session": "cookie" });
    let reply = test.client().post("/v1/auth/login", &cookie_body).await;
    let reply = reply.expect(200);
    assert!(reply.body["refresh_token"].is_null());
    assert!(!cookie(&reply).0.is_empty());
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_name_and_a_wrong_password_are_told_apart_by_nothing() {
    let test = TestApp::start().await;
    test.user("ada").await;
    let client = test.client();
    let mut wrong_password = client.try_login("ada", "wrong horse").await;
    let mut wrong_name = client.try_login("eve", PASSWORD).await;
    let mut no_name = client.try_login("\u{0}", PASSWORD).await;
    for reply in [&wrong_password, &wrong_name, &no_name] {
        reply.problem(401, Code::BadCredentials);
    }
    for reply in [&mut wrong_password, &mut wrong_name, &mut no_name] {
        reply.body["request_id"].take();
    }
    assert_eq!(wrong_password.body, wrong_name.body);
    assert_eq!(wrong_password.body, no_name.body);

    // The fastest of several, in turn: what the work takes, without what else the machine does.
    let (mut known, mut unknown) = (Duration::MAX, Duration::MAX);
    for _ in 0..8 {
        known = known.min(time_of(&client, "ada").await);
        unknown = unknown.min(time_of(&client, "eve").await);
    }
    assert!(
        unknown * 2 > known,
        "a wrong name is answered in {unknown:?}, a wrong password in {known:?}"
    );
    test.app.stop().await;
}

async fn time_of(client: &Client, name: &str) -> Duration {
    let began = Instant::now();
    client.try_login(name, "wrong horse").await.expect(401);
    began.elapsed()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_access_token_says_whose_it_is_and_for_how_long() {
    let test = TestApp::with(&[
        ("WARREN_AUTH_ISSUER", "https://chat.example"),
        ("WARREN_AUTH_AUDIENCE", "chat"),
    ])
    .await;
    let ada = test.user("ada").await;
    let kid = &test.env.secrets().signing_key.kid;
    assert_eq!(
        token_header(&ada.access_token),
        json!({ "typ": "JWT", "alg": "EdDSA", "kid": kid })
    );
    let claims = claims(&ada.access_token);
    assert_eq!(
        super::fields(&claims),
        ["aud", "exp", "iat", "iss", "sid", "sub"]
    );
    assert_eq!(claims["iss"], "https://chat.example");
    assert_eq!(claims["aud"], "chat");
    assert_eq!(claims["sub"], json!(ada.id()));
    assert_eq!(claims["sid"], json!(ada.session_id));
    let (issued, expires) = (
        claims["iat"].as_i64().unwrap(),
        claims["exp"].as_i64().unwrap(),
    );
    assert_eq!(expires - issued, 15 * 60);
    assert!((chrono::Utc::now().timestamp() - issued).abs() < 30);
    test.app.stop().await;
}
