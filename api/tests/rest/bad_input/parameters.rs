//! Path and query parameters.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use protocol::ids::ConversationId;
use protocol::problem::Code;
use serde_json::{Value, json};

use super::{Service, refused};

#[tokio::test(flavor = "multi_thread")]
async fn an_id_that_is_none_is_malformed() {
    let service = Service::start().await;
    let long = "0".repeat(5000);
    for id in [
        "1",
        "me",
        "00000000-0000-0000-0000-00000000000g",
        "00000000-0000-0000-0000-0000000000000",
        "%00",
        "%FF%FE",
        "..",
        "%2e%2e",
        "'%20OR%201=1",
        &long,
    ] {
        for (method, path) in [
            ("GET", format!("/v1/users/{id}")),
            ("DELETE", format!("/v1/auth/sessions/{id}")),
            ("PUT", format!("/v1/blocks/{id}")),
            ("DELETE", format!("/v1/blocks/{id}")),
            ("PUT", format!("/v1/contacts/{id}")),
            ("DELETE", format!("/v1/contacts/{id}")),
            ("DELETE", format!("/v1/friends/{id}")),
            ("DELETE", format!("/v1/friend-requests/{id}")),
            ("POST", format!("/v1/friend-requests/{id}/accept")),
            ("POST", format!("/v1/friend-requests/{id}/decline")),
            ("GET", format!("/v1/groups/{id}")),
            ("DELETE", format!("/v1/groups/{id}")),
            ("POST", format!("/v1/groups/{id}/join")),
            ("POST", format!("/v1/groups/{id}/leave")),
            ("GET", format!("/v1/groups/{id}/members")),
            ("DELETE", format!("/v1/groups/{id}/members/{id}")),
            ("GET", format!("/v1/groups/{id}/bans")),
            ("PUT", format!("/v1/groups/{id}/bans/{id}")),
            ("GET", format!("/v1/groups/{id}/invites")),
            ("DELETE", format!("/v1/channels/{id}")),
            ("GET", format!("/v1/conversations/{id}")),
            ("DELETE", format!("/v1/conversations/{id}")),
            ("GET", format!("/v1/conversations/{id}/messages")),
            ("GET", format!("/v1/conversations/{id}/changes?since=0")),
            ("GET", format!("/v1/conversations/{id}/receipts")),
            ("POST", format!("/v1/conversations/{id}/clear")),
        ] {
            if id == ".." || id == "%2e%2e" {
                // Clients resolve those: another path, of which the answer is a problem as well.
                let request = service.ada.client.request(method.parse().unwrap(), &path);
                let reply = request.send().await;
                assert!(matches!(reply.status, 400 | 404 | 405), "{path}: {reply}");
                continue;
            }
            let request = service.ada.client.request(method.parse().unwrap(), &path);
            let reply = request.send().await;
            refused(&reply, 400, Code::Malformed, &format!("{method} {path}"));
        }
    }
    service.expect_unharmed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_cannot_be_is_malformed_on_every_list() {
    let service = Service::start().await;
    let chat = service.chat;
    let lists = [
        "/v1/auth/sessions?".to_owned(),
        "/v1/users?q=a&".to_owned(),
        "/v1/blocks?".to_owned(),
        "/v1/contacts?".to_owned(),
        "/v1/friends?".to_owned(),
        "/v1/friend-requests?".to_owned(),
        "/v1/groups?".to_owned(),
        "/v1/groups/discover?q=a&".to_owned(),
        "/v1/conversations?".to_owned(),
        format!("/v1/conversations/{chat}/receipts?"),
    ];
    let encode = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let id = ConversationId::new();
    let cursors = [
        String::new(),
        "nonsense".to_owned(),
        "%00".to_owned(),
        "=".repeat(3),
        "A".repeat(4000),
        encode(json!(null)),
        encode(json!([])),
        encode(json!({})),
        encode(json!("x")),
        // Right in shape, and what Postgres cannot hold.
        encode(json!(["-262143-01-01T00:00:00Z", id])),
        encode(json!(["a\u{0}", id])),
        encode(json!([false, null, "-262143-01-01T00:00:00Z", id])),
        encode(json!([[false, null, "-262143-01-01T00:00:00Z"], id])),
        encode(json!("a\u{0}")),
    ];
    for list in &lists {
        for limit in ["0", "101", "-1", "1.5", "ten", "", "99999999999999999999"] {
            let path = format!("{list}limit={limit}");
            let reply = service.ada.client.get(&path).await;
            refused(&reply, 400, Code::Malformed, &path);
        }
        for cursor in &cursors {
            let path = format!("{list}cursor={cursor}");
            let reply = service.ada.client.get(&path).await;
            // What is a time to one list is a name to another, and a good one.
            let by_name = ["/v1/users", "/v1/friends?"];
            if reply.status != 200 || !by_name.iter().any(|name| list.starts_with(name)) {
                refused(&reply, 400, Code::Malformed, &path);
            }
        }
        let path = format!("{list}limit=1&limit=2");
        let reply = service.ada.client.get(&path).await;
        refused(&reply, 400, Code::Malformed, &path);
    }
    // A place at the ends of what a time can be is one like others; beyond, there is none.
    let place = |active_at: &str| {
        let cursor = encode(json!({ "band": 0, "pin": 0, "active_at": active_at, "id": id }));
        format!("/v1/conversations?cursor={cursor}")
    };
    for active_at in ["0000-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"] {
        let path = place(active_at);
        service.ada.client.get(&path).await.expect(200);
    }
    let path = place("-262143-01-01T00:00:00Z");
    let reply = service.ada.client.get(&path).await;
    refused(&reply, 400, Code::Malformed, &path);
    service.expect_unharmed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_in_the_timeline_that_cannot_be_is_malformed() {
    let service = Service::start().await;
    let chat = service.chat;
    for query in [
        "before=x",
        "after=1.5",
        "around=",
        "before=1&after=2",
        "before=1&around=1",
        "after=99999999999999999999",
        "limit=0",
        "limit=101",
        "before=%FF",
    ] {
        let path = format!("/v1/conversations/{chat}/messages?{query}");
        let reply = service.ada.client.get(&path).await;
        refused(&reply, 400, Code::Malformed, &path);
    }
    for query in [
        "",
        "since=x",
        "since=1.5",
        "since=0&limit=0",
        "since=0&limit=101",
    ] {
        let path = format!("/v1/conversations/{chat}/changes?{query}");
        let reply = service.ada.client.get(&path).await;
        refused(&reply, 400, Code::Malformed, &path);
    }
    // The ends of what a number can be are places like others.
    for place in [i64::MIN, -1, 0, i64::MAX] {
        for of in ["before", "after", "around"] {
            let path = format!("/v1/conversations/{chat}/messages?{of}={place}");
            let reply = service.ada.client.get(&path).await;
            assert!(matches!(reply.status, 200 | 400), "{path}: {reply}");
        }
        let path = format!("/v1/conversations/{chat}/changes?since={place}");
        let reply = service.ada.client.get(&path).await;
        assert!(matches!(reply.status, 200 | 400), "{path}: {reply}");
    }
    for query in ["archived=maybe", "archived=1", "archived="] {
        let path = format!("/v1/conversations?{query}");
        let reply = service.ada.client.get(&path).await;
        refused(&reply, 400, Code::Malformed, &path);
    }
    let many = vec![ConversationId::new().to_string(); 201].join(",");
    for ids in ["x", "%00", ",", &many] {
        let path = format!("/v1/presence?user_ids={ids}");
        let reply = service.ada.client.get(&path).await;
        refused(&reply, 400, Code::Malformed, &path);
    }
    service.expect_unharmed().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_conversation_is_not_found_by_any_route() {
    let service = Service::start().await;
    let eve = service.system.register("eve").await;
    let client_id = ConversationId::new();
    for id in [service.chat, ConversationId::new()] {
        let base = format!("/v1/conversations/{id}");
        for (method, path, body) in [
            ("GET", base.clone(), None),
            ("DELETE", base.clone(), None),
            (
                "PATCH",
                format!("{base}/me"),
                Some(json!({ "archived": true })),
            ),
            ("POST", format!("{base}/clear"), None),
            (
                "POST",
                format!("{base}/receipts"),
                Some(json!({ "read_seq": 1 })),
            ),
            ("GET", format!("{base}/receipts"), None),
            ("GET", format!("{base}/messages"), None),
            (
                "POST",
                format!("{base}/messages"),
                Some(json!({ "client_id": client_id, "body": "hello" })),
            ),
            ("GET", format!("{base}/changes?since=0"), None),
        ] {
            let mut request = eve.client.request(method.parse().unwrap(), &path);
            if let Some(body) = &body {
                request = request.json(body);
            }
            let reply = request.send().await;
            refused(&reply, 404, Code::NotFound, &format!("{method} {path}"));
        }
    }
    service.expect_unharmed().await;
}
