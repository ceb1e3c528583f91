//! Healing a client's copy: `changes` and `sync`.

use std::collections::BTreeMap;

use futures_util::{StreamExt, stream};
use protocol::conversation::Conversation;
use protocol::ids::ConversationId;
use protocol::problem::Code;
use protocol::sync::{Known, SyncRequest, SyncResponse};
use serde_json::json;
use testkit::http::User;

use super::{pair, path};
use crate::app::TestApp;

fn known(conversation: &Conversation) -> Known {
    Known {
        rev: conversation.shared.rev,
        me_version: conversation.me.version,
        view: Some(conversation.view.clone()),
    }
}

async fn sync(user: &User, known: BTreeMap<ConversationId, Known>) -> SyncResponse {
    user.client
        .sync(&SyncRequest {
            known,
            account_rev: None,
            cursor: None,
        })
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_knows_everything_is_told_nothing() {
    let test = TestApp::start().await;
    let (ada, bob, id) = pair(&test).await;
    bob.client.send(id, "hello").await;
    let fresh = sync(&ada, BTreeMap::new()).await;
    assert_eq!(fresh.conversations.len(), 1);
    assert!(fresh.changes.is_empty() && fresh.views.is_empty());
    let again = sync(&ada, BTreeMap::from([(id, known(&fresh.conversations[0]))])).await;
    assert!(
        again.conversations.is_empty()
            && again.changes.is_empty()
            && again.views.is_empty()
            && again.removed.is_empty()
    );
    assert_eq!(again.epoch, fresh.epoch);
    assert_eq!(again.epoch.len(), 11);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_answer_holds_a_thousand_items_and_the_next_ones_the_rest() {
    const BEHIND: usize = 400;
    let test = TestApp::start().await;
    let ada = test.user("ada").await;
    let mut held = BTreeMap::new();
    for name in ["bob", "cyd", "eve"] {
        let chat = ada.client.direct(test.user(name).await.id()).await;
        let (id, client) = (chat.shared.id, &ada.client);
        held.insert(id, known(&chat));
        let sends = (0..BEHIND).map(|n| async move { client.send(id, &format!("{n}")).await });
        let sent: Vec<_> = stream::iter(sends).buffer_unordered(50).collect().await;
        assert_eq!(sent.len(), BEHIND);
    }
    let mut request = SyncRequest {
        known: held,
        account_rev: None,
        cursor: None,
    };
    let mut found: BTreeMap<ConversationId, Vec<i64>> = BTreeMap::new();
    let mut answers = 0;
    loop {
        let answer = ada.client.sync(&request).await;
        answers += 1;
        let items = answer
            .changes
            .values()
            .map(|one| one.items.len())
            .sum::<usize>();
        assert!(items <= 1000, "{items}");
        for (id, changes) in answer.changes {
            assert!(changes.complete && !changes.reset);
            let revs = changes.items.iter().map(|message| message.rev);
            found.entry(id).or_default().extend(revs);
        }
        request.cursor = answer.next_cursor;
        if request.cursor.is_none() {
            break;
        }
    }
    assert!(answers > 1, "all of it came at once");
    let all: Vec<i64> = (1..=BEHIND as i64).collect();
    assert!(
        found.len() == 3 && found.values().all(|revs| *revs == all),
        "{found:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happened_since_comes_with_the_changes_and_the_view() {
    let test = TestApp::start().await;
    let (ada, bob, id) = pair(&test).await;
    let before = ada.client.conversation(id).await;
    let messages = [
        bob.client.send(id, "one").await,
        bob.client.send(id, "two").await,
    ];
    let answer = sync(&ada, BTreeMap::from([(id, known(&before))])).await;
    let changes = &answer.changes[&id];
    assert_eq!(changes.items, messages);
    assert!(changes.complete && !changes.reset);
    assert_eq!(changes.rev, 2);
    assert_eq!(answer.views[&id].me.unread, 2);
    assert_eq!(
        answer.conversations[0].last_message.as_ref(),
        Some(&messages[1])
    );
    let direct = ada.client.changes(id, 1).await;
    assert_eq!(direct.items, messages[1..]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_alone_changes_the_view_and_nothing_else() {
    let test = TestApp::start().await;
    let (ada, bob, id) = pair(&test).await;
    ada.client.send(id, "hello").await;
    let before = ada.client.conversation(id).await;
    bob.client
        .post(&path(id, "/receipts"), &json!({"read_seq": 1}))
        .await
        .expect(204);
    let answer = sync(&ada, BTreeMap::from([(id, known(&before))])).await;
    assert!(answer.conversations.is_empty() && answer.changes.is_empty());
    assert_eq!(answer.views[&id].receipts.read_seq, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_far_behind_is_told_to_load_the_newest_page() {
    let test = TestApp::start().await;
    let (ada, bob, id) = pair(&test).await;
    let sends = (0..501).map(|i| {
        let client = &bob.client;
        async move { client.send(id, &format!("m{i}")).await }
    });
    stream::iter(sends)
        .buffer_unordered(16)
        .collect::<Vec<_>>()
        .await;
    let stale = Known {
        rev: 0,
        me_version: 1,
        view: None,
    };
    let answer = sync(&ada, BTreeMap::from([(id, stale)])).await;
    let changes = &answer.changes[&id];
    assert!(changes.reset && changes.items.is_empty());
    assert_eq!(changes.rev, 501);
    assert!(ada.client.changes(id, 0).await.reset);
    // One revision nearer it is not too far.
    let near = ada.client.changes(id, 1).await;
    assert!(!near.reset && !near.complete);
    assert_eq!(near.items.len(), 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_come_in_pieces_that_end_complete() {
    let test = TestApp::start().await;
    let (ada, bob, id) = pair(&test).await;
    for i in 0..7 {
        bob.client.send(id, &format!("m{i}")).await;
    }
    let (mut since, mut seen) = (0, Vec::new());
    loop {
        let reply = ada
            .client
            .get(&path(id, &format!("/changes?since={since}&limit=3")))
            .await
            .expect(200);
        let changes: protocol::sync::Changes = reply.json();
        seen.extend(changes.items.iter().map(|m| m.rev));
        since = if changes.complete {
            changes.rev
        } else {
            changes.items.last().unwrap().rev
        };
        if changes.complete {
            break;
        }
    }
    assert_eq!((since, seen), (7, (1..=7).collect()));
    for query in [
        "",
        "?since=-1",
        "?since=x",
        "?since=0&limit=0",
        "?since=0&limit=101",
    ] {
        ada.client
            .get(&path(id, &format!("/changes{query}")))
            .await
            .problem(400, Code::Malformed);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_caller_cannot_read_is_removed() {
    let test = TestApp::start().await;
    let (_ada, _bob, id) = pair(&test).await;
    let eve = test.user("eve").await;
    let never = ConversationId::new();
    let stale = Known {
        rev: 3,
        me_version: 1,
        view: None,
    };
    let answer = sync(&eve, BTreeMap::from([(id, stale.clone()), (never, stale)])).await;
    let mut removed = answer.removed.clone();
    removed.sort();
    let mut want = vec![id, never];
    want.sort();
    assert_eq!(removed, want);
    assert!(answer.changes.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_an_answer_holds_comes_with_a_cursor() {
    let test = TestApp::start().await;
    let ada = test.user("ada").await;
    let mut conn = test.env.sql().await;
    // 205 chats, straight into the tables: making their users one by one would take minutes.
    diesel_async::SimpleAsyncConnection::batch_execute(
        &mut conn,
        &format!(
            "INSERT INTO users (id, username, display_name) \
                 SELECT gen_random_uuid(), 'seed' || i, 'Seed' FROM generate_series(1, 205) i; \
             INSERT INTO conversations (id, kind, direct_low, direct_high) \
                 SELECT gen_random_uuid(), 1, least(id, '{ada}'), greatest(id, '{ada}') FROM users WHERE username LIKE 'seed%'; \
             INSERT INTO members (conversation_id, user_id) SELECT id, unnest(ARRAY[direct_low, direct_high]) FROM conversations",
            ada = ada.id()
        ),
    )
    .await
    .unwrap();
    let first = sync(&ada, BTreeMap::new()).await;
    assert_eq!(first.conversations.len(), 200);
    let cursor = first.next_cursor.clone();
    assert!(cursor.is_some());
    let rest = ada
        .client
        .sync(&SyncRequest {
            cursor,
            ..SyncRequest::default()
        })
        .await;
    assert_eq!((rest.conversations.len(), rest.next_cursor), (5, None));
    let ids: std::collections::HashSet<_> = first
        .conversations
        .iter()
        .chain(&rest.conversations)
        .map(|c| c.shared.id)
        .collect();
    assert_eq!(ids.len(), 205);
    ada.client
        .post("/v1/sync", &json!({"known": {}, "cursor": "nonsense"}))
        .await
        .problem(400, Code::Malformed);
    ada.client
        .post(
            "/v1/sync",
            &json!({"known": {"x": {"rev": 1, "me_version": 1}}}),
        )
        .await
        .problem(422, Code::Invalid);
}
