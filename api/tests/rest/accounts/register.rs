//! Making an account.

use protocol::account::Auth;
use protocol::problem::Code;
use serde_json::json;

use super::{cookie, fields};
use crate::app::TestApp;
use crate::rows;

const PASSWORD: &str = "correct horse battery";

#[tokio::test(flavor = "multi_thread")]
async fn registering_makes_an_account_and_signs_in() {
    let test = TestApp::start().await;
    let body = json!({
        "username": "Ada_L.9", "password": PASSWORD, "display_name": " Ada Lovelace ", "device": "Firefox",
    });
    let reply = test.client().post("/v1/auth/register", &body).await;
    let reply = reply.expect(201);
    assert_eq!(
        fields(&reply.body),
        [
            "access_token",
            "expires_in",
            "refresh_token",
            "session_id",
            "user"
        ]
    );
    assert_eq!(
        fields(&reply.body["user"]),
        [
            "about",
            "avatar_url",
            "created_at",
            "deleted",
            "display_name",
            "id",
            "username"
        ]
    );
    assert_eq!(reply.header("cache-control"), "no-store");
    assert_eq!(reply.header("set-cookie"), "");
    let auth: Auth = reply.json();
    assert_eq!(auth.expires_in, 900);
    assert_eq!(auth.user.username, "ada_l.9");
    assert_eq!(auth.user.display_name, "Ada Lovelace");
    assert!(!auth.user.deleted);

    let me = test.client().with_token(&auth.access_token);
    assert_eq!(
        me.get("/v1/me").await.expect(200).body["id"],
        reply.body["user"]["id"]
    );
    let row = "SELECT concat_ws('|', username, display_name, left(password_hash, 31), device, ip, generation, cookie) AS line \
               FROM users u JOIN sessions s ON s.user_id = u.id";
    assert_eq!(
        rows::lines(&test.env, row).await,
        ["ada_l.9|Ada Lovelace|$argon2id$v=19$m=19456,t=2,p=1$|Firefox|127.0.0.1|1|f"]
    );
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_display_name_people_read_the_username() {
    let test = TestApp::start().await;
    assert_eq!(test.user("ADA").await.account.display_name, "ada");
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_username_belongs_to_one_account_in_any_case() {
    let test = TestApp::start().await;
    test.user("ada").await;
    let again = json!({ "username": "ADA", "password": PASSWORD });
    let reply = test.client().post("/v1/auth/register", &again).await;
    reply.problem(409, Code::Conflict);
    // Whoever asks at the same moment: one gets the name.
    let client = test.client();
    let same = json!({ "username": "bob", "password": PASSWORD });
    let tries = (0..8).map(|_| client.post("/v1/auth/register", &same));
    let mut statuses: Vec<u16> = futures_util::future::join_all(tries)
        .await
        .into_iter()
        .map(|reply| reply.status)
        .collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409, 409, 409, 409, 409, 409]);
    assert_eq!(
        rows::number(&test.env, "SELECT count(*) AS n FROM users").await,
        2
    );
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_field_that_breaks_a_rule_is_named_at_once() {
    let test = TestApp::start().await;
    let long = "x".repeat(65);
    let body = json!({
        "username": "a!", "password": "password1", "display_name": "\u{0}", "device": long,
    });
    let reply = test.client().post("/v1/auth/register", &body).await;
    let problem = reply.problem(422, Code::Invalid);
    let named: Vec<(&str, &str)> = problem
        .errors
        .iter()
        .map(|error| (error.field.as_str(), error.code.as_str()))
        .collect();
    assert_eq!(
        named,
        [
            ("username", "format"),
            ("password", "common"),
            ("display_name", "control_character"),
            ("device", "too_long"),
        ]
    );
    assert!(!reply.body.to_string().contains("password1"), "{reply}");
    assert_eq!(
        rows::number(&test.env, "SELECT count(*) AS n FROM users").await,
        0
    );
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_account_obeys_the_rules_for_names_and_passwords() {
    let test = TestApp::start().await;
    let fine = |name: &str| json!({ "username": name, "password": PASSWORD });
    let named =
        |name: &str| json!({ "username": "ada", "password": PASSWORD, "display_name": name });
    let secret = |password: &str| json!({ "username": "ada", "password": password });
    for (body, field, code) in [
        (fine("ab"), "username", "too_short"),
        (fine(&"a".repeat(33)), "username", "too_long"),
        (fine("a-da"), "username", "format"),
        (fine("a da"), "username", "format"),
        (fine("a\u{0}da"), "username", "format"),
        (fine("ädä"), "username", "format"),
        (fine("\u{212a}ate"), "username", "ok"), // KELVIN SIGN lowers to k
        (fine("deleted.0123"), "username", "reserved"),
        (named(""), "display_name", "required"),
        (named("   "), "display_name", "required"),
        (named(&"x".repeat(65)), "display_name", "too_long"),
        (named("a\nb"), "display_name", "control_character"),
        (
            named("ada\u{202e}nimda"),
            "display_name",
            "control_character",
        ),
        (named("a\u{200b}da"), "display_name", "control_character"),
        (named("\u{200d}"), "display_name", "required"),
        (secret("short"), "password", "too_short"),
        (secret(&"x".repeat(129)), "password", "too_long"),
        (secret("PassWord1"), "password", "common"),
    ] {
        let reply = test.client().post("/v1/auth/register", &body).await;
        if code == "ok" {
            assert_eq!(reply.expect(201).body["user"]["username"], "kate");
            continue;
        }
        let problem = reply.problem(422, Code::Invalid);
        let error = &problem.errors[0];
        assert_eq!(
            (error.field.as_str(), error.code.as_str()),
            (field, code),
            "{body}"
        );
    }
    // The longest and the oddest that are allowed.
    let body = json!({
        "username": "a_._.9", "password": "\u{1F600}".repeat(128), "display_name": "\u{1F600}".repeat(64),
    });
    let reply = test.client().post("/v1/auth/register", &body).await;
    reply.expect(201);
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_registers_where_registration_is_closed() {
    let test = TestApp::with(&[("WARREN_AUTH_REGISTRATION", "closed")]).await;
    let body = json!({ "username": "ada", "password": PASSWORD });
    let reply = test.client().post("/v1/auth/register", &body).await;
    reply.problem(403, Code::RegistrationClosed);
    assert_eq!(
        rows::number(&test.env, "SELECT count(*) AS n FROM users").await,
        0
    );
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_session_keeps_its_refresh_token_from_scripts() {
    let test = TestApp::start().await;
    let body = json!({ "username": "ada", "password": PASSWORD, "session": "cookie" });
    let reply = test.client().post("/v1/auth/register", &body).await;
    let reply = reply.expect(201);
    assert!(reply.body["refresh_token"].is_null());
    let (value, attributes) = cookie(&reply);
    assert_eq!(
        attributes,
        [
            "HttpOnly",
            "Max-Age=2592000",
            "Path=/v1/auth",
            "SameSite=Strict",
            "Secure"
        ]
    );
    assert!(!reply.body.to_string().contains(&value), "{}", reply.body);
    assert_eq!(
        rows::lines(&test.env, "SELECT cookie::text AS line FROM sessions").await,
        ["true"]
    );
    test.app.stop().await;
}
