//! Forms that are none, or not this one.

use protocol::problem::Code;
use reqwest::Method;
use serde_json::json;
use testkit::http::{BOUNDARY, form_part};

use super::{known, stored};
use crate::app::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn a_form_holds_one_file_and_nothing_else() {
    let test = TestApp::start().await;
    let ada = test.user("ada").await;
    let post = || ada.client.request(Method::POST, "/v1/uploads");
    let file = form_part("file", "a.txt", b"a");
    for (parts, code) in [
        (Vec::new(), "required"),
        (form_part("file", "a.txt", b""), "required"),
        (form_part("document", "a.txt", b"a"), "unknown_field"),
        ([file.clone(), file.clone()].concat(), "unknown_field"),
        (
            [file.clone(), form_part("caption", "", b"b")].concat(),
            "unknown_field",
        ),
    ] {
        let problem = post().form(&parts).send().await.problem(422, Code::Invalid);
        let [error] = problem.errors.as_slice() else {
            panic!("{problem:?}");
        };
        assert_eq!((error.field.as_str(), error.code.as_str()), ("file", code));
    }
    assert_eq!((known(&test.env).await, stored(&test.env).len()), (0, 0));
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_form_is_told_so() {
    let test = TestApp::start().await;
    let ada = test.user("ada").await;
    let reply = ada.client.post("/v1/uploads", &json!({})).await;
    reply.problem(415, Code::UnsupportedMediaType);
    let whole = [
        form_part("file", "a.txt", b"a"),
        format!("--{BOUNDARY}--\r\n").into_bytes(),
    ]
    .concat();
    let form = format!("multipart/form-data; boundary={BOUNDARY}");
    let cut = whole.get(..whole.len() / 2).unwrap();
    let endless_head = [
        b"--warren-test-boundary\r\n".as_slice(),
        &b"A: b\r\n".repeat(20_000),
    ]
    .concat();
    for (content_type, body) in [
        ("multipart/form-data", whole.as_slice()),
        ("multipart/form-data; boundary=other", &whole),
        (&form, cut),
        (&form, b""),
        (&form, b"nothing of a form"),
        (&form, &endless_head),
    ] {
        let request = ada.client.request(Method::POST, "/v1/uploads");
        let request = request.header("content-type", content_type).body(body);
        let reply = request.send().await;
        // A body of no parts is an empty form to some readers, a broken one to others.
        assert!(matches!(reply.status, 400 | 422), "{content_type}: {reply}");
    }
    let reply = test.client().try_upload("a.txt", b"a").await;
    reply.problem(401, Code::Unauthenticated);
    let reply = ada.client.get("/v1/uploads").await;
    reply.problem(405, Code::MethodNotAllowed);
    assert_eq!((known(&test.env).await, stored(&test.env).len()), (0, 0));
    test.app.stop().await;
}
