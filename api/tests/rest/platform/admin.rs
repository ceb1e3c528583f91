//! The admin port.

use std::time::Duration;

use protocol::internal::{
    REVOCATIONS_PATH, ROUTES_PATH, RevocationsResponse, RoutesResponse, SessionRef, VISIBLE_PATH,
    VisibleResponse,
};
use protocol::problem::Code;
use reqwest::Method;
use serde_json::json;
use testkit::TestEnv;
use testkit::http::{Client, Reply};
use testkit::proxy::Proxy;

use crate::app::TestApp;

const SOON: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread")]
async fn a_dependency_that_is_down_is_named_until_it_is_back() {
    let test = TestApp::on(TestEnv::with_faults().await, &[]).await;
    let admin = Client::anonymous(test.admin());
    let ready = admin.get("/readyz").await.expect(200);
    assert_eq!(ready.body, json!({ "status": "ready" }));
    let faults = test.env.faults();
    let dependencies: [(&str, &Proxy); 3] = [
        ("postgres", &faults.database),
        ("rabbitmq", &faults.broker),
        ("memcached", &faults.presence),
    ];
    for (name, proxy) in dependencies {
        proxy.cut();
        let reply = testkit::eventually(SOON, || async {
            let reply = admin.get("/readyz").await;
            if reply.status == 503 {
                Ok(reply)
            } else {
                Err(reply.body)
            }
        })
        .await;
        assert_eq!(reply.body["status"], "unready");
        let named: Vec<&String> = reply.body["faults"].as_object().unwrap().keys().collect();
        assert_eq!(named, [name], "{reply}");
        // The process itself is well: nobody should restart it.
        admin.get("/healthz").await.expect(200);
        proxy.restore();
        testkit::eventually(SOON, || async {
            let reply = admin.get("/readyz").await;
            if reply.status == 200 {
                Ok(())
            } else {
                Err(reply.body)
            }
        })
        .await;
    }
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_begins_without_broker_and_memcached_but_not_without_a_database() {
    let test = TestApp::on(TestEnv::with_faults().await, &[]).await;
    let faults = test.env.faults();
    for proxy in [&faults.database, &faults.broker, &faults.presence] {
        proxy.cut();
    }
    let late = test.another(&[]).await;
    let admin = Client::anonymous(format!("http://{}", late.admin));
    let reply = admin.get("/startz").await.expect(503);
    assert_eq!(reply.body["status"], "starting");
    let named: Vec<&String> = reply.body["faults"].as_object().unwrap().keys().collect();
    assert_eq!(named, ["postgres", "revocations"], "{}", reply.body);
    faults.database.restore();
    let started = json!({ "status": "started" });
    testkit::eventually(SOON, || async {
        let reply = admin.get("/startz").await;
        if reply.body == started {
            Ok(())
        } else {
            Err(reply.body)
        }
    })
    .await;
    admin.get("/readyz").await.expect(503);
    // It serves, and messages are committed.
    let people = Client::anonymous(format!("http://{}", late.http));
    let (ada, bob) = (people.register("ada").await, people.register("bob").await);
    let chat = ada.client.direct(bob.id()).await.shared.id;
    ada.client.send(chat, "hello").await;
    // What has begun is not to be begun anew because the database is away.
    faults.database.cut();
    let reply = admin.get("/startz").await.expect(200);
    assert_eq!(reply.body, started);
    faults.database.restore();
    late.stop().await;
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_database_is_unavailable_and_not_a_fault() {
    let settings = &[("WARREN_DATABASE_POOL_TIMEOUT_MS", "2000")];
    let test = TestApp::on(TestEnv::with_faults().await, settings).await;
    let ada = test.user("ada").await;
    test.env.faults().database.cut();
    for reply in [
        ada.client.get("/v1/me").await,
        ada.client.get("/v1/conversations").await,
        test.client()
            .try_login("ada", "correct horse battery")
            .await,
    ] {
        let problem = reply.problem(503, Code::Unavailable);
        assert!(!problem.detail.to_lowercase().contains("postgres"));
    }
    test.env.faults().database.restore();
    testkit::eventually(SOON, || async {
        ada.client.get("/v1/me").await.status == 200
    })
    .await;
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_metrics_that_dashboards_are_built_on_are_there() {
    let test = TestApp::start().await;
    let (ada, bob) = (test.user("ada").await, test.user("bob").await);
    let chat = ada.client.direct(bob.id()).await.shared.id;
    ada.client.send(chat, "hello").await;
    let failed = test.client().try_login("ada", "wrong horse").await;
    failed.problem(401, Code::BadCredentials);
    let missing = test.client().get("/no/such/path").await;
    missing.problem(404, Code::NotFound);
    let want = [
        "warren_messages_committed_total ",
        "warren_auth_requests_total{result=\"registered\"} ",
        "warren_auth_requests_total{result=\"bad_credentials\"} ",
        "warren_commit_batch_size_bucket{le=\"1\"} ",
        "warren_commit_duration_seconds_count ",
        "warren_outbox_pending ",
        "warren_publish_confirm_seconds_bucket{le=",
        "warren_deadlocks_total ",
        "warren_api_http_request_duration_seconds_bucket{route=\"/v1/conversations/{id}/messages\",status_class=\"2xx\",le=",
        "warren_api_http_request_duration_seconds_count{route=\"/v1/auth/login\",status_class=\"4xx\"} ",
        "warren_api_http_request_duration_seconds_count{route=\"unknown\",status_class=\"4xx\"} ",
    ];
    // The publisher counts when the broker has confirmed.
    let text = testkit::eventually(SOON, || async {
        let reply = Client::anonymous(test.admin()).get("/metrics").await;
        let text = reply.expect(200).body.as_str().unwrap().to_owned();
        let missing: Vec<_> = want.iter().filter(|name| !text.contains(**name)).collect();
        if missing.is_empty() {
            Ok(text)
        } else {
            Err(format!("{missing:?} not in\n{text}"))
        }
    })
    .await;
    // A label with an id in it would make a series for each of them.
    for id in [
        ada.id().to_string(),
        chat.to_string(),
        ada.session_id.to_string(),
        "/no/such/path".to_owned(),
    ] {
        assert!(!text.contains(&id), "{id} is a label");
    }
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_for_operators_and_peers_is_not_on_the_public_port() {
    let test = TestApp::start().await;
    let credential = &test.env.secrets().internal_credential;
    for path in [
        "/healthz",
        "/startz",
        "/readyz",
        "/metrics",
        ROUTES_PATH,
        REVOCATIONS_PATH,
        VISIBLE_PATH,
    ] {
        for client in [test.client(), test.client().with_token(credential)] {
            let reply = client.get(path).await;
            reply.problem(404, Code::NotFound);
            let reply = client.post(path, &json!({})).await;
            reply.problem(404, Code::NotFound);
        }
    }
    // And what is public is not on the admin port.
    let admin = Client::anonymous(test.admin());
    admin.get("/v1/openapi.json").await.expect(404);
    test.app.stop().await;
}

async fn ask_all(client: &Client, pair: SessionRef) -> [Reply; 3] {
    let watcher = json!({ "user_id": pair.user_id, "user_ids": [pair.user_id] });
    [
        client
            .post(ROUTES_PATH, &json!({ "sessions": [pair] }))
            .await,
        client.get(REVOCATIONS_PATH).await,
        client
            .post(VISIBLE_PATH, &json!({ "watchers": [watcher] }))
            .await,
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_peer_gets_wrong_is_told_as_a_problem() {
    let test = TestApp::start().await;
    let credential = &test.env.secrets().internal_credential;
    let peer = Client::anonymous(test.admin()).with_token(credential);
    let json = "application/json";
    for path in [ROUTES_PATH, VISIBLE_PATH] {
        for (kind, body, status, code) in [
            (json, "{".to_owned(), 400, Code::Malformed),
            (
                "text/plain",
                "{}".to_owned(),
                415,
                Code::UnsupportedMediaType,
            ),
            (json, " ".repeat(3 << 20), 413, Code::TooLarge),
        ] {
            let request = peer
                .request(Method::POST, path)
                .header("content-type", kind);
            let reply = request.body(body).send().await;
            reply.problem(status, code);
        }
        let reply = peer.get(path).await;
        reply.problem(405, Code::MethodNotAllowed);
        assert_eq!(reply.header("allow"), "POST");
    }
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn peers_are_answered_with_the_service_credential_and_nobody_else() {
    let test = TestApp::start().await;
    let ada = test.user("ada").await;
    let phone = ada.another_device().await;
    phone
        .client
        .post("/v1/auth/logout", &json!({}))
        .await
        .expect(204);
    let admin = Client::anonymous(test.admin());
    let credential = &test.env.secrets().internal_credential;
    let pair = |session_id| SessionRef {
        user_id: ada.id(),
        session_id,
    };
    let almost = credential.get(1..).unwrap();
    for stranger in [
        admin.clone(),
        admin.with_token(""),
        admin.with_token("wrong"),
        admin.with_token(almost),
        admin.with_token(&ada.access_token),
        admin.with_header("authorization", credential),
        admin.with_header("authorization", &format!("Basic {credential}")),
    ] {
        for reply in ask_all(&stranger, pair(ada.session_id)).await {
            assert_eq!(reply.status, 401, "{reply}");
        }
    }
    let peer = admin.with_token(credential);
    let [routes, revocations, visible] = ask_all(&peer, pair(ada.session_id)).await;
    let routes: RoutesResponse = routes.expect(200).json();
    assert!(!routes.epoch.is_empty());
    assert_eq!(routes.routes.len(), 1);
    assert_eq!(routes.routes[0].user_id, ada.id());
    assert!(!routes.routes[0].ended);
    let revocations: RevocationsResponse = revocations.expect(200).json();
    assert_eq!(revocations.sessions, [pair(phone.session_id)]);
    assert_eq!(revocations.epoch, routes.epoch);
    let visible: VisibleResponse = visible.expect(200).json();
    assert_eq!(visible.watchers.len(), 1);

    let [routes, ..] = ask_all(&peer, pair(phone.session_id)).await;
    let routes: RoutesResponse = routes.expect(200).json();
    assert!(routes.routes[0].ended);
    // What it was told can be asked for from there on.
    let next = format!("{REVOCATIONS_PATH}?since={}", revocations.cursor);
    let again: RevocationsResponse = peer.get(&next).await.expect(200).json();
    assert!(again.cursor > revocations.cursor);
    let odd = peer
        .get(&format!("{REVOCATIONS_PATH}?since=yesterday"))
        .await;
    odd.problem(400, Code::Malformed);
    let too_many = vec![pair(ada.session_id); 501];
    let reply = peer
        .post(ROUTES_PATH, &json!({ "sessions": too_many }))
        .await;
    reply.problem(400, Code::Malformed);
    for path in [ROUTES_PATH, VISIBLE_PATH] {
        let reply = peer.post(path, &json!({ "nothing": 1 })).await;
        reply.problem(422, Code::Invalid);
    }
    test.app.stop().await;
}
