//! What the end of an account leaves of it in others' lists: nothing.

use futures_util::future::join_all;
use protocol::account::User as Account;
use protocol::frame::ServerFrame;
use protocol::group::{Group, Role};
use protocol::page::Page;
use protocol::people::{Contact, FriendRequest};
use protocol::problem::Code;
use serde_json::json;

use super::{
    account_rev, all, answer, ask, befriend, block, end_account, expect_told, frame, group, keep,
    kinds_told, page, try_ask,
};
use crate::app::TestApp;
use crate::events::Events;
use crate::rows;

/// Rows that tie people to each other.
const TIES: &str = "SELECT (SELECT count(*) FROM contacts) + (SELECT count(*) FROM friendships) \
                    + (SELECT count(*) FROM friend_requests) + (SELECT count(*) FROM blocks) AS n";

#[tokio::test(flavor = "multi_thread")]
async fn who_is_gone_is_in_nobodys_lists_and_those_concerned_are_told() {
    let test = TestApp::start().await;
    let ada = test.user("ada").await;
    let (owner, friend, asker, asked, partner) = (
        test.user("owner").await,
        test.user("friend").await,
        test.user("asker").await,
        test.user("asked").await,
        test.user("partner").await,
    );
    let (contact, blocked) = (test.user("contact").await, test.user("blocked").await);
    keep(&owner, &ada).await;
    keep(&ada, &contact).await;
    befriend(&ada, &friend).await;
    keep(&friend, &ada).await;
    let made = ask(&asker, &ada).await;
    let sent = ask(&ada, &asked).await;
    let declined = ask(&ada, &contact).await;
    answer(&contact, declined.id, "decline").await.expect(200);
    ada.client.direct(partner.id()).await;
    block(&ada, &blocked).await;
    let room = group(&partner, &[&ada]).await;
    let mut revs = Vec::new();
    for user in [
        &owner, &friend, &asker, &asked, &partner, &contact, &blocked,
    ] {
        revs.push(account_rev(user).await);
    }

    let events = Events::listen(&test.env).await;
    end_account(&ada).await.expect(204);
    assert_eq!(rows::number(&test.env, TIES).await, 0);
    let [
        owners,
        friends,
        askers,
        askeds,
        partners,
        contacts,
        blockeds,
    ] = revs[..]
    else {
        panic!("{revs:?}")
    };
    let user_id = ada.id();
    let removed = |account_rev| ServerFrame::ContactRemoved {
        user_id,
        account_rev,
    };
    expect_told(&events, &owner, &removed(owners + 1)).await;
    expect_told(&events, &friend, &removed(friends + 1)).await;
    let unfriended = ServerFrame::FriendRemoved {
        user_id,
        account_rev: friends + 2,
    };
    expect_told(&events, &friend, &unfriended).await;
    for (user, request, account_rev) in [(&asker, &made, askers + 1), (&asked, &sent, askeds + 1)] {
        let frame = ServerFrame::FriendRequestRemoved {
            friend_request_id: request.id,
            account_rev,
        };
        expect_told(&events, user, &frame).await;
    }
    for (user, rev) in [
        (&owner, owners + 1),
        (&friend, friends + 2),
        (&asker, askers + 1),
        (&asked, askeds + 1),
        (&partner, partners),
        (&contact, contacts),
        (&blocked, blockeds),
    ] {
        assert_eq!(account_rev(user).await, rev, "{}", user.username());
        assert!(all::<Account>(user, "/v1/friends").await.is_empty());
        assert!(
            all::<FriendRequest>(user, "/v1/friend-requests")
                .await
                .is_empty()
        );
        assert!(all::<Contact>(user, "/v1/contacts").await.is_empty());
    }
    let heard = events
        .expect_frame(
            |frame| matches!(frame, ServerFrame::UserUpdated { user } if user.id == ada.id()),
        )
        .await;
    assert!(matches!(frame(&heard), ServerFrame::UserUpdated { user } if user.deleted));
    for key in [
        format!("user.{}", partner.id()),
        format!("user.{}", owner.id()),
        format!("group.{room}"),
    ] {
        assert!(heard.keys.contains(&key), "{key}: {heard:?}");
    }
    assert_eq!(kinds_told(&events, &partner).await, ["user.updated"]);
    assert_eq!(kinds_told(&events, &blocked).await, [""; 0]);
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_gone_leaves_their_groups_to_those_who_stay() {
    let test = TestApp::start().await;
    let (ada, bob, cyd) = (
        test.user("ada").await,
        test.user("bob").await,
        test.user("cyd").await,
    );
    // Whom a group passes to may be a friend as well, and is told of both.
    befriend(&ada, &bob).await;
    let passes_on = group(&ada, &[&bob, &cyd]).await;
    let ends = group(&ada, &[]).await;
    let (bobs, cyds) = (account_rev(&bob).await, account_rev(&cyd).await);
    let events = Events::listen(&test.env).await;
    end_account(&ada).await.expect(204);

    let path = format!("/v1/groups/{passes_on}");
    let seen: Group = bob.client.get(&path).await.expect(200).json();
    assert_eq!(seen.my_role, Some(Role::Owner));
    assert_eq!(
        (seen.shared.owner_id, seen.shared.member_count),
        (bob.id(), 2)
    );
    let gone = format!("/v1/groups/{ends}");
    bob.client.get(&gone).await.problem(404, Code::NotFound);
    assert_eq!(account_rev(&bob).await, bobs + 2);
    assert_eq!(account_rev(&cyd).await, cyds);
    assert_eq!(
        kinds_told(&events, &bob).await,
        ["group.updated", "friend.removed", "user.updated"]
    );
    let left = events
        .expect_frame(|frame| matches!(frame, ServerFrame::MemberLeft { user_id, .. } if *user_id == ada.id()))
        .await;
    assert_eq!(left.keys, [format!("group.{passes_on}")]);
    // What the group that ended held is swept away later.
    let rows = format!(
        "SELECT (SELECT count(*) FROM group_members WHERE user_id = '{ada}') \
         + (SELECT count(*) FROM members m JOIN conversations c ON c.id = m.conversation_id \
            WHERE m.user_id = '{ada}') AS n",
        ada = ada.id()
    );
    assert_eq!(rows::number(&test.env, &rows).await, 0);
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_block_of_someone_who_is_gone_can_be_seen_and_taken_back() {
    let test = TestApp::start().await;
    let (ada, bob) = (test.user("ada").await, test.user("bob").await);
    block(&ada, &bob).await;
    end_account(&bob).await.expect(204);
    let blocks: Page<Account> = page(&ada, "/v1/blocks").await;
    assert!(blocks.items.len() == 1 && blocks.items[0].deleted);
    let path = format!("/v1/blocks/{}", bob.id());
    ada.client.delete(&path).await.expect(204);
    assert_eq!(rows::number(&test.env, TIES).await, 0);
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_ties_themselves_to_an_account_that_ends_at_that_moment() {
    let test = TestApp::start().await;
    let mut others = Vec::new();
    for name in ["bob", "cyd", "dan", "eve"] {
        others.push(test.user(name).await);
    }
    for round in 0..6 {
        let ada = test.user(&format!("ada{round}")).await;
        let (contact, nameless) = (format!("/v1/contacts/{}", ada.id()), json!({}));
        let ties = others.iter().map(|other| async {
            let (kept, asked) = tokio::join!(
                other.client.put(&contact, &nameless),
                try_ask(other, ada.id())
            );
            assert!(matches!(kept.status, 201 | 404), "{kept}");
            assert!(matches!(asked.status, 201 | 404), "{asked}");
        });
        let (_, ended) = tokio::join!(join_all(ties), end_account(&ada));
        ended.expect(204);
        assert_eq!(rows::number(&test.env, TIES).await, 0);
        try_ask(&others[0], ada.id())
            .await
            .problem(404, Code::NotFound);
    }
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn friends_whose_accounts_end_at_once_do_not_wait_for_each_other_forever() {
    let test = TestApp::start().await;
    for round in 0..4 {
        let mut circle = Vec::new();
        for name in ["ada", "bob", "cyd"] {
            circle.push(test.user(&format!("{name}{round}")).await);
        }
        for (i, one) in circle.iter().enumerate() {
            let next = &circle[(i + 1) % circle.len()];
            befriend(one, next).await;
            keep(next, one).await;
        }
        for ended in join_all(circle.iter().map(end_account)).await {
            ended.expect(204);
        }
        assert_eq!(rows::number(&test.env, TIES).await, 0);
    }
    test.app.stop().await;
}
