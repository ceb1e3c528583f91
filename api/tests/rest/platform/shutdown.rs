//! Ending: everything begun is finished, and nothing idle is waited for.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use protocol::ids::ClientId;
use serde_json::json;
use testkit::TestEnv;
use testkit::process::System;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::rows;

/// How long a request may still take, in these tests.
const DEADLINE: Duration = Duration::from_secs(10);

async fn start(env: TestEnv) -> System {
    let deadline = DEADLINE.as_millis();
    let system = System::on(env).ws(0);
    let system = system.set("WARREN_HTTP_SHUTDOWN_MS", deadline);
    system.start().await
}

async fn read_until(stream: &mut TcpStream, end: &str) -> String {
    let mut text = String::new();
    let mut chunk = [0; 4096];
    while !text.contains(end) {
        let count = stream.read(&mut chunk).await.unwrap();
        assert!(count > 0, "closed after {text:?}");
        text.push_str(&String::from_utf8_lossy(chunk.get(..count).unwrap()));
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_has_begun_is_answered_after_the_signal() {
    let mut system = start(TestEnv::new().await).await;
    let (ada, bob) = (system.register("ada").await, system.register("bob").await);
    let chat = ada.client.direct(bob.id()).await.shared.id;
    let address = system.api[0].http();
    let body = |i: usize| {
        json!({ "client_id": ClientId::new(), "body": format!("message {i}") }).to_string()
    };
    // The server has asked for the body when it has begun with the request (RFC 9110, 10.1.1).
    let mut begun = Vec::new();
    for i in 0..8 {
        let body = body(i);
        let head = format!(
            "POST /v1/conversations/{chat}/messages HTTP/1.1\r\nhost: api\r\nauthorization: Bearer {}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\nexpect: 100-continue\r\n\r\n",
            ada.access_token,
            body.len()
        );
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        read_until(&mut stream, "100 Continue\r\n\r\n").await;
        begun.push((stream, body));
    }
    system.api[0].terminate();
    let logs = system.api[0].logs();
    logs.expect(|line| line["message"] == "shutdown requested", DEADLINE)
        .await;
    // Nobody new is let in from now on.
    testkit::eventually(DEADLINE, || async {
        TcpStream::connect(address).await.is_err()
    })
    .await;
    let answers = begun.into_iter().map(async |(mut stream, body)| {
        stream.write_all(body.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    });
    for answer in join_all(answers).await {
        assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    }
    let status = system.api[0].wait_exit(DEADLINE).await;
    assert_eq!(status.code(), Some(0));
    assert_eq!(
        rows::number(&system.env, "SELECT count(*) AS n FROM messages").await,
        8
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_under_load_is_committed_and_told() {
    let mut system = start(TestEnv::new().await).await;
    let (ada, bob) = (system.register("ada").await, system.register("bob").await);
    let chat = ada.client.direct(bob.id()).await.shared.id;
    let senders = (0..8).map(|_| {
        let client = ada.client.clone();
        tokio::spawn(async move {
            let mut sent = Vec::new();
            loop {
                let id = ClientId::new();
                let path = format!("/v1/conversations/{chat}/messages");
                let body = json!({ "client_id": id, "body": "under load" });
                // A connection of its own each time: the server may end idle ones whenever it likes.
                let request = client.request("POST".parse().unwrap(), &path);
                let request = request.header("connection", "close").json(&body);
                match request.try_send().await {
                    Ok(reply) => {
                        let reply = reply.expect(201);
                        sent.push(reply.body["id"].as_str().unwrap().to_owned());
                    }
                    Err(_gone) => return sent,
                }
            }
        })
    });
    let senders: Vec<_> = senders.collect();
    testkit::eventually(DEADLINE, || async {
        rows::number(&system.env, "SELECT count(*) AS n FROM messages").await > 30
    })
    .await;
    system.api[0].terminate();
    let status = system.api[0].wait_exit(DEADLINE * 2).await;
    assert_eq!(status.code(), Some(0));
    let mut answered = Vec::new();
    for sender in senders {
        answered.extend(sender.await.unwrap());
    }
    let committed = rows::lines(&system.env, "SELECT id::text AS line FROM messages").await;
    for id in &answered {
        assert!(committed.contains(id), "{id} was answered, not committed");
    }
    // The publisher finished: at most what the broker had not confirmed waits for the relay.
    assert_eq!(
        rows::number(&system.env, "SELECT count(*) AS n FROM outbox").await,
        0
    );
    let faults: Vec<_> = system.api[0]
        .logs()
        .records()
        .into_iter()
        .filter(|line| line["level"] == "ERROR")
        .collect();
    assert!(faults.is_empty(), "{faults:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn idle_connections_do_not_hold_the_end_up() {
    let mut system = start(TestEnv::new().await).await;
    let address = system.api[0].http();
    let mut kept = TcpStream::connect(address).await.unwrap();
    let request = b"GET /.well-known/jwks.json HTTP/1.1\r\nhost: api\r\n\r\n";
    kept.write_all(request).await.unwrap();
    let answer = read_until(&mut kept, "\"sig\"").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    // One that never said anything, and one that never finishes its first line.
    let _silent = TcpStream::connect(address).await.unwrap();
    let mut slow = TcpStream::connect(address).await.unwrap();
    slow.write_all(b"GET /v1/me HT").await.unwrap();
    let began = Instant::now();
    system.api[0].terminate();
    let status = system.api[0].wait_exit(DEADLINE * 2).await;
    assert_eq!(status.code(), Some(0));
    let took = began.elapsed();
    assert!(took < DEADLINE / 2, "it took {took:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_database_does_not_keep_the_process_from_ending() {
    let mut system = start(TestEnv::with_faults().await).await;
    let ada = system.register("ada").await;
    let faults = system.env.faults();
    faults.database.stall();
    faults.broker.stall();
    let asked = tokio::spawn({
        let client = ada.client.clone();
        async move {
            let request = client.request("GET".parse().unwrap(), "/v1/me");
            request.try_send().await.map(|reply| reply.status)
        }
    });
    system.api[0].terminate();
    // Each stage has its deadline; together they are bounded too.
    let status = system.api[0].wait_exit(DEADLINE * 6).await;
    assert_eq!(status.code(), Some(0));
    // It was answered as unavailable, or never got in.
    if let Ok(status) = asked.await.unwrap() {
        assert_eq!(status, 503);
    }
}
