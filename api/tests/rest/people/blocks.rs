//! What a block ends, and keeps from beginning.

use protocol::account::User as Account;
use protocol::frame::ServerFrame;
use protocol::people::FriendRequest;
use protocol::problem::Code;
use serde_json::json;

use super::{account_rev, all, answer, ask, befriend, block, expect_told, kinds_told, try_ask};
use crate::app::TestApp;
use crate::events::Events;
use crate::rows;

#[tokio::test(flavor = "multi_thread")]
async fn a_block_ends_a_friendship_and_taking_it_back_does_not_restore_it() {
    let test = TestApp::start().await;
    let (ada, bob) = (test.user("ada").await, test.user("bob").await);
    befriend(&ada, &bob).await;
    let (adas, bobs) = (account_rev(&ada).await, account_rev(&bob).await);
    let events = Events::listen(&test.env).await;
    block(&ada, &bob).await;

    let blocked = ServerFrame::Block {
        user: bob.account.clone(),
        account_rev: adas + 1,
    };
    expect_told(&events, &ada, &blocked).await;
    for (user, other, account_rev) in [(&ada, &bob, adas + 2), (&bob, &ada, bobs + 1)] {
        let user_id = other.id();
        let gone = ServerFrame::FriendRemoved {
            user_id,
            account_rev,
        };
        expect_told(&events, user, &gone).await;
        assert_eq!(super::account_rev(user).await, account_rev);
    }
    assert_eq!(kinds_told(&events, &ada).await, ["block", "friend.removed"]);
    assert_eq!(kinds_told(&events, &bob).await, ["friend.removed"]);

    let path = format!("/v1/blocks/{}", bob.id());
    ada.client.delete(&path).await.expect(204);
    for user in [&ada, &bob] {
        assert!(all::<Account>(user, "/v1/friends").await.is_empty());
    }
    assert_eq!(
        rows::number(&test.env, "SELECT count(*) AS n FROM friendships").await,
        0
    );
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_block_ends_the_request_that_waits_whoever_asked() {
    let test = TestApp::start().await;
    let (ada, bob) = (test.user("ada").await, test.user("bob").await);
    for (from, to) in [(&ada, &bob), (&bob, &ada)] {
        let request = ask(from, to).await;
        let events = Events::listen(&test.env).await;
        block(&ada, &bob).await;
        for user in [&ada, &bob] {
            let gone = ServerFrame::FriendRequestRemoved {
                friend_request_id: request.id,
                account_rev: account_rev(user).await,
            };
            expect_told(&events, user, &gone).await;
            let pending = all::<FriendRequest>(user, "/v1/friend-requests").await;
            assert!(pending.is_empty());
        }
        answer(to, request.id, "accept")
            .await
            .problem(404, Code::NotFound);
        // Neither can ask the other, whichever of them blocks.
        for (from, to) in [(&ada, &bob), (&bob, &ada)] {
            let reply = try_ask(from, to.id()).await;
            reply.problem(403, Code::Blocked);
        }
        let path = format!("/v1/blocks/{}", bob.id());
        ada.client.delete(&path).await.expect(204);
    }
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_block_does_not_hide_from_search() {
    let test = TestApp::start().await;
    let (ada, bob) = (test.user("ada").await, test.user("bob").await);
    block(&ada, &bob).await;
    for (seeker, other) in [(&ada, &bob), (&bob, &ada)] {
        let path = format!("/v1/users?q={}", other.username());
        let found = seeker.client.get(&path).await.expect(200);
        assert_eq!(found.body["items"], json!([other.account]));
    }
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_friendship_slips_past_a_block() {
    let test = TestApp::start().await;
    let (ada, bob) = (test.user("ada").await, test.user("bob").await);
    let path = format!("/v1/blocks/{}", bob.id());
    for _ in 0..10 {
        let request = ask(&bob, &ada).await;
        let (accepted, ()) = tokio::join!(answer(&ada, request.id, "accept"), block(&ada, &bob));
        assert!(matches!(accepted.status, 200 | 404), "{accepted}");
        let left = "SELECT (SELECT count(*) FROM friendships) \
                    + (SELECT count(*) FROM friend_requests WHERE status = 1) AS n";
        assert_eq!(rows::number(&test.env, left).await, 0);
        ada.client.delete(&path).await.expect(204);
    }
    test.app.stop().await;
}
