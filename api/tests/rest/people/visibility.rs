//! Who may see whom online.

use std::time::Duration;

use protocol::ids::UserId;
use protocol::internal::{VISIBLE_PATH, VisibleResponse};
use protocol::presence::{Presences, Status};
use serde_json::json;
use testkit::http::{Client, User};

use super::{befriend, block, end_account, group, keep};
use crate::app::TestApp;
use crate::rows;

/// Of these, the ones whom a watcher sees online: by the poll, and by what sockets ask.
async fn seen(test: &TestApp, watcher: &User, watched: &[UserId]) -> Vec<UserId> {
    // A key lives ten seconds: it is written for this look.
    test.app.state.presence.refresh(watched).await;
    let ids: Vec<String> = watched.iter().map(ToString::to_string).collect();
    let path = format!("/v1/presence?user_ids={}", ids.join(","));
    let polled: Presences = watcher.client.get(&path).await.expect(200).json();
    let order: Vec<UserId> = polled.presences.iter().map(|one| one.user_id).collect();
    assert_eq!(order, watched);
    let online = polled
        .presences
        .into_iter()
        .filter(|one| one.status == Status::Online);
    let online: Vec<UserId> = online.map(|one| one.user_id).collect();

    let credential = &test.env.secrets().internal_credential;
    let peer = Client::anonymous(test.admin()).with_token(credential);
    let ask = json!({ "watchers": [{ "user_id": watcher.id(), "user_ids": watched }] });
    let answer: VisibleResponse = peer.post(VISIBLE_PATH, &ask).await.expect(200).json();
    let allowed: Vec<UserId> = answer.watchers[0]
        .users
        .iter()
        .map(|user| user.user_id)
        .collect();
    let in_order = watched.iter().copied().filter(|id| allowed.contains(id));
    assert_eq!(online, in_order.collect::<Vec<_>>(), "poll and push differ");
    online
}

