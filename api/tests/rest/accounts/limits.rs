//! How often one may ask: the contract's figures.

use std::time::Instant;

use futures_util::future::join_all;
use protocol::ids::ClientId;
use protocol::problem::Code;
use serde_json::json;
use testkit::http::{Client, Reply};

use crate::app::TestApp;
use crate::rows;

const PROXIED: &[(&str, &str)] = &[
    ("WARREN_RATE_LIMITS", "on"),
    ("WARREN_HTTP_TRUSTED_PROXIES", "127.0.0.1/32"),
];

fn from(client: &Client, address: &str) -> Client {
    client.with_header("x-forwarded-for", address)
}

#[track_caller]
fn refused(reply: &Reply, at_most_s: u64) {
    reply.problem(429, Code::RateLimited);
    let wait: u64 = reply.header("retry-after").parse().unwrap();
    assert!((1..=at_most_s).contains(&wait), "{reply}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_tried_ten_times_a_minute_over_all_processes() {
    let test = TestApp::with(PROXIED).await;
    let other = test.another(PROXIED).await;
    let clients = [
        test.client(),
        Client::anonymous(format!("http://{}", other.http)),
    ];
    clients[0].register("ada").await;
    for i in 0..10 {
        // A guesser with as many addresses as he likes, and of the name's spellings.
        let client = from(&clients[i % 2], &format!("203.0.113.{i}"));
        let name = if i % 3 == 0 { "ADA" } else { "ada" };
        let reply = client.try_login(name, "wrong horse").await;
        reply.problem(401, Code::BadCredentials);
    }
    for client in &clients {
        let client = from(client, "203.0.113.200");
        let reply = client.try_login("ada", "correct horse battery").await;
        refused(&reply, 60);
    }
    let someone_else = from(&clients[0], "203.0.113.200");
    let reply = someone_else.try_login("eve", "wrong horse").await;
    reply.problem(401, Code::BadCredentials);
    // A minute later.
    rows::change(
        &test.env,
        "UPDATE rate_windows SET ends_at = ends_at - interval '61 s'",
    )
    .await;
    let reply = someone_else.try_login("ada", "correct horse battery").await;
    reply.expect(200);
    other.stop().await;
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_tries_thirty_logins_a_minute_over_all_processes() {
    let test = TestApp::with(PROXIED).await;
    let other = test.another(PROXIED).await;
    let clients = [
        test.client(),
        Client::anonymous(format!("http://{}", other.http)),
    ];
    // A customer with IPv6 has 2^64 addresses: they count as one.
    for i in 0..30 {
        let client = from(&clients[i % 2], &format!("2001:db8:0:1::{i:x}"));
        let reply = client.try_login(&format!("user{i}"), "wrong horse").await;
        reply.problem(401, Code::BadCredentials);
    }
    for client in &clients {
        let client = from(client, "2001:db8:0:1:ffff::1");
        let reply = client.try_login("someone", "wrong horse").await;
        refused(&reply, 60);
    }
    let neighbour = from(&clients[0], "2001:db8:0:2::1");
    let reply = neighbour.try_login("someone", "wrong horse").await;
    reply.problem(401, Code::BadCredentials);
    other.stop().await;
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stolen_token_does_not_guess_passwords_either() {
    let test = TestApp::with(PROXIED).await;
    let ada = test.client().register("ada").await;
    let guess = json!({ "password": "wrong horse" });
    let delete = || {
        let client = ada.client.clone();
        let request = client.request("DELETE".parse().unwrap(), "/v1/me");
        request.json(&guess).send()
    };
    for _ in 0..10 {
        delete().await.problem(401, Code::BadCredentials);
    }
    refused(&delete().await, 60);
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_keeps_nobody_from_confirming_their_password() {
    let test = TestApp::with(PROXIED).await;
    let ada = test.client().register("ada").await;
    let stranger = from(&test.client(), "203.0.113.7");
    for name in [ada.id().to_string(), "ada".to_owned()] {
        for _ in 0..10 {
            let reply = stranger.try_login(&name, "wrong horse").await;
            reply.problem(401, Code::BadCredentials);
        }
        refused(&stranger.try_login(&name, "wrong horse").await, 60);
    }
    let request = ada.client.request("DELETE".parse().unwrap(), "/v1/me");
    let password = json!({ "password": "correct horse battery" });
    request.json(&password).send().await.expect(204);
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_makes_ten_accounts_an_hour_over_all_processes() {
    let test = TestApp::with(PROXIED).await;
    let other = test.another(PROXIED).await;
    let clients = [
        from(&test.client(), "203.0.113.7"),
        from(
            &Client::anonymous(format!("http://{}", other.http)),
            "203.0.113.7",
        ),
    ];
    let typo = json!({ "username": "a", "password": "correct horse battery" });
    for i in 0..10 {
        clients[i % 2].register(&format!("user{i}")).await;
        // What could not be an account is not counted.
        let reply = clients[i % 2].post("/v1/auth/register", &typo).await;
        reply.problem(422, Code::Invalid);
    }
    let one_more = json!({ "username": "one_more", "password": "correct horse battery" });
    for client in &clients {
        let reply = client.post("/v1/auth/register", &one_more).await;
        refused(&reply, 3600);
    }
    from(&clients[0], "203.0.113.8").register("one_more").await;
    other.stop().await;
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forwarded_address_is_believed_only_from_a_proxy_of_ours() {
    let test = TestApp::with(&[
        ("WARREN_RATE_LIMITS", "on"),
        ("WARREN_HTTP_TRUSTED_PROXIES", "10.0.0.0/8"),
    ])
    .await;
    for i in 0..10 {
        let client = from(&test.client(), &format!("203.0.113.{i}"));
        client.register(&format!("user{i}")).await;
    }
    let body = json!({ "username": "one_more", "password": "correct horse battery" });
    let client = from(&test.client(), "203.0.113.99");
    let reply = client.post("/v1/auth/register", &body).await;
    refused(&reply, 3600);
    assert_eq!(
        rows::lines(&test.env, "SELECT DISTINCT ip AS line FROM sessions").await,
        ["127.0.0.1"]
    );
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_sends_ten_messages_a_second_and_thirty_at_once() {
    let test = TestApp::with(&[("WARREN_RATE_LIMITS", "on")]).await;
    let (ada, bob) = (test.user("ada").await, test.user("bob").await);
    let chat = ada.client.direct(bob.id()).await.shared.id;
    let began = Instant::now();
    let sends = (0..90).map(|_| ada.client.try_send(chat, ClientId::new(), "hello"));
    let replies = join_all(sends).await;
    let elapsed_s = began.elapsed().as_secs_f64();
    let sent = replies.iter().filter(|reply| reply.status == 201).count();
    let refill = (elapsed_s * 10.0).ceil() as usize + 1;
    assert!(
        (30..=30 + refill).contains(&sent),
        "{sent} sent in {elapsed_s} s"
    );
    for reply in replies.iter().filter(|reply| reply.status != 201) {
        refused(reply, 3);
    }
    assert!(sent < 90, "nothing was refused in {elapsed_s} s");
    // Nobody else pays for it, and neither do other requests.
    bob.client.send(chat, "hello").await;
    ada.client.get("/v1/me").await.expect(200);
    testkit::eventually(std::time::Duration::from_secs(5), || async {
        ada.client
            .try_send(chat, ClientId::new(), "again")
            .await
            .status
            == 201
    })
    .await;
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_asks_six_hundred_times_a_minute() {
    let test = TestApp::with(&[("WARREN_RATE_LIMITS", "on")]).await;
    let (ada, bob) = (test.user("ada").await, test.user("bob").await);
    let chat = bob.client.direct(ada.id()).await.shared.id;
    let began = Instant::now();
    let mut answered = 0;
    let refusal = 'asking: loop {
        // Refused for its limit, after it was counted: the cheapest request there is.
        let requests = (0..50).map(|_| ada.client.get("/v1/blocks?limit=0"));
        for reply in join_all(requests).await {
            if reply.status == 429 {
                break 'asking reply;
            }
            reply.problem(400, Code::Malformed);
            answered += 1;
        }
        assert!(answered < 3000, "nothing was refused");
    };
    refused(&refusal, 1);
    let refill = (began.elapsed().as_secs_f64() * 10.0).ceil() as usize + 1;
    assert!(answered <= 600 + refill, "{answered} answered");
    assert!(answered >= 550, "{answered} answered");
    // Nobody else pays for it, and neither do messages.
    bob.client.get("/v1/me").await.expect(200);
    ada.client.send(chat, "hello").await;
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_limits_are_off_nobody_is_refused() {
    let test = TestApp::start().await;
    let client = test.client();
    let tries = (0..31).map(|_| client.try_login("ada", "wrong horse"));
    for reply in join_all(tries).await {
        reply.problem(401, Code::BadCredentials);
    }
    assert_eq!(
        rows::number(&test.env, "SELECT count(*) AS n FROM rate_windows").await,
        0
    );
    test.app.stop().await;
}
