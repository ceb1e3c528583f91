//! Who may open a socket, and what a refusal says.

use std::time::Duration;

use protocol::frame::ReadyReason;
use protocol::ids::{SessionId, UserId};
use serde_json::{Value, json};
use testkit::keys::{SigningKeyFile, unsigned_token};
use testkit::ws::{Connect, Refused};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::api::claims;
use crate::server::World;

const ORIGIN: &str = "http://localhost:8080";

#[tokio::test]
async fn a_header_and_a_subprotocol_open_a_socket() {
    let world = World::start(&[]).await;
    let person = world.person();
    let socket = world.dial().bearer(&person.token).open().await.unwrap();
    let hello = socket.expect_hello().await;
    assert_eq!(hello.user_id, person.user_id);
    assert_eq!(hello.heartbeat_ms, 15_000);
    assert_eq!(hello.epoch, "e1");
    assert!(!hello.server_id.is_empty());
    assert_eq!(socket.protocol, None);
    socket.expect_ready(ReadyReason::Connected).await;
    let dial = world.dial().subprotocol(&person.token).origin(ORIGIN);
    let socket = dial.open().await.unwrap();
    assert_eq!(socket.protocol.as_deref(), Some("warren.v1"));
    let second = socket.expect_hello().await;
    assert_ne!(second.connection_id, hello.connection_id);
    socket.expect_ready(ReadyReason::Connected).await;
    world.end().await;
}

async fn refusal(dial: Connect) -> (u16, Value) {
    let Refused { status, body } = dial.open().await.unwrap_err();
    let body = serde_json::from_str(&body).unwrap_or(Value::String(body));
    (status, body)
}

#[tokio::test]
async fn a_refusal_is_a_problem_document_with_the_request_s_id() {
    let world = World::start(&[]).await;
    let dial = world.dial().header("x-request-id", "my-request.1");
    let (status, problem) = refusal(dial).await;
    assert_eq!(status, 401);
    assert_eq!(problem["code"], "unauthenticated");
    assert_eq!(problem["status"], 401);
    assert_eq!(problem["request_id"], "my-request.1");
    let person = world.person();
    let strange = world
        .dial()
        .bearer(&person.token)
        .origin("https://evil.example");
    assert_eq!(refusal(strange).await.1["code"], "forbidden");
    let no_origin = world.dial().subprotocol(&person.token);
    assert_eq!(refusal(no_origin).await.0, 403);
    let elsewhere = Connect::to(&format!("{}x", world.url)).bearer(&person.token);
    assert_eq!(refusal(elsewhere).await.1["code"], "not_found");
    world.end().await;
}

#[tokio::test]
async fn no_token_but_ours_opens_a_socket() {
    let world = World::start(&[]).await;
    let key = &world.env.secrets().signing_key;
    let good = claims(UserId::new(), SessionId::new(), 900);
    let with = |name: &str, value: Value| {
        let mut claims = good.clone();
        claims[name] = value;
        claims
    };
    let other = SigningKeyFile::create(world.env.dir());
    let header = |alg: &str| json!({ "typ": "JWT", "alg": alg, "kid": key.kid });
    let tokens = [
        ("another key", other.token(&good)),
        (
            "another key under a known name",
            other.token_with_header(&header("EdDSA"), &good),
        ),
        ("another issuer", key.token(&with("iss", json!("evil")))),
        ("another audience", key.token(&with("aud", json!("evil")))),
        ("expired", key.token(&with("exp", json!(1)))),
        ("no user", key.token(&with("sub", json!("nobody")))),
        ("nobody signed it", unsigned_token(&good)),
        ("HS256", key.token_with_header(&header("HS256"), &good)),
        (
            "no key's name",
            key.token_with_header(&json!({ "alg": "EdDSA" }), &good),
        ),
        ("no token at all", "x".to_owned()),
        ("too long", "x".repeat(20_000)),
    ];
    for (why, token) in tokens {
        let (status, problem) = refusal(world.dial().bearer(&token)).await;
        assert_eq!(status, 401, "{why}: {problem}");
        assert!(!problem.to_string().contains(&token), "{why}");
    }
    world.end().await;
}

