//! How bytes are given out.

use api::files::signing::Variant;
use chrono::{TimeDelta, Utc};
use protocol::problem::Code;
use reqwest::Method;
use testkit::http::{Reply, Request};

use super::signed;
use crate::app::TestApp;

const TEXT: &[u8] = b"0123456789abcdefghij";

#[track_caller]
fn assert_safe(reply: &Reply) {
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "default-src 'none'; sandbox"),
        ("cross-origin-resource-policy", "same-origin"),
        ("accept-ranges", "bytes"),
    ] {
        assert_eq!(reply.header(name), value, "{reply}");
    }
    let kept = reply.header("cache-control");
    assert!(
        kept.starts_with("private, max-age=") && kept.ends_with(", immutable"),
        "{kept}"
    );
    assert!(reply.header("etag").starts_with('"'), "{reply}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_gives_the_file_or_a_part_of_it() {
    let test = TestApp::start().await;
    let ada = test.user("ada").await;
    let file = ada.client.upload("digits.txt", TEXT).await;
    let at = signed(&ada, file.id).await;
    assert!(at.starts_with(&format!("/v1/files/{}?", file.id)), "{at}");
    assert_eq!(
        signed(&ada, file.id).await,
        at,
        "the same for everyone within a window"
    );
    let client = test.client();
    let get = || client.request(Method::GET, &at);

    let whole = get().send().await.expect(200);
    assert_safe(&whole);
    assert_eq!(
        (whole.bytes.as_slice(), whole.header("content-length")),
        (TEXT, "20")
    );
    let tag = whole.header("etag").to_owned();

    let parts: [(&str, Request, u16, &[u8], &str); 6] = [
        (
            "first",
            get().header("range", "bytes=0-4"),
            206,
            b"01234",
            "bytes 0-4/20",
        ),
        (
            "last",
            get().header("range", "bytes=-3"),
            206,
            b"hij",
            "bytes 17-19/20",
        ),
        (
            "rest",
            get().header("range", "bytes=18-100"),
            206,
            b"ij",
            "bytes 18-19/20",
        ),
        ("two", get().header("range", "bytes=0-1,3-4"), 200, TEXT, ""),
        (
            "beyond",
            get().header("range", "bytes=20-"),
            416,
            b"",
            "bytes */20",
        ),
        (
            "same",
            get().header("range", "bytes=0-4").header("if-range", &tag),
            206,
            b"01234",
            "bytes 0-4/20",
        ),
    ];
    for (what, request, status, bytes, range) in parts {
        let reply = request.send().await.expect(status);
        assert_safe(&reply);
        assert_eq!(
            (reply.bytes.as_slice(), reply.header("content-range")),
            (bytes, range),
            "{what}"
        );
    }
    let other = get()
        .header("range", "bytes=0-4")
        .header("if-range", "\"other\"");
    assert_eq!(other.send().await.expect(200).bytes, TEXT);
    let known = get().header("if-none-match", &tag).send().await.expect(304);
    assert_safe(&known);
    assert!(known.bytes.is_empty());

    let head = client.request(Method::HEAD, &at).send().await.expect(200);
    assert_safe(&head);
    assert_eq!((head.bytes.len(), head.header("content-length")), (0, "20"));
    let head = client
        .request(Method::HEAD, &at)
        .header("range", "bytes=0-4")
        .send()
        .await;
    assert_eq!(head.expect(206).header("content-length"), "5");
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_never_compressed_on_its_way() {
    let test = TestApp::start().await;
    let ada = test.user("ada").await;
    let text = "the same again and again ".repeat(1000);
    let file = ada.client.upload("long.txt", text.as_bytes()).await;
    let at = signed(&ada, file.id).await;
    let request = test.client().request(Method::GET, &at);
    let reply = request
        .header("accept-encoding", "gzip, br")
        .send()
        .await
        .expect(200);
    assert_eq!(reply.bytes, text.as_bytes());
    assert_eq!(reply.header("content-length"), text.len().to_string());
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_was_not_given_out_opens_nothing() {
    let test = TestApp::start().await;
    let ada = test.user("ada").await;
    let (file, other) = (
        ada.client.upload("a.txt", b"a").await,
        ada.client.upload("b.txt", b"b").await,
    );
    let at = signed(&ada, file.id).await;
    let path = format!("/v1/files/{}", file.id);
    for forged in [
        path.clone(),
        format!("{path}?variant=original"),
        format!("{at}x"),
        at.replace("variant=original", "variant=thumbnail"),
        at.replace("variant=original", "variant=other"),
        at.replace("expires=", "expires=9"),
        at.replace("expires=", "expires=-"),
        at.replace(&file.id.to_string(), &other.id.to_string()),
    ] {
        test.client()
            .get(&forged)
            .await
            .problem(403, Code::Forbidden);
        // A token is no way around it.
        ada.client.get(&forged).await.problem(403, Code::Forbidden);
    }
    // Given out by this very service, until a moment ago.
    let signer = &test.app.state.files.signer;
    let now = Utc::now();
    for (end, status) in [(now + TimeDelta::minutes(1), 200), (now, 403)] {
        let url = signer.url(file.id, Variant::Original, end);
        let reply = test.client().get(&url).await;
        assert_eq!(reply.status, status, "{reply}");
    }
    test.client()
        .get("/v1/files/nothing")
        .await
        .problem(400, Code::Malformed);
    let post = test.client().post(&at, &serde_json::json!({})).await;
    post.problem(405, Code::MethodNotAllowed);
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_process_with_the_same_secret_knows_the_address() {
    let test = TestApp::start().await;
    let other = test.another(&[]).await;
    let ada = test.user("ada").await;
    let file = ada.client.upload("a.txt", b"a").await;
    let at = signed(&ada, file.id).await;
    let there = test.client().at(format!("http://{}", other.http));
    assert_eq!(there.get(&at).await.expect(200).bytes, b"a");
    other.stop().await;
    test.app.stop().await;
}
