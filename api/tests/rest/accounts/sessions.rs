//! Seeing and ending sessions.

use std::time::{Duration, Instant};

use protocol::account::Session;
use protocol::control::Control;
use protocol::ids::SessionId;
use protocol::page::Page;
use protocol::problem::Code;
use serde_json::json;
use testkit::TestEnv;
use testkit::http::User;

use super::cookie;
use crate::app::TestApp;
use crate::events::Events;
use crate::rows;

/// The contract's promise.
const REVOKED_WITHIN: Duration = Duration::from_secs(2);

fn ended(user: &User) -> Control {
    Control::SessionEnded {
        user_id: user.id(),
        session_id: user.session_id,
    }
}

async fn is_over(user: &User) {
    let reply = user.client.get("/v1/me").await;
    reply.problem(401, Code::Unauthenticated);
    let token = user.refresh_token.as_deref().unwrap();
    let reply = user.client.try_refresh(token).await;
    reply.problem(401, Code::Unauthenticated);
}

#[tokio::test(flavor = "multi_thread")]
async fn logging_out_ends_this_session_alone() {
    let test = TestApp::start().await;
    let control = Events::control(&test.env).await;
    let ada = test.user("ada").await;
    let phone = ada.another_device().await;
    let reply = phone.client.post("/v1/auth/logout", &json!({})).await;
    let reply = reply.expect(204);
    let (value, attributes) = cookie(&reply);
    assert!(value.is_empty(), "{value}");
    assert!(
        attributes.contains(&"Max-Age=0".to_owned()),
        "{attributes:?}"
    );
    is_over(&phone).await;
    ada.client.get("/v1/me").await.expect(200);
    control.expect_control(&ended(&phone)).await;
    assert_eq!(
        rows::lines(
            &test.env,
            "SELECT session_id::text AS line FROM revocations"
        )
        .await,
        [phone.session_id.to_string()]
    );
    let again = phone.client.post("/v1/auth/logout", &json!({})).await;
    again.problem(401, Code::Unauthenticated);
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_password_ends_every_other_session() {
    let test = TestApp::start().await;
    let control = Events::control(&test.env).await;
    let ada = test.user("ada").await;
    let (phone, tablet) = (ada.another_device().await, ada.another_device().await);
    let change = |current: &str, new: &str| {
        let body = json!({ "current_password": current, "new_password": new });
        let client = ada.client.clone();
        async move { client.post("/v1/auth/password", &body).await }
    };
    let reply = change("wrong horse", "a new password").await;
    reply.problem(401, Code::BadCredentials);
    let problem = change("correct horse battery", "short").await;
    let problem = problem.problem(422, Code::Invalid);
    assert_eq!(problem.errors[0].field, "new_password");
    phone.client.get("/v1/me").await.expect(200);

    change("correct horse battery", "a new password")
        .await
        .expect(204);
    for other in [&phone, &tablet] {
        is_over(other).await;
        control.expect_control(&ended(other)).await;
    }
    ada.client.get("/v1/me").await.expect(200);
    ada.client
        .refresh(ada.refresh_token.as_deref().unwrap())
        .await;
    let own = ada.session_id.to_string();
    let told = control.all();
    assert!(
        !told.iter().any(|heard| heard.body.contains(&own)),
        "{told:#?}"
    );
    let old = test
        .client()
        .try_login("ada", "correct horse battery")
        .await;
    old.problem(401, Code::BadCredentials);
    let new = test.client().try_login("ada", "a new password").await;
    new.expect(200);
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_listed_newest_first_in_pages() {
    let test = TestApp::start().await;
    let ada = test.user("ada").await;
    let body = json!({ "username": "ada", "password": "correct horse battery", "device": "phone" });
    test.client()
        .post("/v1/auth/login", &body)
        .await
        .expect(200);
    let tablet = ada.another_device().await;
    let gone = ada.another_device().await;
    gone.client
        .post("/v1/auth/logout", &json!({}))
        .await
        .expect(204);
    test.user("bob").await;

    let page: Page<Session> = ada
        .client
        .get("/v1/auth/sessions?limit=2")
        .await
        .expect(200)
        .json();
    assert_eq!(page.items.len(), 2);
    assert_eq!(page.items[0].id, tablet.session_id);
    assert_eq!(page.items[1].device.as_deref(), Some("phone"));
    let cursor = page.next_cursor.unwrap();
    let path = format!("/v1/auth/sessions?limit=2&cursor={cursor}");
    let rest: Page<Session> = ada.client.get(&path).await.expect(200).json();
    assert_eq!(rest.next_cursor, None);
    let [own] = &rest.items[..] else {
        panic!("{rest:?}")
    };
    assert_eq!(own.id, ada.session_id);
    assert_eq!(own.ip.as_deref(), Some("127.0.0.1"));
    assert!(own.current);
    assert!(page.items.iter().all(|session| !session.current));
    let whole = ada.client.get("/v1/auth/sessions").await.expect(200);
    assert_eq!(
        super::fields(&whole.body["items"][0]),
        [
            "created_at",
            "current",
            "device",
            "id",
            "ip",
            "last_used_at"
        ]
    );
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_ones_own_live_sessions_can_be_ended() {
    let test = TestApp::start().await;
    let control = Events::control(&test.env).await;
    let (ada, bob) = (test.user("ada").await, test.user("bob").await);
    let phone = ada.another_device().await;
    let path = |id: SessionId| format!("/v1/auth/sessions/{id}");
    for foreign in [bob.session_id, SessionId::new()] {
        let reply = ada.client.delete(&path(foreign)).await;
        reply.problem(404, Code::NotFound);
    }
    bob.client.get("/v1/me").await.expect(200);
    let reply = ada.client.delete("/v1/auth/sessions/phone").await;
    reply.problem(400, Code::Malformed);

    ada.client.delete(&path(phone.session_id)).await.expect(204);
    is_over(&phone).await;
    control.expect_control(&ended(&phone)).await;
    let again = ada.client.delete(&path(phone.session_id)).await;
    again.problem(404, Code::NotFound);
    // One's own is as good as a logout.
    ada.client.delete(&path(ada.session_id)).await.expect(204);
    is_over(&ada).await;
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_session_stops_working_everywhere_without_the_broker_too() {
    let test = TestApp::on(TestEnv::with_faults().await, &[]).await;
    // As often as in production.
    let other = test
        .another(&[("WARREN_AUTH_REVOCATIONS_EVERY_MS", "1000")])
        .await;
    let ada = test.user("ada").await;
    let elsewhere = ada.at(format!("http://{}", other.http));
    elsewhere.client.get("/v1/me").await.expect(200);
    test.env.faults().broker.cut();
    ada.client
        .post("/v1/auth/logout", &json!({}))
        .await
        .expect(204);
    let ended_at = Instant::now();
    testkit::eventually(REVOKED_WITHIN, || async {
        elsewhere.client.get("/v1/me").await.status == 401
    })
    .await;
    assert!(ended_at.elapsed() < REVOKED_WITHIN);
    // What the broker was not told waits for it.
    assert_eq!(
        rows::number(&test.env, "SELECT count(*) AS n FROM outbox WHERE control").await,
        1
    );
    test.env.faults().broker.restore();
    let control = Events::control(&test.env).await;
    control.expect_control(&ended(&ada)).await;
    other.stop().await;
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_session_stops_working_where_every_connection_is_taken() {
    let test = TestApp::start().await;
    let other = test
        .another(&[("WARREN_DATABASE_POOL_TIMEOUT_MS", "100")])
        .await;
    let ada = test.user("ada").await;
    let elsewhere = ada.at(format!("http://{}", other.http));
    elsewhere.client.get("/v1/me").await.expect(200);
    let mut taken = Vec::new();
    while let Ok(conn) = other.state.db.get().await {
        taken.push(conn);
    }
    elsewhere.client.get("/v1/me").await.expect(503);
    ada.client
        .post("/v1/auth/logout", &json!({}))
        .await
        .expect(204);
    testkit::eventually(REVOKED_WITHIN, || async {
        elsewhere.client.get("/v1/me").await.status == 401
    })
    .await;
    drop(taken);
    other.stop().await;
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_starts_later_knows_who_was_revoked() {
    let test = TestApp::start().await;
    let ada = test.user("ada").await;
    ada.client
        .post("/v1/auth/logout", &json!({}))
        .await
        .expect(204);
    let later = test.another(&[]).await;
    testkit::eventually(Duration::from_secs(10), || async {
        later.state.revocations.is_loaded()
    })
    .await;
    let reply = ada
        .at(format!("http://{}", later.http))
        .client
        .get("/v1/me")
        .await;
    reply.problem(401, Code::Unauthenticated);
    later.stop().await;
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_not_used_for_long_ends() {
    let test = TestApp::with(&[("WARREN_AUTH_SWEEP_EVERY_MS", "100")]).await;
    let ada = test.user("ada").await;
    let phone = ada.another_device().await;
    let forgotten = format!(
        "UPDATE sessions SET last_used_at = last_used_at - interval '31 days' WHERE id = '{}'",
        phone.session_id
    );
    rows::change(&test.env, &forgotten).await;
    testkit::eventually(Duration::from_secs(10), || async {
        rows::number(&test.env, "SELECT count(*) AS n FROM sessions").await == 1
    })
    .await;
    let token = phone.refresh_token.as_deref().unwrap();
    let reply = test.client().try_refresh(token).await;
    reply.problem(401, Code::Unauthenticated);
    ada.client
        .refresh(ada.refresh_token.as_deref().unwrap())
        .await;
    test.app.stop().await;
}
