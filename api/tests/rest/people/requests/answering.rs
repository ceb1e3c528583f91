//! Who may answer a request, and who may take it back.

use protocol::account::User as Account;
use protocol::control::Control;

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn who_was_asked_accepts_and_the_two_are_friends() {
    let test = TestApp::start().await;
    let (ada, bob) = (test.user("ada").await, test.user("bob").await);
    let request = ask(&ada, &bob).await;
    let (events, control) = tokio::join!(Events::listen(&test.env), Events::control(&test.env));
    // The same answer again is the same answer.
    for _ in 0..2 {
        let reply = answer(&bob, request.id, "accept").await.expect(200);
        let accepted = FriendRequest {
            status: FriendRequestStatus::Accepted,
            ..request.clone()
        };
        assert_eq!(reply.json::<FriendRequest>(), accepted);
    }
    for (user, other) in [(&ada, &bob), (&bob, &ada)] {
        let gone = ServerFrame::FriendRequestRemoved {
            friend_request_id: request.id,
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
        let friends = all::<Account>(user, "/v1/friends").await;
        assert_eq!(friends.len(), 1);
        assert_eq!(friends[0].id, other.id());
    }
    let look = Control::VisibilityChanged {
        user_ids: [ada.id(), bob.id()],
    };
    control.expect_control(&look).await;
    let row = "SELECT low_id || ' ' || high_id AS line FROM friendships";
    let mut pair = [ada.id(), bob.id()];
    pair.sort();
    assert_eq!(
        rows::lines(&test.env, row).await,
        [format!("{} {}", pair[0], pair[1])]
    );
    answer(&bob, request.id, "decline")
        .await
        .problem(409, Code::Conflict);
    cancel(&ada, request.id).await.problem(409, Code::Conflict);
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_asked_declines_and_can_be_asked_again() {
    let test = TestApp::start().await;
    let (ada, bob) = (test.user("ada").await, test.user("bob").await);
    let request = ask(&ada, &bob).await;
    let events = Events::listen(&test.env).await;
    for _ in 0..2 {
        let reply = answer(&bob, request.id, "decline").await.expect(200);
        assert_eq!(reply.body["status"], "declined");
    }
    for user in [&ada, &bob] {
        let gone = ServerFrame::FriendRequestRemoved {
            friend_request_id: request.id,
            account_rev: 2,
        };
        expect_told(&events, user, &gone).await;
        assert_eq!(account_rev(user).await, 2);
        assert_eq!(kinds_told(&events, user).await, ["friend_request.removed"]);
        assert!(all::<Account>(user, "/v1/friends").await.is_empty());
    }
    let row = "SELECT status || ' ' || (answered_at IS NOT NULL) AS line FROM friend_requests";
    assert_eq!(rows::lines(&test.env, row).await, ["3 true"]);
    answer(&bob, request.id, "accept")
        .await
        .problem(409, Code::Conflict);
    cancel(&ada, request.id).await.problem(409, Code::Conflict);
    befriend(&ada, &bob).await;
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asked_takes_it_back() {
    let test = TestApp::start().await;
    let (ada, bob) = (test.user("ada").await, test.user("bob").await);
    let request = ask(&ada, &bob).await;
    let events = Events::listen(&test.env).await;
    cancel(&ada, request.id).await.expect(204);
    for user in [&ada, &bob] {
        let gone = ServerFrame::FriendRequestRemoved {
            friend_request_id: request.id,
            account_rev: 2,
        };
        expect_told(&events, user, &gone).await;
        assert_eq!(account_rev(user).await, 2);
        assert_eq!(kinds_told(&events, user).await, ["friend_request.removed"]);
    }
    assert_eq!(
        rows::number(&test.env, "SELECT count(*) AS n FROM friend_requests").await,
        0
    );
    // It never was.
    cancel(&ada, request.id).await.problem(404, Code::NotFound);
    answer(&bob, request.id, "accept")
        .await
        .problem(404, Code::NotFound);
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_side_has_its_part_and_a_stranger_none() {
    let test = TestApp::start().await;
    let (ada, bob, eve) = (
        test.user("ada").await,
        test.user("bob").await,
        test.user("eve").await,
    );
    let request = ask(&ada, &bob).await;
    for how in ["accept", "decline"] {
        answer(&ada, request.id, how)
            .await
            .problem(403, Code::Forbidden);
        for id in [request.id, FriendRequestId::new()] {
            answer(&eve, id, how).await.problem(404, Code::NotFound);
        }
    }
    cancel(&bob, request.id).await.problem(403, Code::Forbidden);
    for id in [request.id, FriendRequestId::new()] {
        cancel(&eve, id).await.problem(404, Code::NotFound);
    }
    assert_eq!(all::<FriendRequest>(&bob, LIST).await, [request]);
    for (method, path) in [
        ("POST", "/v1/friend-requests/bob/accept"),
        ("POST", "/v1/friend-requests/bob/decline"),
        ("DELETE", "/v1/friend-requests/bob"),
    ] {
        let reply = ada
            .client
            .request(method.parse().unwrap(), path)
            .send()
            .await;
        reply.problem(400, Code::Malformed);
    }
    test.app.stop().await;
}
