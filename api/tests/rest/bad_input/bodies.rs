//! Bodies.

use protocol::ids::{ClientId, UserId};
use protocol::limits;
use protocol::problem::Code;
use serde_json::{Value, json};
use testkit::http::{Reply, send_raw};

use super::{Service, refused, routes_with_body, send};

const LEVELS: usize = 10_000;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_json_is_malformed_on_every_route() {
    let service = Service::start().await;
    let unclosed = "[".repeat(LEVELS);
    let bodies: [&[u8]; 10] = [
        b"{",
        b"nonsense",
        b"{}{}",
        b"{'username': 'ada'}",
        b"{\"username\": \"ada\",}",
        b"{\"username\": \"\xff\xfe\"}",
        b"{\"username\": \"\xed\xa0\x80\"}",
        b"{\"username\": \"a\nb\"}",
        b"{\"username\": \"\\ud800\"",
        unclosed.as_bytes(),
    ];
    for (client, method, path) in routes_with_body(&service) {
        for body in bodies {
            let reply = send(&client, method, &path, body).await;
            let sent = format!("{method} {path} {}", String::from_utf8_lossy(body));
            refused(&reply, 400, Code::Malformed, &sent);
        }
    }
    service.expect_unharmed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn json_of_another_shape_is_invalid_on_every_route() {
    let service = Service::start().await;
    let deep_list = format!("{}{}", "[".repeat(LEVELS), "]".repeat(LEVELS));
    let deep_object = format!("{}1{}", r#"{"a":"#.repeat(LEVELS), "}".repeat(LEVELS));
    let deep_field = format!(r#"{{"deep": {deep_list}}}"#);
    let bodies = [
        "null",
        "true",
        "7",
        "\"text\"",
        "[]",
        "[{}]",
        r#"{"no_such_field": 1}"#,
        r#"{"": 1}"#,
        &deep_list,
        &deep_object,
        &deep_field,
    ];
    for (client, method, path) in routes_with_body(&service) {
        for body in bodies {
            let reply = send(&client, method, &path, body).await;
            refused(
                &reply,
                422,
                Code::Invalid,
                &format!("{method} {path} {body}"),
            );
            let errors = reply.body["errors"].as_array().unwrap();
            assert!(!errors.is_empty(), "{reply}");
        }
    }
    service.expect_unharmed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_over_the_limit_is_too_large_however_it_is_sent() {
    let service = Service::start().await;
    let body = format!(r#"{{"username": "{}"}}"#, "a".repeat(limits::BODY_BYTES));
    for (client, method, path) in routes_with_body(&service) {
        if path == "/v1/sync" {
            continue;
        }
        let reply = send(&client, method, &path, body.as_str()).await;
        refused(&reply, 413, Code::TooLarge, &path);
    }
    // In chunks, nothing says how much will come.
    let mut raw = format!(
        "POST /v1/auth/login HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\n\
         transfer-encoding: chunked\r\n\r\n",
        service.address()
    );
    for chunk in body.as_bytes().chunks(8192) {
        raw.push_str(&format!("{:x}\r\n", chunk.len()));
        raw.push_str(std::str::from_utf8(chunk).unwrap());
        raw.push_str("\r\n");
    }
    raw.push_str("0\r\n\r\n");
    let reply = send_raw(&service.address(), raw.as_bytes()).await;
    assert_eq!(reply.status, Some(413), "{}", reply.text);
    assert!(reply.text.contains("\"too_large\""), "{}", reply.text);
    // A lie about the length is believed and refused.
    let raw = format!(
        "POST /v1/auth/login HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\n\
         content-length: 99999999999\r\n\r\n{{}}",
        service.address()
    );
    let reply = send_raw(&service.address(), raw.as_bytes()).await;
    assert_eq!(reply.status, Some(413), "{}", reply.text);
    // At the limit it is read.
    let padding = limits::BODY_BYTES - 2;
    let reply = send(
        &service.client(),
        "POST",
        "/v1/auth/login",
        format!("{{{}}}", " ".repeat(padding)),
    )
    .await;
    refused(&reply, 422, Code::Invalid, "spaces");
    // A sync may say more, and still not everything.
    let known: serde_json::Map<String, Value> = (0..2000)
        .map(|_| {
            let known = json!({ "rev": 1, "me_version": 1 });
            (UserId::new().to_string(), known)
        })
        .collect();
    let sync = json!({ "known": known });
    let reply = service.ada.client.post("/v1/sync", &sync).await;
    assert!(sync.to_string().len() > limits::BODY_BYTES);
    assert_eq!(
        reply.expect(200).body["removed"].as_array().unwrap().len(),
        2000
    );
    let long = format!("{{{}}}", " ".repeat(limits::SYNC_BODY_BYTES));
    let reply = send(&service.ada.client, "POST", "/v1/sync", long).await;
    refused(&reply, 413, Code::TooLarge, "/v1/sync");
    service.expect_unharmed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_not_json_by_its_type_is_not_read() {
    let service = Service::start().await;
    for (client, method, path) in routes_with_body(&service) {
        for content_type in [
            None,
            Some("text/plain"),
            Some("application/x-www-form-urlencoded"),
            Some("application/jsonp"),
            Some("json"),
            Some("\u{ff}"),
        ] {
            let mut request = client
                .request(method.parse().unwrap(), &path)
                .body(r#"{"a": 1}"#);
            if let Some(content_type) = content_type {
                request = request.header("content-type", content_type);
            }
            let reply = request.send().await;
            let sent = format!("{method} {path} {content_type:?}");
            refused(&reply, 415, Code::UnsupportedMediaType, &sent);
        }
        // With parameters, and in capitals, it is JSON all the same.
        let request = client.request(method.parse().unwrap(), &path);
        let request = request.header("content-type", "Application/JSON; charset=utf-8");
        let reply = request.body(r#"{"no_such_field": 1}"#).send().await;
        refused(&reply, 422, Code::Invalid, &path);
    }
    service.expect_unharmed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_body_is_malformed_where_one_is_needed() {
    let service = Service::start().await;
    for (client, method, path) in routes_with_body(&service) {
        let reply = send(&client, method, &path, "").await;
        let bare = client.request(method.parse().unwrap(), &path).send().await;
        if path == "/v1/auth/refresh" {
            refused(&reply, 401, Code::Unauthenticated, &path);
            refused(&bare, 401, Code::Unauthenticated, &path);
        } else if path.starts_with("/v1/contacts") {
            // A contact needs no alias.
            reply.expect(201);
            bare.expect(200);
        } else {
            refused(&reply, 400, Code::Malformed, &path);
            refused(&bare, 415, Code::UnsupportedMediaType, &path);
        }
    }
    service.expect_unharmed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_ends_early_changes_nothing() {
    let service = Service::start().await;
    for head in ["content-length: 500", "transfer-encoding: chunked"] {
        let raw = format!(
            "PATCH /v1/me HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\n\
             content-type: application/json\r\n{head}\r\n\r\n5\r\n{{\"abo",
            service.address(),
            service.ada.access_token
        );
        let mut stream = tokio::net::TcpStream::connect(service.address())
            .await
            .unwrap();
        tokio::io::AsyncWriteExt::write_all(&mut stream, raw.as_bytes())
            .await
            .unwrap();
        tokio::io::AsyncWriteExt::shutdown(&mut stream)
            .await
            .unwrap();
        let mut answer = Vec::new();
        // The server may answer 400 or hang up: the one who spoke has gone.
        _ = tokio::io::AsyncReadExt::read_to_end(&mut stream, &mut answer).await;
        let answer = String::from_utf8_lossy(&answer);
        assert!(
            answer.is_empty() || answer.starts_with("HTTP/1.1 400"),
            "{answer}"
        );
    }
    service.expect_unharmed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_of_another_type_is_named() {
    let service = Service::start().await;
    let (anonymous, ada) = (service.client(), service.ada.client.clone());
    let messages = format!("/v1/conversations/{}/messages", service.chat);
    let view = format!("/v1/conversations/{}/me", service.chat);
    let receipts = format!("/v1/conversations/{}/receipts", service.chat);
    let id = ClientId::new();
    let odd = [json!(7), json!(true), json!([]), json!({}), json!(null)];
    for value in &odd {
        for (client, method, path, field, body) in [
            (
                &anonymous,
                "POST",
                "/v1/auth/register",
                "username",
                json!({ "username": value, "password": "correct horse" }),
            ),
            (
                &anonymous,
                "POST",
                "/v1/auth/login",
                "password",
                json!({ "username": "ada", "password": value }),
            ),
            (
                &ada,
                "DELETE",
                "/v1/me",
                "password",
                json!({ "password": value }),
            ),
            (
                &ada,
                "POST",
                "/v1/conversations",
                "user_id",
                json!({ "user_id": value }),
            ),
            (
                &ada,
                "POST",
                &messages,
                "client_id",
                json!({ "client_id": value, "body": "hello" }),
            ),
        ] {
            let reply = send(client, method, path, body.to_string()).await;
            refused(&reply, 422, Code::Invalid, &format!("{path} {body}"));
            assert_eq!(reply.body["errors"][0]["field"], field, "{reply}");
        }
    }
    let named = |reply: Reply, field: &str, sent: Value| {
        refused(&reply, 422, Code::Invalid, &sent.to_string());
        assert_eq!(reply.body["errors"][0]["field"], field, "{sent}: {reply}");
    };
    for (body, field) in [
        (json!({ "client_id": "one", "body": "hello" }), "client_id"),
        (json!({ "client_id": id, "body": 7 }), "body"),
        (json!({ "client_id": id, "body": "" }), "body"),
        (json!({ "client_id": id, "body": " \n " }), "body"),
        (json!({ "client_id": id, "body": "a\u{0}b" }), "body"),
        (json!({ "client_id": id, "body": "a\u{7f}b" }), "body"),
        (json!({ "client_id": id, "body": "x".repeat(4001) }), "body"),
    ] {
        named(ada.post(&messages, &body).await, field, body);
    }
    for (body, field) in [
        (json!({ "archived": "yes" }), "archived"),
        (json!({ "pinned": 1 }), "pinned"),
        (json!({ "muted_until": "tomorrow" }), "muted_until"),
        (json!({ "muted_until": 1e18 }), "muted_until"),
        (
            json!({ "muted_until": "-262143-01-01T00:00:00Z" }),
            "muted_until",
        ),
        (json!({ "unread_from_seq": "1" }), "unread_from_seq"),
        (json!({ "unread_from_seq": 0.5 }), "unread_from_seq"),
        (
            json!({ "pin_position": 99_999_999_999_i64 }),
            "pin_position",
        ),
    ] {
        named(ada.patch(&view, &body).await, field, body);
    }
    for (body, field) in [
        (json!({ "read_seq": "1" }), "read_seq"),
        (json!({ "read_seq": -1 }), "read_seq"),
        (json!({ "read_seq": 1 }), "read_seq"),
        (json!({ "delivered_seq": i64::MAX }), "delivered_seq"),
        (json!({ "read_seq": 1.5 }), "read_seq"),
    ] {
        named(ada.post(&receipts, &body).await, field, body);
    }
    let huge = format!(r#"{{"read_seq": {}}}"#, "9".repeat(400));
    let reply = send(&ada, "POST", &receipts, huge.as_str()).await;
    refused(&reply, 422, Code::Invalid, &huge);
    service.expect_unharmed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_given_twice_is_invalid() {
    let service = Service::start().await;
    let body = r#"{"username": "ada", "username": "eve", "password": "correct horse battery"}"#;
    let reply = send(&service.client(), "POST", "/v1/auth/login", body).await;
    refused(&reply, 422, Code::Invalid, body);
    service.expect_unharmed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn text_beyond_every_limit_is_invalid_and_not_repeated() {
    let service = Service::start().await;
    let long = "y".repeat(60_000);
    let register = |field: &str| {
        let mut body = json!({ "username": "eve", "password": "correct horse battery" });
        body[field] = json!(long);
        body
    };
    let client = service.client();
    for field in ["username", "password", "display_name", "device", "invite"] {
        let body = register(field);
        let reply = client.post("/v1/auth/register", &body).await;
        refused(&reply, 422, Code::Invalid, field);
        assert_eq!(reply.body["errors"][0]["field"], field);
        assert!(reply.body.to_string().len() < 2000, "{field}: {reply}");
    }
    // A session kind, and a field's name, are quoted by the parser: not without an end.
    for body in [
        register("session"),
        json!({ "username": "a", "password": "b", long.clone(): 1 }),
    ] {
        let reply = client.post("/v1/auth/register", &body).await;
        refused(&reply, 422, Code::Invalid, "a long name");
        assert!(
            reply.body.to_string().len() < 2000,
            "{} bytes",
            reply.body.to_string().len()
        );
    }
    // What need not obey rules is only wrong.
    let (name, password) = long.split_at(long.len() / 2);
    let login = json!({ "username": name, "password": password });
    let reply = client.post("/v1/auth/login", &login).await;
    refused(&reply, 401, Code::BadCredentials, "a long login");
    let refresh = json!({ "refresh_token": long });
    let reply = client.post("/v1/auth/refresh", &refresh).await;
    refused(&reply, 401, Code::Unauthenticated, "a long token");
    service.expect_unharmed().await;
}
