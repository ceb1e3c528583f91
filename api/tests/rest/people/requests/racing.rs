//! Requests and answers at once: whatever the order, both sides end with the same.

use futures_util::future::join_all;

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_cross_many_at_once_make_one_friendship() {
    let test = TestApp::start().await;
    for round in 0..8 {
        let (ada, bob) = (
            test.user(&format!("ada{round}")).await,
            test.user(&format!("bob{round}")).await,
        );
        let asks = (0..6).map(|i| {
            let (from, to) = if i % 2 == 0 {
                (&ada, &bob)
            } else {
                (&bob, &ada)
            };
            try_ask(from, to.id())
        });
        let replies = join_all(asks).await;
        let mut outcomes: Vec<&str> = replies
            .iter()
            .map(|reply| match reply.status {
                201 => reply.body["status"].as_str().unwrap(),
                409 => "conflict",
                _ => panic!("{reply}"),
            })
            .collect();
        outcomes.sort_unstable();
        let refused = ["conflict"; 4];
        assert_eq!(
            outcomes,
            [&["accepted"][..], &refused, &["pending"]].concat()
        );
        let pairs = format!(
            "SELECT count(*) AS n FROM friendships WHERE '{}' IN (low_id, high_id)",
            ada.id()
        );
        assert_eq!(rows::number(&test.env, &pairs).await, 1);
        for user in [&ada, &bob] {
            // Asked, not asked any more, friends.
            assert_eq!(account_rev(user).await, 3);
            assert!(all::<FriendRequest>(user, LIST).await.is_empty());
        }
    }
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_id_sent_many_times_at_once_is_one_request() {
    let test = TestApp::start().await;
    let (ada, bob) = (test.user("ada").await, test.user("bob").await);
    let id = FriendRequestId::new();
    let replies = join_all((0..6).map(|_| ask_as(&ada, bob.id(), id))).await;
    let mut statuses: Vec<u16> = replies.iter().map(|reply| reply.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 200, 200, 200, 200, 201]);
    assert_eq!(account_rev(&bob).await, 1);
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_id_used_by_two_people_at_once_is_one_persons() {
    let test = TestApp::start().await;
    let users = [
        test.user("ada").await,
        test.user("bob").await,
        test.user("cyd").await,
        test.user("dan").await,
    ];
    for _ in 0..5 {
        let id = FriendRequestId::new();
        let (one, other) = tokio::join!(
            ask_as(&users[0], users[1].id(), id),
            ask_as(&users[2], users[3].id(), id)
        );
        let mut statuses = [one.status, other.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409], "{one} {other}");
        let (maker, refused) = if one.status == 201 {
            (&users[0], other)
        } else {
            (&users[2], one)
        };
        refused.problem(409, Code::Conflict);
        cancel(maker, id).await.expect(204);
    }
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_accepting_and_taking_back_at_once_one_wins() {
    let test = TestApp::start().await;
    let (ada, bob) = (test.user("ada").await, test.user("bob").await);
    for _ in 0..12 {
        let request = ask(&ada, &bob).await;
        let (accepted, taken_back) =
            tokio::join!(answer(&bob, request.id, "accept"), cancel(&ada, request.id));
        let friends = rows::number(&test.env, "SELECT count(*) AS n FROM friendships").await;
        match (accepted.status, taken_back.status) {
            (200, 409) => assert_eq!(friends, 1),
            (404, 204) => assert_eq!(friends, 0),
            _ => panic!("{accepted} {taken_back}"),
        }
        let path = format!("/v1/friends/{}", bob.id());
        ada.client.delete(&path).await.expect(204);
    }
    test.app.stop().await;
}