#[tokio::test(flavor = "multi_thread")]
async fn presence_is_for_contacts_friends_and_those_one_shares_a_conversation_with() {
    let test = TestApp::start().await;
    let ada = test.user("ada").await;
    let (contact, friend, partner, fellow) = (
        test.user("contact").await,
        test.user("friend").await,
        test.user("partner").await,
        test.user("fellow").await,
    );
    let (owner, stranger) = (test.user("owner").await, test.user("stranger").await);
    keep(&ada, &contact).await;
    befriend(&friend, &ada).await;
    partner.client.direct(ada.id()).await;
    let room = group(&fellow, &[&ada]).await;
    group(&stranger, &[]).await;
    // To be in somebody's address book shows one nothing.
    keep(&owner, &ada).await;

    let known = [&contact, &friend, &partner, &fellow].map(User::id);
    let mut all = known.to_vec();
    all.extend([owner.id(), stranger.id(), UserId::new()]);
    assert_eq!(seen(&test, &ada, &all).await, known);
    assert_eq!(seen(&test, &ada, &[ada.id()]).await, [ada.id()]);
    for (watcher, sees) in [
        (&contact, false),
        (&friend, true),
        (&partner, true),
        (&fellow, true),
        (&owner, true),
        (&stranger, false),
    ] {
        let seen = seen(&test, watcher, &[ada.id()]).await;
        assert_eq!(!seen.is_empty(), sees, "{}", watcher.username());
    }

    // What made it so ends, and it is so no longer.
    let gone = [
        format!("/v1/contacts/{}", contact.id()),
        format!("/v1/friends/{}", friend.id()),
    ];
    for path in gone {
        ada.client.delete(&path).await.expect(204);
    }
    let leave = format!("/v1/groups/{room}/leave");
    ada.client.post(&leave, &json!({})).await.expect(204);
    assert_eq!(seen(&test, &ada, &all).await, [partner.id()]);
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn watchers_that_are_asked_about_together_see_what_each_of_them_may() {
    let test = TestApp::start().await;
    let (ada, bob, eve) = (
        test.user("ada").await,
        test.user("bob").await,
        test.user("eve").await,
    );
    let (hers, his) = (test.user("hers").await, test.user("his").await);
    group(&ada, &[&hers]).await;
    group(&bob, &[&his]).await;

    let credential = &test.env.secrets().internal_credential;
    let peer = Client::anonymous(test.admin()).with_token(credential);
    let all = [hers.id(), his.id()];
    let watchers = [&ada, &bob, &eve].map(|one| json!({ "user_id": one.id(), "user_ids": all }));
    let ask = json!({ "watchers": watchers });
    let answer: VisibleResponse = peer.post(VISIBLE_PATH, &ask).await.expect(200).json();
    let seen = answer.watchers.into_iter().map(|watcher| {
        let users = watcher.users.iter().map(|user| user.user_id);
        (watcher.user_id, users.collect::<Vec<_>>())
    });
    assert_eq!(
        seen.collect::<Vec<_>>(),
        [
            (ada.id(), vec![hers.id()]),
            (bob.id(), vec![his.id()]),
            (eve.id(), Vec::new()),
        ]
    );
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_blocks_hides_or_is_gone_is_seen_by_nobody_who_knows_them() {
    let test = TestApp::start().await;
    let ada = test.user("ada").await;
    let (blocker, hider, gone, blocked) = (
        test.user("blocker").await,
        test.user("hider").await,
        test.user("gone").await,
        test.user("blocked").await,
    );
    let all = [&blocker, &hider, &gone, &blocked].map(User::id);
    for other in [&blocker, &hider, &gone, &blocked] {
        ada.client.direct(other.id()).await;
        keep(&ada, other).await;
    }
    group(&ada, &[&blocker, &hider, &gone, &blocked]).await;
    assert_eq!(seen(&test, &ada, &all).await, all);
    block(&blocker, &ada).await;
    block(&ada, &blocked).await;
    let hide = json!({ "hide_presence": true });
    hider.client.patch("/v1/me", &hide).await.expect(200);
    end_account(&gone).await.expect(204);
    // A block hides the blocker; whom one blocks oneself, one may see.
    assert_eq!(seen(&test, &ada, &all).await, [blocked.id()]);
    assert_eq!(seen(&test, &blocked, &[ada.id()]).await, []);
    test.app.stop().await;
}

/// A plan that reads a table through to find one row is fast in a test and slow in a city.
#[tokio::test(flavor = "multi_thread")]
async fn whom_one_may_see_is_found_by_index() {
    let test = TestApp::start().await;
    let ada = test.user("ada").await;
    let seed = format!(
        "WITH people AS (INSERT INTO users (id, username, display_name) \
             SELECT gen_random_uuid(), 'seed' || i, 'Seed' FROM generate_series(1, 3000) i RETURNING id), \
         numbered AS MATERIALIZED (SELECT id, row_number() OVER () AS i FROM people), \
         contacts AS (INSERT INTO contacts (owner_id, user_id) \
             SELECT a.id, b.id FROM numbered a JOIN numbered b ON b.i BETWEEN a.i + 1 AND a.i + 4), \
         friends AS (INSERT INTO friendships (low_id, high_id) \
             SELECT least(a.id, b.id), greatest(a.id, b.id) FROM numbered a JOIN numbered b ON b.i BETWEEN a.i + 1 AND a.i + 4), \
         chats AS (INSERT INTO conversations (id, kind, direct_low, direct_high) \
             SELECT gen_random_uuid(), 1, least(a.id, b.id), greatest(a.id, b.id) \
             FROM numbered a JOIN numbered b ON b.i BETWEEN a.i + 1 AND a.i + 4), \
         quarrels AS (INSERT INTO blocks (blocker_id, blocked_id) \
             SELECT a.id, b.id FROM numbered a JOIN numbered b ON b.i BETWEEN a.i + 1 AND a.i + 4), \
         rooms AS MATERIALIZED (SELECT gen_random_uuid() AS id, n FROM generate_series(1, 200) n), \
         own AS (INSERT INTO group_members (group_id, user_id, role) SELECT id, '{ada}', 3 FROM rooms) \
         INSERT INTO group_members (group_id, user_id, role) \
             SELECT r.id, p.id, 3 FROM numbered p JOIN rooms r ON p.i % 200 = r.n % 200 WHERE p.i > 200",
        ada = ada.id()
    );
    rows::change(&test.env, &seed).await;
    rows::change(&test.env, "ANALYZE").await;
    // Half of them share a group with her, the others nothing: they are looked for everywhere.
    let ids = |condition: &str| {
        let query = format!(
            "SELECT u.id::text AS line FROM users u WHERE username LIKE 'seed%' \
             AND {condition} EXISTS (SELECT FROM group_members m WHERE m.user_id = u.id) ORDER BY u.id LIMIT 100"
        );
        async { rows::lines(&test.env, &{ query }).await }
    };
    let mut watched = ids("").await;
    watched.extend(ids("NOT").await);
    assert_eq!(watched.len(), 200);
    let path = format!("/v1/presence?user_ids={}", watched.join(","));
    let counters = || async {
        let query = "SELECT relname || ' ' || seq_scan AS line FROM pg_stat_user_tables \
                     WHERE schemaname = current_schema() \
                     AND relname IN ('blocks', 'contacts', 'friendships', 'conversations', 'group_members') ORDER BY 1";
        rows::lines(&test.env, query).await
    };
    let looked = || async {
        let query = "SELECT coalesce(sum(idx_scan), 0)::bigint AS n FROM pg_stat_user_tables \
                     WHERE schemaname = current_schema() AND relname = 'contacts'";
        rows::number(&test.env, query).await
    };
    let (before, looks) = (counters().await, looked().await);
    // More often than a prepared statement waits before it may settle for one plan.
    for _ in 0..20 {
        ada.client.get(&path).await.expect(200);
    }
    // A server tells what it did when its connection has been idle or busy for a second.
    testkit::eventually(Duration::from_secs(30), || async {
        ada.client.get(&path).await.expect(200);
        let now = looked().await - looks;
        if now >= 20 * 200 { Ok(()) } else { Err(now) }
    })
    .await;
    assert_eq!(counters().await, before, "a table was read through");
    test.app.stop().await;
}
