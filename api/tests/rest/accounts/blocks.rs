//! Blocking people.

use protocol::account::User;
use protocol::control::Control;
use protocol::frame::ServerFrame;
use protocol::ids::UserId;
use protocol::page::Page;
use protocol::problem::Code;
use serde_json::json;
use testkit::http;

use super::account_rev;
use crate::app::TestApp;
use crate::events::Events;
use crate::rows;

fn path(id: UserId) -> String {
    format!("/v1/blocks/{id}")
}

async fn block(blocker: &http::User, blocked: UserId) {
    let reply = blocker.client.put(&path(blocked), &json!({})).await;
    reply.expect(204);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_block_is_kept_once_and_told_to_ones_own_devices() {
    let test = TestApp::start().await;
    let (events, control) = (
        Events::listen(&test.env).await,
        Events::control(&test.env).await,
    );
    let (ada, bob) = (test.user("ada").await, test.user("bob").await);
    let rev = account_rev(&ada).await;
    for _ in 0..2 {
        block(&ada, bob.id()).await;
        assert_eq!(account_rev(&ada).await, rev + 1);
    }
    let row = "SELECT blocker_id || '|' || blocked_id AS line FROM blocks";
    assert_eq!(
        rows::lines(&test.env, row).await,
        [format!("{}|{}", ada.id(), bob.id())]
    );
    let want = ServerFrame::Block {
        user: bob.account.clone(),
        account_rev: rev + 1,
    };
    let heard = events.expect_frame(|frame| *frame == want).await;
    assert_eq!(heard.keys, [format!("user.{}", ada.id())]);
    let look_again = Control::VisibilityChanged {
        user_ids: [ada.id(), bob.id()],
    };
    control.expect_control(&look_again).await;

    for _ in 0..2 {
        ada.client.delete(&path(bob.id())).await.expect(204);
        assert_eq!(account_rev(&ada).await, rev + 2);
    }
    let want = ServerFrame::BlockRemoved {
        user_id: bob.id(),
        account_rev: rev + 2,
    };
    let heard = events.expect_frame(|frame| *frame == want).await;
    assert_eq!(heard.keys, [format!("user.{}", ada.id())]);
    assert_eq!(
        rows::number(&test.env, "SELECT count(*) AS n FROM blocks").await,
        0
    );
    // Each change was told as one (the outbox may say it again), and to nobody else.
    let mut told: Vec<String> = events.all().into_iter().map(|heard| heard.body).collect();
    told.sort();
    told.dedup();
    assert_eq!(told.len(), 2, "{told:#?}");
    assert_eq!(account_rev(&bob).await, rev);
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_cannot_block_oneself_or_nobody() {
    let test = TestApp::start().await;
    let ada = test.user("ada").await;
    let put = |path: String| {
        let client = ada.client.clone();
        async move { client.put(&path, &json!({})).await }
    };
    let problem = put(path(ada.id())).await.problem(422, Code::Invalid);
    assert_eq!(problem.errors[0].code, "oneself");
    put(path(UserId::new())).await.problem(404, Code::NotFound);
    put("/v1/blocks/bob".to_owned())
        .await
        .problem(400, Code::Malformed);
    let gone = test.user("bob").await;
    let request = gone.client.request("DELETE".parse().unwrap(), "/v1/me");
    let body = json!({ "password": "correct horse battery" });
    request.json(&body).send().await.expect(204);
    put(path(gone.id())).await.problem(404, Code::NotFound);
    assert_eq!(account_rev(&ada).await, 0);
    // Who is not blocked is not blocked: nothing to do.
    ada.client.delete(&path(UserId::new())).await.expect(204);
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn blocks_are_listed_newest_first_in_pages_to_their_owner_alone() {
    let test = TestApp::start().await;
    let ada = test.user("ada").await;
    let mut blocked = Vec::new();
    for name in ["bob", "cyd", "dan"] {
        let user = test.user(name).await;
        block(&ada, user.id()).await;
        blocked.insert(0, user.account);
    }
    let page: Page<User> = ada
        .client
        .get("/v1/blocks?limit=2")
        .await
        .expect(200)
        .json();
    assert_eq!(page.items, blocked[..2]);
    let next = format!("/v1/blocks?limit=2&cursor={}", page.next_cursor.unwrap());
    let rest: Page<User> = ada.client.get(&next).await.expect(200).json();
    assert_eq!((&rest.items[..], rest.next_cursor), (&blocked[2..], None));
    let bob = test.client().login("bob").await;
    let none = bob.client.get("/v1/blocks").await.expect(200);
    assert_eq!(none.body, json!({ "items": [], "next_cursor": null }));
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_who_block_each_other_at_once_do_not_wait_for_each_other_forever() {
    let test = TestApp::start().await;
    let (ada, bob) = (test.user("ada").await, test.user("bob").await);
    ada.client.direct(bob.id()).await;
    for _ in 0..10 {
        tokio::join!(block(&ada, bob.id()), block(&bob, ada.id()));
        assert_eq!(
            rows::number(&test.env, "SELECT count(*) AS n FROM blocks").await,
            2
        );
        let (by_ada, by_bob) = (path(bob.id()), path(ada.id()));
        let (one, other) = tokio::join!(ada.client.delete(&by_ada), bob.client.delete(&by_bob));
        assert_eq!((one.status, other.status), (204, 204));
    }
    test.app.stop().await;
}
