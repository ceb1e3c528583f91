//! Request lines and headers.

use std::collections::BTreeSet;

use protocol::problem::Code;
use reqwest::Method;
use testkit::http::send_raw;

use super::{Service, refused};

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_path_is_not_found_as_a_problem() {
    let service = Service::start().await;
    for path in [
        "/",
        "/v1",
        "/v1/",
        "/v1/nothing",
        "/v1/me/",
        "/v1//me",
        "/V1/me",
        "/v1/users/x/y",
        "/v1/auth",
        "/.well-known/openid-configuration",
        "/%00",
        "/v1/%FF",
        "/../etc/passwd",
        "/v1/me%2f",
        "/docs/nothing.js",
    ] {
        for client in [service.client(), service.ada.client.clone()] {
            let reply = client.get(path).await;
            refused(&reply, 404, Code::NotFound, path);
        }
    }
    service.expect_unharmed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_method_is_not_allowed_and_those_that_are_get_named() {
    let service = Service::start().await;
    let chat = service.chat;
    let messages = format!("/v1/conversations/{chat}/messages");
    for (method, path, allow) in [
        ("GET", "/v1/auth/login", "POST"),
        ("DELETE", "/v1/auth/sessions", "GET, HEAD"),
        ("POST", "/v1/me", "GET, HEAD, PATCH, DELETE"),
        ("PUT", messages.as_str(), "POST, GET, HEAD"),
        ("PATCH", "/v1/sync", "POST"),
        ("OPTIONS", "/v1/me", "GET, HEAD, PATCH, DELETE"),
        ("TRACE", "/v1/me", "GET, HEAD, PATCH, DELETE"),
        ("BREW", "/v1/me", "GET, HEAD, PATCH, DELETE"),
        ("POST", "/.well-known/jwks.json", "GET, HEAD"),
        ("POST", "/v1/openapi.json", "GET, HEAD"),
    ] {
        let reply = service
            .ada
            .client
            .request(method.parse().unwrap(), path)
            .send()
            .await;
        refused(
            &reply,
            405,
            Code::MethodNotAllowed,
            &format!("{method} {path}"),
        );
        assert_eq!(reply.header("allow"), allow, "{method} {path}");
    }
    service.expect_unharmed().await;
}

/// The same head, and no body (RFC 9110, section 9.3.2).
#[tokio::test(flavor = "multi_thread")]
async fn what_get_answers_has_its_head_by_head() {
    let service = Service::start().await;
    let client = &service.ada.client;
    let document = client.get("/v1/openapi.json").await.expect(200);
    let chat = service.chat.to_string();
    let mut statuses = BTreeSet::new();
    for (pattern, item) in document.body["paths"].as_object().unwrap() {
        if item.get("get").is_none() {
            continue;
        }
        let parts = pattern.split('/');
        let filled = parts.map(|part| if part.starts_with('{') { &chat } else { part });
        let path = filled.collect::<Vec<_>>().join("/");
        let whole = client.get(&path).await;
        let head = client.request(Method::HEAD, &path).send().await;
        assert_eq!(head.status, whole.status, "{path}");
        for name in ["content-type", "content-length"] {
            assert_eq!(head.header(name), whole.header(name), "{name} of {path}");
        }
        assert!(head.bytes.is_empty(), "{path}");
        statuses.insert(whole.status);
    }
    assert!(
        statuses.contains(&200) && statuses.contains(&404),
        "{statuses:?}"
    );
    service.expect_unharmed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_no_http_is_refused_without_harm() {
    let service = Service::start().await;
    let address = service.address();
    let huge_value = "x".repeat(200_000);
    let many: String = (0..500).map(|i| format!("x-{i}: 1\r\n")).collect();
    let long_path = "y".repeat(200_000);
    for (sent, statuses) in [
        (
            format!("GET /v1/me HTTP/1.1\r\nhost: a\r\nx-huge: {huge_value}\r\n\r\n"),
            &[400, 413, 431][..],
        ),
        (
            format!("GET /v1/me HTTP/1.1\r\nhost: a\r\n{many}\r\n"),
            &[400, 431],
        ),
        (
            format!("GET /{long_path} HTTP/1.1\r\nhost: a\r\n\r\n"),
            &[400, 404, 414, 431],
        ),
        ("nonsense\r\n\r\n".to_owned(), &[400]),
        ("GET /v1/me HTTP/9.9\r\n\r\n".to_owned(), &[400, 505]),
        (
            "GET /v1/me HTTP/1.1\r\nhost: a\r\nbad header\r\n\r\n".to_owned(),
            &[400],
        ),
        (
            "POST /v1/auth/login HTTP/1.1\r\nhost: a\r\ncontent-length: -1\r\n\r\n".to_owned(),
            &[400],
        ),
        (
            "POST /v1/auth/login HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\
             content-length: 20\r\n\r\n{}"
                .to_owned(),
            &[400],
        ),
        (
            "POST /v1/auth/login HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\
             transfer-encoding: chunked\r\n\r\n0\r\n\r\n"
                .to_owned(),
            &[400, 415],
        ),
        (
            "GET /v1/me HTTP/1.1\r\nhost: a\r\nauthorization: Bearer \u{0}\r\n\r\n".to_owned(),
            &[400],
        ),
    ] {
        let reply = send_raw(&address, sent.as_bytes()).await;
        let beginning: String = sent.chars().take(100).collect();
        let status = reply.status.unwrap_or(0);
        assert!(
            statuses.contains(&status),
            "{beginning:?}: {status} {}",
            reply.text
        );
    }
    service.expect_unharmed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_header_that_is_large_but_fits_is_harmless() {
    let service = Service::start().await;
    let client = service
        .ada
        .client
        .with_header("cookie", &format!("theme={}", "x".repeat(16_000)))
        .with_header("x-forwarded-for", &"1.2.3.4, ".repeat(1000))
        .with_header("origin", &"o".repeat(5000))
        .with_header("x-request-id", &"r".repeat(5000));
    let reply = client.get("/v1/me").await.expect(200);
    assert_eq!(reply.header("x-request-id").len(), 32);
    service.expect_unharmed().await;
}
