//! Friends.

use protocol::account::User as Account;
use protocol::control::Control;
use protocol::frame::ServerFrame;
use protocol::ids::UserId;
use protocol::problem::Code;

use super::{account_rev, all, befriend, expect_told, kinds_told};
use crate::app::TestApp;
use crate::events::Events;
use crate::rows;

#[tokio::test(flavor = "multi_thread")]
async fn friends_are_listed_by_name_in_pages_on_both_sides() {
    let test = TestApp::start().await;
    let ada = test.user("ada").await;
    let mut by_name = Vec::new();
    for name in ["fay", "bob", "eve", "dan", "cyd"] {
        let user = test.user(name).await;
        // Whoever asks.
        if by_name.len() % 2 == 0 {
            befriend(&ada, &user).await;
        } else {
            befriend(&user, &ada).await;
        }
        by_name.push(user.account);
    }
    by_name.sort_by(|one, other| one.username.cmp(&other.username));
    assert_eq!(all::<Account>(&ada, "/v1/friends").await, by_name);
    let bob = test.client().login("bob").await;
    assert_eq!(
        all::<Account>(&bob, "/v1/friends").await,
        std::slice::from_ref(&ada.account)
    );
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_friendship_ends_for_both_and_is_told_once() {
    let test = TestApp::start().await;
    let (ada, bob) = (test.user("ada").await, test.user("bob").await);
    befriend(&ada, &bob).await;
    let rev = account_rev(&ada).await;
    assert_eq!(account_rev(&bob).await, rev);
    let (events, control) = tokio::join!(Events::listen(&test.env), Events::control(&test.env));
    let path = format!("/v1/friends/{}", ada.id());
    for _ in 0..2 {
        bob.client.delete(&path).await.expect(204);
    }
    for (user, other) in [(&ada, &bob), (&bob, &ada)] {
        assert_eq!(account_rev(user).await, rev + 1);
        let gone = ServerFrame::FriendRemoved {
            user_id: other.id(),
            account_rev: rev + 1,
        };
        expect_told(&events, user, &gone).await;
        assert_eq!(kinds_told(&events, user).await, ["friend.removed"]);
        assert!(all::<Account>(user, "/v1/friends").await.is_empty());
    }
    let look = Control::VisibilityChanged {
        user_ids: [ada.id(), bob.id()],
    };
    control.expect_control(&look).await;
    assert_eq!(
        rows::number(&test.env, "SELECT count(*) AS n FROM friendships").await,
        0
    );
    // They can become friends again.
    befriend(&bob, &ada).await;
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_no_friend_needs_no_farewell() {
    let test = TestApp::start().await;
    let ada = test.user("ada").await;
    for nobody in [ada.id(), UserId::new()] {
        let path = format!("/v1/friends/{nobody}");
        ada.client.delete(&path).await.expect(204);
    }
    let reply = ada.client.delete("/v1/friends/bob").await;
    reply.problem(400, Code::Malformed);
    assert_eq!(account_rev(&ada).await, 0);
    test.app.stop().await;
}
