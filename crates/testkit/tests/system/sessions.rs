//! Sessions and tokens, where the two services must agree.

use std::time::Duration;

use protocol::frame::{ClientFrame, ServerFrame};
use serde_json::json;
use testkit::http::{PASSWORD, User};
use testkit::keys::claims;
use testkit::process::System;
use testkit::ws::{Connect, Socket};

const SOON: Duration = Duration::from_secs(10);
/// How long a short token lives: enough to connect twice on a busy machine.
const LIFE_S: i64 = 8;
const EXPIRED_WITHIN: Duration = Duration::from_secs(20);
/// How long a revoked session may go on working, by the contract.
const REVOKED_WITHIN: Duration = Duration::from_secs(2);

fn auth(token: &str) -> ClientFrame {
    ClientFrame::Auth {
        token: token.to_owned(),
        r#ref: Some("auth".to_owned()),
    }
}

/// A token of the same session that ends earlier, signed as the api signs.
fn short_token(system: &System, user: &User, life_s: i64) -> String {
    let mut all = claims(&user.access_token);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let now = now.expect("it is after 1970").as_secs();
    all["exp"] = json!(i64::try_from(now).expect("it is not that late") + life_s);
    system.env.secrets().signing_key.token(&all)
}

#[tokio::test]
async fn a_session_that_ends_loses_its_sockets_and_gets_no_new_ones() {
    let system = System::builder().await.api(2).ws(2).start().await;
    let ada = system.register("ada").await;
    let [laptop, phone] = [ada.another_device().await, ada.another_device().await];
    let of_ada = system.socket(0, &ada).await;
    let of_laptop = system.socket(0, &laptop).await;
    let of_phone = system.socket(1, &phone).await;

    laptop
        .client
        .post("/v1/auth/logout", &json!({}))
        .await
        .expect(204);
    let code = of_laptop.expect_close_within(REVOKED_WITHIN).await;
    assert_eq!(code, 4403);
    let change = json!({ "current_password": PASSWORD, "new_password": "a wholly new one" });
    // Through the other api, where this user was never seen.
    let there = system.user_at(1, &ada).client;
    there.post("/v1/auth/password", &change).await.expect(204);
    let code = of_phone.expect_close_within(REVOKED_WITHIN).await;
    assert_eq!(code, 4403);

    for (ended, ws) in [(&laptop, 0), (&laptop, 1), (&phone, 0), (&phone, 1)] {
        let connect = Connect::to(&system.ws_url(ws)).bearer(&ended.access_token);
        match connect.open().await {
            Err(refused) => assert_eq!(refused.status, 401),
            Ok(socket) => assert_eq!(socket.expect_close().await, 4403),
        }
    }
    of_ada.ping("mine?").await;
    of_ada.expect_pong(b"mine?").await;
}

#[tokio::test]
async fn a_fresh_token_keeps_a_socket_open_and_a_foreign_one_closes_it() {
    let system = System::builder().await.start().await;
    let ada = system.register("ada").await;
    let bob = system.register("bob").await;
    let url = system.ws_url(0);
    let token = short_token(&system, &ada, LIFE_S);
    let renewed = Socket::connect(&url, &token).await;
    let first = renewed.expect_hello().await.expires_at;
    let expiring = Socket::connect(&url, &token).await;
    assert_eq!(expiring.expect_hello().await.expires_at, first);

    renewed.send(&auth(&ada.access_token)).await;
    renewed.expect_ack("auth").await;
    assert_eq!(expiring.expect_close_within(EXPIRED_WITHIN).await, 4401);
    // The same moment has passed for this one too.
    let chat = ada.client.direct(bob.id()).await.shared.id;
    let sent = bob.client.send(chat, "still there?").await;
    let arrived = |frame: &ServerFrame| matches!(frame, ServerFrame::MessageCreated { message, .. } if **message == sent);
    renewed.expect_event(arrived, SOON).await;
    assert_eq!(renewed.closed(), None);

    // Another session of the same user is foreign too.
    let other = ada.another_device().await;
    for foreign in [&bob, &other] {
        let socket = system.socket(0, &ada).await;
        socket.send(&auth(&foreign.access_token)).await;
        assert_eq!(socket.expect_close().await, 4403);
    }
    let refused = Connect::to(&url).bearer(&token).open().await;
    assert_eq!(refused.expect_err("the token has expired").status, 401);
}