#[tokio::test]
async fn a_new_key_is_fetched_when_a_token_names_it_and_no_more_often_than_allowed() {
    let world = World::start(&[("WARREN_WS_JWKS_UNKNOWN_MS", "60000")]).await;
    let new = SigningKeyFile::create(world.env.dir());
    world
        .api
        .now(|truth| truth.keys.push((new.kid.clone(), new.public_key())));
    let token = new.token(&claims(UserId::new(), SessionId::new(), 900));
    world.dial().bearer(&token).open().await.unwrap();
    let fetched = world.api.jwks_calls();
    let unknown = SigningKeyFile::create(world.env.dir());
    for _ in 0..5 {
        let token = unknown.token(&claims(UserId::new(), SessionId::new(), 900));
        assert_eq!(refusal(world.dial().bearer(&token)).await.0, 401);
    }
    assert_eq!(world.api.jwks_calls(), fetched);
    world.end().await;
}

#[tokio::test]
async fn a_process_holds_as_many_connections_as_it_may_whatever_its_threads() {
    let settings = [
        ("WARREN_WS_MAX_CONNECTIONS", "2"),
        ("WARREN_WS_WORKERS", "2"),
    ];
    let world = World::start(&settings).await;
    let people = [world.person(), world.person(), world.person()];
    let first = world.open(&people[0]).await;
    let _second = world.open(&people[1]).await;
    let mut third = Box::pin(world.open(&people[2]));
    let wait = Duration::from_millis(500);
    assert!(tokio::time::timeout(wait, &mut third).await.is_err());
    drop(first);
    drop(third.await);
    world.end().await;
}

#[tokio::test]
async fn a_session_that_has_ended_closes_with_4403() {
    let world = World::start(&[]).await;
    let person = world.person();
    world.api.now(|truth| {
        truth.ended.insert(person.session_id);
    });
    let socket = world.open(&person).await;
    assert_eq!(socket.expect_close().await, 4403);
    world.end().await;
}

#[tokio::test]
async fn the_twenty_first_socket_closes_the_oldest() {
    let world = World::start(&[]).await;
    let person = world.person();
    let mut sockets = Vec::new();
    for _ in 0..21 {
        sockets.push(world.connect(&person).await);
    }
    assert_eq!(sockets[0].expect_close().await, 4409);
    assert!(sockets[1..].iter().all(|socket| socket.closed().is_none()));
    world.end().await;
}

#[tokio::test]
async fn a_user_opens_only_so_many_sockets_a_minute() {
    let world = World::start(&[("WARREN_WS_SOCKETS_PER_MINUTE", "3")]).await;
    let person = world.person();
    for _ in 0..3 {
        world.open(&person).await;
    }
    let (status, problem) = refusal(world.dial().bearer(&person.token)).await;
    assert_eq!((status, &problem["code"]), (429, &json!("rate_limited")));
    world.open(&world.person()).await;
    world.end().await;
    let unlimited = World::start(&[
        ("WARREN_WS_SOCKETS_PER_MINUTE", "3"),
        ("WARREN_RATE_LIMITS", "off"),
    ])
    .await;
    let person = unlimited.person();
    for _ in 0..10 {
        unlimited.open(&person).await;
    }
    unlimited.end().await;
}

/// One HTTP request, as it travels; everything until the server closes.
async fn raw(world: &World, request: &str) -> String {
    let mut stream = tokio::net::TcpStream::connect(world.app.address)
        .await
        .unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    _ = tokio::time::timeout(std::time::Duration::from_secs(10), read).await;
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn what_is_no_upgrade_is_refused_as_such() {
    let world = World::start(&[]).await;
    let end = "host: x\r\nconnection: close\r\n\r\n";
    let answer = raw(&world, &format!("GET /ws HTTP/1.1\r\n{end}")).await;
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    assert!(answer.contains("\"malformed\""), "{answer}");
    let answer = raw(&world, &format!("GET /v1/me HTTP/1.1\r\n{end}")).await;
    assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
    assert!(answer.to_lowercase().contains("x-request-id"), "{answer}");
    let upgrade = "host: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n";
    let answer = raw(&world, &format!("GET /ws HTTP/1.1\r\n{upgrade}\r\n")).await;
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    let old = "sec-websocket-version: 8\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";
    let answer = raw(&world, &format!("GET /ws HTTP/1.1\r\n{upgrade}{old}\r\n")).await;
    assert!(answer.starts_with("HTTP/1.1 426"), "{answer}");
    assert!(
        answer.to_lowercase().contains("sec-websocket-version: 13"),
        "{answer}"
    );
    let accepted = "sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";
    let post = format!("POST /ws HTTP/1.1\r\n{upgrade}{accepted}\r\n");
    let answer = raw(&world, &post).await;
    assert!(answer.starts_with("HTTP/1.1 405"), "{answer}");
    world.end().await;
}
