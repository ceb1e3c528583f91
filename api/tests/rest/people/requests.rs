//! Friend requests: made, answered, taken back, and all of that at once.

mod answering;
mod racing;

use chrono::{DateTime, Utc};
use protocol::frame::ServerFrame;
use protocol::ids::{FriendRequestId, UserId};
use protocol::people::{FriendRequest, FriendRequestStatus};
use protocol::problem::Code;
use serde_json::json;
use testkit::http::{Reply, User};

use super::{
    account_rev, all, answer, ask, befriend, block, end_account, expect_told, kinds_told, try_ask,
};
use crate::app::TestApp;
use crate::events::Events;
use crate::rows;

const LIST: &str = "/v1/friend-requests";

async fn ask_as(from: &User, to: UserId, id: FriendRequestId) -> Reply {
    let body = json!({ "id": id, "user_id": to });
    from.client.post(LIST, &body).await
}

async fn cancel(by: &User, id: FriendRequestId) -> Reply {
    by.client.delete(&format!("{LIST}/{id}")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_answered_kept_and_told_to_both() {
    let test = TestApp::start().await;
    let events = Events::listen(&test.env).await;
    let (ada, bob) = (test.user("ada").await, test.user("bob").await);
    let request = ask(&ada, &bob).await;
    assert_eq!((&request.from, &request.to), (&ada.account, &bob.account));
    assert_eq!(request.status, FriendRequestStatus::Pending);
    let row = "SELECT concat_ws(' ', id, from_id, to_id, status, answered_at) AS line FROM friend_requests";
    assert_eq!(
        rows::lines(&test.env, row).await,
        [format!("{} {} {} 1", request.id, ada.id(), bob.id())]
    );
    for user in [&ada, &bob] {
        let made = ServerFrame::FriendRequest {
            friend_request: request.clone(),
            account_rev: 1,
        };
        expect_told(&events, user, &made).await;
        assert_eq!(account_rev(user).await, 1);
        assert_eq!(kinds_told(&events, user).await, ["friend_request"]);
        assert_eq!(all::<FriendRequest>(user, LIST).await.len(), 1);
    }
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_id_again_is_the_same_request() {
    let test = TestApp::start().await;
    let (ada, bob, cyd) = (
        test.user("ada").await,
        test.user("bob").await,
        test.user("cyd").await,
    );
    let id = FriendRequestId::new();
    let first = ask_as(&ada, bob.id(), id).await.expect(201);
    assert_eq!(first.body["id"], json!(id));
    let again = ask_as(&ada, bob.id(), id).await.expect(200);
    assert_eq!(again.body, first.body);
    assert_eq!(account_rev(&ada).await, 1);
    // It says what became of it, too.
    answer(&bob, id, "accept").await.expect(200);
    let again = ask_as(&ada, bob.id(), id).await.expect(200);
    assert_eq!(again.body["status"], "accepted");
    // Another's id is taken, and does not say by whom.
    for other in [&bob, &cyd] {
        let reply = ask_as(other, ada.id(), id).await;
        reply.problem(409, Code::Conflict);
    }
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_back_becomes_a_friend() {
    let test = TestApp::start().await;
    let (ada, bob) = (test.user("ada").await, test.user("bob").await);
    let theirs = ask(&bob, &ada).await;
    let events = Events::listen(&test.env).await;
    let id = FriendRequestId::new();
    let mine: FriendRequest = ask_as(&ada, bob.id(), id).await.expect(201).json();
    assert_eq!((mine.id, mine.status), (id, FriendRequestStatus::Accepted));
    assert_eq!((&mine.from, &mine.to), (&ada.account, &bob.account));
    for (user, other) in [(&ada, &bob), (&bob, &ada)] {
        let gone = ServerFrame::FriendRequestRemoved {
            friend_request_id: theirs.id,
            account_rev: 2,
        };
        expect_told(&events, user, &gone).await;
        let friend = ServerFrame::Friend {
            user: other.account.clone(),
            account_rev: 3,
        };
        expect_told(&events, user, &friend).await;
        assert_eq!(account_rev(user).await, 3);
        assert_eq!(
            kinds_told(&events, user).await,
            ["friend_request.removed", "friend"]
        );
        assert!(all::<FriendRequest>(user, LIST).await.is_empty());
    }
    let row = "SELECT status || ' ' || (answered_at IS NOT NULL) AS line FROM friend_requests";
    assert_eq!(rows::lines(&test.env, row).await, ["2 true", "2 true"]);
    assert_eq!(
        rows::number(&test.env, "SELECT count(*) AS n FROM friendships").await,
        1
    );
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_makes_no_sense_is_refused() {
    let test = TestApp::start().await;
    let (ada, bob, cyd) = (
        test.user("ada").await,
        test.user("bob").await,
        test.user("cyd").await,
    );
    let (dan, gone) = (test.user("dan").await, test.user("eve").await);
    end_account(&gone).await.expect(204);
    let problem = try_ask(&ada, ada.id()).await.problem(422, Code::Invalid);
    assert_eq!(problem.errors[0].field, "user_id");
    assert_eq!(problem.errors[0].code, "oneself");
    for nobody in [gone.id(), UserId::new()] {
        try_ask(&ada, nobody).await.problem(404, Code::NotFound);
    }
    block(&ada, &cyd).await;
    block(&dan, &ada).await;
    for blocked in [cyd.id(), dan.id()] {
        try_ask(&ada, blocked).await.problem(403, Code::Blocked);
    }
    ask(&ada, &bob).await;
    try_ask(&ada, bob.id()).await.problem(409, Code::Conflict);
    ask(&bob, &ada).await;
    for (from, to) in [(&ada, &bob), (&bob, &ada)] {
        try_ask(from, to.id()).await.problem(409, Code::Conflict);
    }
    for (body, field, code) in [
        (json!({}), "user_id", "required"),
        (json!({ "user_id": "bob" }), "user_id", "format"),
        (json!({ "user_id": bob.id(), "id": 7 }), "id", "format"),
        (
            json!({ "user_id": bob.id(), "to": 7 }),
            "to",
            "unknown_field",
        ),
    ] {
        let problem = ada
            .client
            .post(LIST, &body)
            .await
            .problem(422, Code::Invalid);
        let named = (&*problem.errors[0].field, &*problem.errors[0].code);
        assert_eq!(named, (field, code), "{body}");
    }
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_wait_are_listed_newest_first_to_both_sides() {
    let test = TestApp::start().await;
    let ada = test.user("ada").await;
    let mut newest_first = Vec::new();
    for (i, name) in ["bob", "cyd", "dan", "eve", "fay"].iter().enumerate() {
        let other = test.user(name).await;
        let request = if i % 2 == 0 {
            ask(&ada, &other).await
        } else {
            ask(&other, &ada).await
        };
        newest_first.insert(0, request);
    }
    assert_eq!(all::<FriendRequest>(&ada, LIST).await, newest_first);
    let bob = test.client().login("bob").await;
    assert_eq!(all::<FriendRequest>(&bob, LIST).await, newest_first[4..]);
    // Only those that wait.
    answer(&bob, newest_first[4].id, "decline")
        .await
        .expect(200);
    assert_eq!(all::<FriendRequest>(&ada, LIST).await, newest_first[..4]);
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_has_more_than_a_hundred_requests_that_wait() {
    let test = TestApp::start().await;
    let (ada, bob, cyd) = (
        test.user("ada").await,
        test.user("bob").await,
        test.user("cyd").await,
    );
    let seed = format!(
        "WITH seeded AS (INSERT INTO users (id, username, display_name) \
             SELECT gen_random_uuid(), 'seed' || i, 'Seed' FROM generate_series(1, 100) i RETURNING id) \
         INSERT INTO friend_requests (id, from_id, to_id) SELECT gen_random_uuid(), '{}', id FROM seeded",
        ada.id()
    );
    rows::change(&test.env, &seed).await;
    try_ask(&ada, bob.id())
        .await
        .problem(422, Code::LimitReached);
    // Those that others made do not count, and who asks back does not ask.
    ask(&cyd, &ada).await;
    ask(&ada, &cyd).await;
    // An answer makes room.
    let oldest: Vec<FriendRequest> = all(&ada, LIST).await;
    cancel(&ada, oldest[0].id).await.expect(204);
    ask(&ada, &bob).await;
    try_ask(&ada, test.user("dan").await.id())
        .await
        .problem(422, Code::LimitReached);
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answered_requests_are_forgotten_after_a_month() {
    let test = TestApp::start().await;
    let ada = test.user("ada").await;
    let answered = async |name: &str, how: &str| {
        let other = test.user(name).await;
        let request = ask(&ada, &other).await;
        answer(&other, request.id, how).await.expect(200);
        request.id
    };
    let fresh = answered("bob", "accept").await;
    let (accepted, declined) = (
        answered("cyd", "accept").await,
        answered("dan", "decline").await,
    );
    let waiting = ask(&ada, &test.user("eve").await).await.id;
    let age = |id: FriendRequestId, days: i64| {
        let then: DateTime<Utc> = Utc::now() - chrono::TimeDelta::days(days);
        let then = then.to_rfc3339();
        let set = format!(
            "UPDATE friend_requests SET created_at = '{then}', \
                 answered_at = CASE WHEN status <> 1 THEN '{then}'::timestamptz END WHERE id = '{id}'"
        );
        let env = &test.env;
        async move { rows::change(env, &set).await }
    };
    for (id, days) in [(fresh, 29), (accepted, 31), (declined, 31), (waiting, 400)] {
        assert_eq!(age(id, days).await, 1);
    }
    api::sweeper::sweep(&test.app.state).await.unwrap();
    let mut left = rows::lines(&test.env, "SELECT id::text AS line FROM friend_requests").await;
    left.sort();
    let mut want = [fresh.to_string(), waiting.to_string()];
    want.sort();
    assert_eq!(left, want);
    // The friends are friends still.
    befriend_again_is_refused(&test, &ada).await;
    test.app.stop().await;
}

async fn befriend_again_is_refused(test: &TestApp, ada: &User) {
    let cyd = test.client().login("cyd").await;
    try_ask(ada, cyd.id()).await.problem(409, Code::Conflict);
    let dan = test.client().login("dan").await;
    befriend(ada, &dan).await;
}
