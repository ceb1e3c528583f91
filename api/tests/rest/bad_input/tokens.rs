//! Access tokens that are none.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use protocol::ids::{SessionId, UserId};
use protocol::problem::Code;
use serde_json::{Value, json};
use sha2::Sha256;
use testkit::TempDir;
use testkit::http::send_raw;
use testkit::keys::{SigningKeyFile, claims, unsigned_token};

use super::{Service, refused};

/// A token signed with a shared secret (HS256, RFC 7518).
fn hs256(secret: &[u8], header: &Value, claims: &Value) -> String {
    let signed = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header.to_string()),
        URL_SAFE_NO_PAD.encode(claims.to_string())
    );
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).unwrap();
    mac.update(signed.as_bytes());
    let signature = URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
    format!("{signed}.{signature}")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_we_did_not_make_for_now_is_refused() {
    let service = Service::start().await;
    let key = &service.system.env.secrets().signing_key;
    let good = claims(&service.ada.access_token);
    let with = |field: &str, value: Value| {
        let mut claims = good.clone();
        claims[field] = value;
        claims
    };
    let without = |field: &str| {
        let mut claims = good.clone();
        claims.as_object_mut().unwrap().remove(field);
        claims
    };
    // The forger's tools work: with everything right, it is a token.
    let forged = service.client().with_token(key.token(&good));
    forged.get("/v1/me").await.expect(200);

    let now = good["iat"].as_i64().unwrap();
    let dir = TempDir::new();
    let stranger = SigningKeyFile::create(dir.path());
    let header = |kid: &str| json!({ "typ": "JWT", "alg": "EdDSA", "kid": kid });
    let hs = json!({ "typ": "JWT", "alg": "HS256", "kid": key.kid });
    let public = key.public_key();
    let own = &service.ada.access_token;
    let (signed, _) = own.rsplit_once('.').unwrap();
    let (head, _) = own.split_once('.').unwrap();
    let signature = own.rsplit('.').next().unwrap();
    let someone_else = URL_SAFE_NO_PAD.encode(with("sub", json!(UserId::new())).to_string());
    let pem = std::fs::read(&key.path).unwrap();
    for (what, token) in [
        ("another key", stranger.token(&good)),
        (
            "another key under our name",
            stranger.token_with_header(&header(&key.kid), &good),
        ),
        ("another issuer", key.token(&with("iss", json!("evil")))),
        ("another audience", key.token(&with("aud", json!("evil")))),
        ("no issuer", key.token(&without("iss"))),
        ("no audience", key.token(&without("aud"))),
        ("no subject", key.token(&without("sub"))),
        ("no session", key.token(&without("sid"))),
        ("no end", key.token(&without("exp"))),
        ("expired", key.token(&with("exp", json!(now - 1)))),
        ("expired long ago", key.token(&with("exp", json!(0)))),
        ("an end that is text", key.token(&with("exp", json!("soon")))),
        ("a subject that is no id", key.token(&with("sub", json!("ada")))),
        ("not signed", unsigned_token(&good)),
        (
            "alg none with a signature",
            key.token_with_header(&json!({ "alg": "none", "kid": key.kid }), &good),
        ),
        (
            "alg None",
            key.token_with_header(&json!({ "alg": "None", "kid": key.kid }), &good),
        ),
        ("HS256 with the public key", hs256(&public, &hs, &good)),
        (
            "HS256 with the public key as text",
            hs256(URL_SAFE_NO_PAD.encode(public).as_bytes(), &hs, &good),
        ),
        ("HS256 with the key file", hs256(&pem, &hs, &good)),
        (
            "no kid",
            key.token_with_header(&json!({ "typ": "JWT", "alg": "EdDSA" }), &good),
        ),
        (
            "an unknown kid",
            key.token_with_header(&header("../../etc/passwd"), &good),
        ),
        (
            "a key of its own in the header",
            stranger.token_with_header(
                &json!({ "alg": "EdDSA", "kid": key.kid, "jwk": {
                    "kty": "OKP", "crv": "Ed25519", "x": URL_SAFE_NO_PAD.encode(stranger.public_key()),
                }}),
                &good,
            ),
        ),
        ("other claims", format!("{head}.{someone_else}.{signature}")),
        ("no signature", format!("{signed}.")),
        ("two parts", signed.to_owned()),
        ("four parts", format!("{own}.x")),
        ("nothing", String::new()),
        ("no token", "nonsense".to_owned()),
        ("dots", "..".to_owned()),
        ("the refresh token", service.ada.refresh_token.clone().unwrap()),
        ("a very long one", "x".repeat(20_000)),
    ] {
        let client = service.client().with_token(token);
        for path in ["/v1/me", "/v1/conversations", "/v1/auth/sessions"] {
            let reply = client.get(path).await;
            refused(&reply, 401, Code::Unauthenticated, what);
        }
    }
    service.expect_unharmed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_in_another_scheme_is_none() {
    let service = Service::start().await;
    let token = &service.ada.access_token;
    for value in [
        token.clone(),
        format!("Basic {token}"),
        format!("Token {token}"),
        format!("Bearer{token}"),
        "Bearer".to_owned(),
        "Bearer ".to_owned(),
        format!("Bearer {token} {token}"),
        format!("Bearer \"{token}\""),
    ] {
        let reply = service
            .client()
            .with_header("authorization", &value)
            .get("/v1/me")
            .await;
        refused(&reply, 401, Code::Unauthenticated, &value);
    }
    let client = service.client();
    for path in [
        format!("/v1/me?access_token={token}"),
        format!("/v1/me?token={token}"),
    ] {
        refused(&client.get(&path).await, 401, Code::Unauthenticated, &path);
    }
    let cookie = client.with_header("cookie", &format!("access_token={token}"));
    let reply = cookie.get("/v1/me").await;
    refused(&reply, 401, Code::Unauthenticated, "a cookie");
    let bytes = client
        .request("GET".parse().unwrap(), "/v1/me")
        .header("authorization", b"Bearer \xff\xfe");
    refused(&bytes.send().await, 401, Code::Unauthenticated, "bytes");
    // The scheme's case does not matter (RFC 9110, section 11.1).
    let lower = client.with_header("authorization", &format!("bearer {token}"));
    lower.get("/v1/me").await.expect(200);
    service.expect_unharmed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_session_s_token_is_refused_on_every_route() {
    let service = Service::start().await;
    let phone = service.ada.another_device().await;
    phone
        .client
        .post("/v1/auth/logout", &json!({}))
        .await
        .expect(204);
    let chat = service.chat;
    for path in [
        "/v1/me".to_owned(),
        "/v1/users?q=a".to_owned(),
        "/v1/blocks".to_owned(),
        "/v1/auth/sessions".to_owned(),
        "/v1/conversations".to_owned(),
        format!("/v1/conversations/{chat}/messages"),
    ] {
        let reply = phone.client.get(&path).await;
        refused(&reply, 401, Code::Unauthenticated, &path);
    }
    let reply = phone
        .client
        .try_send(chat, protocol::ids::ClientId::new(), "hello")
        .await;
    refused(&reply, 401, Code::Unauthenticated, "a message");
    service.expect_unharmed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_ends_when_it_says() {
    let service = Service::start().await;
    let key = &service.system.env.secrets().signing_key;
    let mut claims = claims(&service.ada.access_token);
    claims["exp"] = json!(chrono::Utc::now().timestamp() + 3);
    claims["sid"] = json!(SessionId::new());
    let client = service.client().with_token(key.token(&claims));
    client.get("/v1/me").await.expect(200);
    testkit::eventually(Duration::from_secs(10), || async {
        client.get("/v1/me").await.status == 401
    })
    .await;
    let problem = client.get("/v1/me").await;
    let problem = problem.problem(401, Code::Unauthenticated);
    assert!(problem.detail.contains("expired"), "{}", problem.detail);
    // Two headers are two answers to one question.
    let raw = format!(
        "GET /v1/me HTTP/1.1\r\nhost: a\r\nauthorization: Bearer x\r\nauthorization: Bearer {}\r\n\r\n",
        service.ada.access_token
    );
    let reply = send_raw(&service.address(), raw.as_bytes()).await;
    assert_eq!(reply.status, Some(401), "{}", reply.text);
    service.expect_unharmed().await;
}
