//! The name of a request.

use protocol::problem::Code;
use serde_json::json;

use crate::app::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn a_fit_request_id_is_kept_and_any_other_replaced() {
    let test = TestApp::start().await;
    let client = test.client();
    let longest = "x".repeat(64);
    for id in ["a", "A-b_c.9", &longest] {
        let named = client.with_header("x-request-id", id);
        let reply = named.get("/v1/openapi.json").await.expect(200);
        assert_eq!(reply.header("x-request-id"), id);
        let problem = named
            .get("/v1/me")
            .await
            .problem(401, Code::Unauthenticated);
        assert_eq!(problem.request_id, id);
    }
    let too_long = "x".repeat(65);
    let mut made = std::collections::BTreeSet::new();
    for unfit in [
        &b""[..],
        b"a b",
        b"a,b",
        b"a/b",
        b"<script>",
        b"\xff",
        too_long.as_bytes(),
    ] {
        let request = client.request("GET".parse().unwrap(), "/v1/openapi.json");
        let reply = request.header("x-request-id", unfit).send().await;
        let reply = reply.expect(200);
        let id = reply.header("x-request-id").to_owned();
        assert_ne!(id.as_bytes(), unfit);
        assert_eq!(id.len(), 32, "{id}");
        made.insert(id);
    }
    assert_eq!(made.len(), 7, "{made:?}");
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_answer_has_a_request_id() {
    let test = TestApp::start().await;
    let ada = test.user("ada").await;
    let client = test.client();
    for reply in [
        client.get("/nothing").await,
        client.get("/v1/auth/login").await,
        client.get("/docs").await,
        client.get("/docs/").await,
        client.get("/.well-known/jwks.json").await,
        client.post("/v1/auth/login", &json!([])).await,
        ada.client.get("/v1/me").await,
        ada.client.post("/v1/auth/logout", &json!({})).await,
    ] {
        assert_eq!(reply.header("x-request-id").len(), 32, "{reply}");
    }
    test.app.stop().await;
}
