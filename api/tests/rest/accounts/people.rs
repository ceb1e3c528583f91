//! Finding people.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use protocol::account::User;
use protocol::ids::UserId;
use protocol::page::Page;
use protocol::problem::Code;
use serde_json::json;
use testkit::http;

use crate::app::TestApp;
use crate::rows;

async fn search(caller: &http::User, query: &str) -> Page<User> {
    let path = format!("/v1/users?{query}");
    caller.client.get(&path).await.expect(200).json()
}

async fn names(caller: &http::User, query: &str) -> Vec<String> {
    let page = search(caller, query).await;
    page.items.into_iter().map(|user| user.username).collect()
}

async fn rename(user: &http::User, name: &str) {
    let body = json!({ "display_name": name });
    user.client.patch("/v1/me", &body).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_found_by_how_either_name_begins() {
    let test = TestApp::start().await;
    let (ada, bob, cyd) = (
        test.user("ada").await,
        test.user("bob").await,
        test.user("cyd").await,
    );
    rename(&bob, "Adam B.").await;
    rename(&cyd, "The ADA fan").await;
    assert_eq!(names(&ada, "q=ada").await, ["ada", "bob"]);
    assert_eq!(names(&ada, "q=AdA").await, ["ada", "bob"]);
    assert_eq!(names(&ada, "q=ad%20").await, ["ada", "bob"]);
    assert_eq!(names(&ada, "q=Adam%20b.").await, ["bob"]);
    assert_eq!(names(&ada, "q=the").await, ["cyd"]);
    assert_eq!(names(&ada, "q=da").await, [""; 0]);
    // One who is found by both names is found once.
    rename(&cyd, "Cyd").await;
    assert_eq!(names(&ada, "q=cyd").await, ["cyd"]);
    rename(&cyd, "Überall").await;
    assert_eq!(names(&ada, "q=%C3%BCber").await, ["cyd"]);
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wildcards_are_characters_like_others() {
    let test = TestApp::start().await;
    let (a_b, axb) = (test.user("a_b").await, test.user("axb").await);
    assert_eq!(names(&a_b, "q=a_").await, ["a_b"]);
    assert_eq!(names(&a_b, "q=%25").await, [""; 0]);
    assert_eq!(names(&a_b, "q=a%25b").await, [""; 0]);
    rename(&axb, "100% \\ sure").await;
    assert_eq!(names(&a_b, "q=100%25").await, ["axb"]);
    assert_eq!(names(&a_b, "q=100%25%20%5C").await, ["axb"]);
    assert_eq!(names(&a_b, "q=1%25").await, [""; 0]);
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_people_hold_everyone_once_in_order() {
    let test = TestApp::start().await;
    let caller = test.user("zoe").await;
    let seed = "INSERT INTO users (id, username, display_name) \
                SELECT gen_random_uuid(), CASE WHEN i % 2 = 0 THEN 'kim' ELSE 'x' END || i, 'Kim' \
                FROM generate_series(1, 25) i";
    rows::change(&test.env, seed).await;
    let mut found = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = search(&caller, &format!("q=kim&limit=10{cursor}")).await;
        found.extend(page.items.into_iter().map(|user| user.username));
        match page.next_cursor {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let all = "SELECT username AS line FROM users WHERE display_name = 'Kim' ORDER BY username";
    assert_eq!(found, rows::lines(&test.env, all).await);
    assert_eq!(found.len(), 25);
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_that_makes_no_sense_is_malformed() {
    let test = TestApp::start().await;
    let ada = test.user("ada").await;
    let long = "x".repeat(65);
    let cursor = |position: serde_json::Value| URL_SAFE_NO_PAD.encode(position.to_string());
    let id = UserId::new();
    for query in [
        String::new(),
        "q=".to_owned(),
        "q=%20".to_owned(),
        "q=a%00".to_owned(),
        "q=%FF".to_owned(),
        format!("q={long}"),
        "q=a&limit=0".to_owned(),
        "q=a&limit=101".to_owned(),
        "q=a&limit=-1".to_owned(),
        "q=a&limit=ten".to_owned(),
        "q=a&q=b".to_owned(),
        "q=a&cursor=".to_owned(),
        "q=a&cursor=nonsense".to_owned(),
        format!("q=a&cursor={}", cursor(json!([1, 2]))),
        format!("q=a&cursor={}", cursor(json!(["a\u{0}b", id]))),
    ] {
        let reply = ada.client.get(&format!("/v1/users?{query}")).await;
        assert_eq!(reply.status, 400, "{query}: {reply}");
        reply.problem(400, Code::Malformed);
    }
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_who_is_not_there_is_not_found() {
    let test = TestApp::start().await;
    let ada = test.user("ada").await;
    let reply = ada
        .client
        .get(&format!("/v1/users/{}", UserId::new()))
        .await;
    reply.problem(404, Code::NotFound);
    let reply = ada.client.get("/v1/users/ada").await;
    reply.problem(400, Code::Malformed);
    test.app.stop().await;
}

/// A plan that reads everybody to find a few is fast in a test and slow in a city.
#[tokio::test(flavor = "multi_thread")]
async fn a_search_reads_the_two_prefix_indexes_and_not_everybody() {
    let test = TestApp::with(&[("WARREN_DATABASE_POOL_SIZE", "2")]).await;
    let ada = test.user("ada").await;
    let seed = "INSERT INTO users (id, username, display_name) \
                SELECT gen_random_uuid(), md5(i::text), md5('n' || i::text) FROM generate_series(1, 20000) i";
    rows::change(&test.env, seed).await;
    rows::change(&test.env, "ANALYZE users").await;
    let scans = |index: &str| {
        let query = format!(
            "SELECT coalesce(sum(idx_scan), 0)::bigint AS n FROM pg_stat_user_indexes \
             WHERE schemaname = current_schema() AND indexrelname = '{index}'"
        );
        async { rows::number(&test.env, &{ query }).await }
    };
    let read = || async {
        let query = "SELECT (coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::bigint AS n \
                     FROM pg_stat_user_tables WHERE schemaname = current_schema() AND relname = 'users'";
        rows::number(&test.env, query).await
    };
    let before = read().await;
    // More often than a prepared statement waits before it may settle for one plan.
    for _ in 0..30 {
        search(&ada, "q=abcd&limit=5").await;
    }
    // A server tells what it did when its connection has been idle or busy for a second.
    testkit::eventually(Duration::from_secs(30), || async {
        search(&ada, "q=abcd&limit=5").await;
        let seen = (
            scans("users_username_prefix_idx").await,
            scans("users_display_name_prefix_idx").await,
        );
        if seen.0 >= 30 && seen.1 >= 30 {
            Ok(())
        } else {
            Err(seen)
        }
    })
    .await;
    let rows_read = read().await - before;
    assert!(rows_read < 20_000, "{rows_read} rows were read");
    test.app.stop().await;
}
