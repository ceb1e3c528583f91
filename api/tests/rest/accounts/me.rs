//! One's own account.

use protocol::account::User;
use protocol::control::Control;
use protocol::frame::ServerFrame;
use protocol::ids::UserId;
use protocol::problem::Code;
use serde_json::{Value, json};
use testkit::http::{self, Reply};

use super::fields;
use crate::app::TestApp;
use crate::events::Events;
use crate::rows;

#[tokio::test(flavor = "multi_thread")]
async fn ones_own_account_has_private_fields_that_others_do_not_see() {
    let test = TestApp::start().await;
    let (ada, bob) = (test.user("ada").await, test.user("bob").await);
    let me = ada.client.get("/v1/me").await.expect(200);
    assert_eq!(
        fields(&me.body),
        [
            "about",
            "account_rev",
            "avatar_url",
            "created_at",
            "deleted",
            "display_name",
            "hide_presence",
            "hide_read_receipts",
            "id",
            "username"
        ]
    );
    assert_eq!(me.json::<User>(), ada.account);
    let path = format!("/v1/users/{}", ada.id());
    let seen = bob.client.get(&path).await.expect(200);
    assert_eq!(
        fields(&seen.body),
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
    assert_eq!(seen.json::<User>(), ada.account);
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_profile_is_answered_kept_and_told() {
    let test = TestApp::start().await;
    let events = Events::listen(&test.env).await;
    let ada = test.user("ada").await;
    let body = json!({ "display_name": " Ada L. ", "about": " line one\n\tline two " });
    let me = ada.client.patch("/v1/me", &body).await.expect(200);
    assert_eq!(me.body["display_name"], "Ada L.");
    assert_eq!(me.body["about"], "line one\n\tline two");
    assert_eq!(me.body["hide_presence"], false);
    assert_eq!(ada.client.get("/v1/me").await.expect(200).body, me.body);
    assert_eq!(
        rows::lines(
            &test.env,
            "SELECT display_name || '|' || about AS line FROM users"
        )
        .await,
        ["Ada L.|line one\n\tline two"]
    );
    let user: User = me.json();
    let heard = events
        .expect_frame(|frame| *frame == ServerFrame::UserUpdated { user: user.clone() })
        .await;
    assert_eq!(heard.keys, [format!("user.{}", ada.id())]);
    // The broker has it: nothing waits.
    testkit::eventually(std::time::Duration::from_secs(10), || async {
        rows::number(&test.env, "SELECT count(*) AS n FROM outbox").await == 0
    })
    .await;

    // What is missing or null stays; nothing at all changes nothing.
    for body in [json!({}), json!({ "about": null })] {
        let same = ada.client.patch("/v1/me", &body).await.expect(200);
        assert_eq!(same.body, me.body);
    }
    let emptied = ada.client.patch("/v1/me", &json!({ "about": "" })).await;
    assert_eq!(emptied.expect(200).body["about"], "");
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hiding_ones_presence_makes_the_servers_look_again() {
    let test = TestApp::start().await;
    let control = Events::control(&test.env).await;
    let ada = test.user("ada").await;
    let body = json!({ "hide_presence": true, "hide_read_receipts": true });
    let me = ada.client.patch("/v1/me", &body).await.expect(200);
    assert_eq!(me.body["hide_presence"], true);
    assert_eq!(me.body["hide_read_receipts"], true);
    assert_eq!(me.body["display_name"], "ada");
    let look = Control::RoutesChanged { user_id: ada.id() };
    control.expect_control(&look).await;
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_obeys_its_rules() {
    let test = TestApp::start().await;
    let ada = test.user("ada").await;
    for (body, want) in [
        (
            json!({ "display_name": "", "about": "x".repeat(1025) }),
            &[("display_name", "required"), ("about", "too_long")][..],
        ),
        (
            json!({ "display_name": "x".repeat(65) }),
            &[("display_name", "too_long")],
        ),
        (
            json!({ "display_name": "a\tb" }),
            &[("display_name", "control_character")],
        ),
        (
            json!({ "about": "a\u{0}b" }),
            &[("about", "control_character")],
        ),
        (
            json!({ "about": "a\u{1b}[31m" }),
            &[("about", "control_character")],
        ),
        (
            json!({ "hide_presence": "yes" }),
            &[("hide_presence", "format")],
        ),
        (
            json!({ "username": "eve" }),
            &[("username", "unknown_field")],
        ),
        (
            json!({ "account_rev": 9 }),
            &[("account_rev", "unknown_field")],
        ),
    ] {
        let reply = ada.client.patch("/v1/me", &body).await;
        let problem = reply.problem(422, Code::Invalid);
        let named: Vec<(&str, &str)> = problem
            .errors
            .iter()
            .map(|error| (error.field.as_str(), error.code.as_str()))
            .collect();
        assert_eq!(named, want, "{body}");
    }
    assert_eq!(
        ada.client.get("/v1/me").await.expect(200).json::<User>(),
        ada.account
    );
    let longest = json!({ "about": "\u{1F600}".repeat(1024) });
    ada.client.patch("/v1/me", &longest).await.expect(200);
    test.app.stop().await;
}

async fn delete_me(user: &http::User, body: &Value) -> Reply {
    let request = user.client.request("DELETE".parse().unwrap(), "/v1/me");
    request.json(body).send().await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_ends_with_its_password_and_leaves_its_messages() {
    let test = TestApp::start().await;
    let control = Events::control(&test.env).await;
    let (ada, bob) = (test.user("ada").await, test.user("bob").await);
    let phone = ada.another_device().await;
    let chat = ada.client.direct(bob.id()).await.shared.id;
    let message = ada.client.send(chat, "farewell").await;

    let reply = delete_me(&ada, &json!({ "password": "wrong horse" })).await;
    reply.problem(401, Code::BadCredentials);
    let reply = delete_me(&ada, &json!({})).await;
    reply.problem(422, Code::Invalid);
    ada.client.get("/v1/me").await.expect(200);

    let reply = delete_me(&ada, &json!({ "password": "correct horse battery" })).await;
    reply.expect(204);
    for gone in [&ada, &phone] {
        let reply = gone.client.get("/v1/me").await;
        reply.problem(401, Code::Unauthenticated);
        let ended = Control::SessionEnded {
            user_id: gone.id(),
            session_id: gone.session_id,
        };
        control.expect_control(&ended).await;
        let token = gone.refresh_token.as_deref().unwrap();
        let reply = gone.client.try_refresh(token).await;
        reply.problem(401, Code::Unauthenticated);
    }
    let reply = test
        .client()
        .try_login("ada", "correct horse battery")
        .await;
    reply.problem(401, Code::BadCredentials);

    // Others see that they are gone, and nothing of what they said of themselves.
    let path = format!("/v1/users/{}", ada.id());
    let seen: User = bob.client.get(&path).await.expect(200).json();
    assert!(seen.deleted);
    assert_eq!(seen.username, deleted_name(ada.id()));
    assert!(!seen.display_name.contains("ada"));
    let row = "SELECT (password_hash IS NULL) || '|' || (deleted_at IS NOT NULL) AS line FROM users ORDER BY created_at";
    assert_eq!(
        rows::lines(&test.env, row).await,
        ["true|true", "false|false"]
    );
    let page = bob.client.messages(chat, "").await;
    assert_eq!(page.items[0].body, message.body);
    assert_eq!(page.items[0].sender_id, ada.id());
    let found = bob.client.get("/v1/users?q=ada").await.expect(200);
    assert_eq!(found.body["items"], json!([]));

    // The name is free again, for somebody else.
    let new = test.client().register("ada").await;
    assert_ne!(new.id(), ada.id());
    test.app.stop().await;
}

/// The name that a deleted account gets.
fn deleted_name(user: UserId) -> String {
    let id = user.0.simple().to_string();
    format!("deleted.{}", id.get(8..).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_can_keep_an_account_from_ending() {
    let test = TestApp::start().await;
    let ada = test.user("ada").await;
    let name = deleted_name(ada.id());
    let squat = json!({ "username": name, "password": "correct horse battery" });
    let reply = test.client().post("/v1/auth/register", &squat).await;
    let problem = reply.problem(422, Code::Invalid);
    assert_eq!(problem.errors[0].code, "reserved");
    let reply = delete_me(&ada, &json!({ "password": "correct horse battery" })).await;
    reply.expect(204);
    assert_eq!(
        rows::lines(&test.env, "SELECT username AS line FROM users").await,
        [name]
    );
    test.app.stop().await;
}
