//! Deleting a message for oneself.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use protocol::conversation::Conversation;
use protocol::frame::ServerFrame;
use protocol::ids::MessageId;
use protocol::message::MessagePage;
use protocol::problem::Code;
use protocol::routing::Route;
use protocol::sync::{Known, SyncRequest};
use serde_json::json;
use testkit::http::User;

use super::{Chat, at, edit, hide, try_edit};
use crate::rows;

fn seqs(page: &MessagePage) -> Vec<i64> {
    page.items.iter().map(|message| message.seq).collect()
}

async fn hidden_since(user: &User, known: &Conversation) -> Vec<MessageId> {
    let id = known.shared.id;
    let known = Known {
        rev: known.shared.rev,
        me_version: known.me.version,
        view: Some(known.view.clone()),
    };
    let request = SyncRequest {
        known: BTreeMap::from([(id, known)]),
        ..SyncRequest::default()
    };
    let mut answer = user.client.sync(&request).await;
    assert!(answer.changes.is_empty(), "{answer:#?}");
    answer
        .views
        .remove(&id)
        .map(|view| view.hidden)
        .unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hidden_message_is_gone_for_its_hider_on_every_device_and_for_nobody_else() {
    let chat = Chat::begin().await;
    let first = chat.bob.client.send(chat.id, "first").await;
    let second = chat.bob.client.send(chat.id, "second").await;
    let before = chat.ada.client.conversation(chat.id).await;
    assert_eq!(before.me.unread, 2);
    hide(&chat.ada, &second).await;
    let after = chat.ada.client.conversation(chat.id).await;
    assert_eq!(
        (after.me.unread, after.me.version),
        (1, before.me.version + 1)
    );
    assert_eq!(
        after.last_message.as_ref().map(|message| message.id),
        Some(first.id)
    );
    assert_eq!(after.shared.rev, before.shared.rev);
    let want = ServerFrame::MessageHidden {
        conversation_id: chat.id,
        message_id: second.id,
        me: after.me.clone(),
    };
    let heard = chat.events.expect_frame(|frame| *frame == want).await;
    assert_eq!(heard.keys, [Route::User(chat.ada.id()).key()]);
    let row = "SELECT concat_ws('|', user_id, seq, message_id, version) AS line FROM message_hides";
    let want = format!("{}|2|{}|{}", chat.ada.id(), second.id, after.me.version);
    assert_eq!(rows::lines(&chat.test.env, row).await, [want]);
    assert_eq!(hidden_since(&chat.ada, &before).await, [second.id]);
    assert_eq!(hidden_since(&chat.ada, &after).await, []);

    // Again: it is hidden already.
    hide(&chat.ada, &second).await;
    assert_eq!(chat.ada.client.conversation(chat.id).await.me, after.me);
    assert_eq!(seqs(&chat.ada.client.messages(chat.id, "").await), [1]);
    assert_eq!(seqs(&chat.bob.client.messages(chat.id, "").await), [1, 2]);
    // What becomes of it is nothing to them.
    edit(&chat.bob, &second, "other").await;
    let changes = chat.ada.client.changes(chat.id, 1).await;
    assert!(changes.items.is_empty() && changes.complete && changes.rev == 3);
    assert_eq!(chat.bob.client.changes(chat.id, 1).await.items.len(), 1);
    for rest in ["/pin", "/reactions/%F0%9F%91%8D"] {
        let reply = chat.ada.client.put(&at(&second, rest), &json!({})).await;
        reply.problem(404, Code::NotFound);
    }
    let reply = chat.ada.client.get(&at(&second, "/receipts")).await;
    reply.problem(404, Code::NotFound);
    try_edit(&chat.ada, &second, "x")
        .await
        .problem(404, Code::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_say_exactly_whether_there_is_more_to_see() {
    let chat = Chat::begin().await;
    let mut messages = Vec::new();
    for n in 1..=12 {
        messages.push(chat.bob.client.send(chat.id, &format!("m{n}")).await);
    }
    for seq in [1, 2, 5, 6, 7, 11, 12] {
        hide(&chat.ada, &messages[seq - 1]).await;
    }
    for (query, want, before, after) in [
        ("", vec![3, 4, 8, 9, 10], false, false),
        ("?limit=3", vec![8, 9, 10], true, false),
        ("?limit=5", vec![3, 4, 8, 9, 10], false, false),
        ("?before=8", vec![3, 4], false, true),
        ("?before=3", vec![], false, true),
        ("?before=8&limit=1", vec![4], true, true),
        ("?before=11", vec![3, 4, 8, 9, 10], false, false),
        ("?after=4&limit=2", vec![8, 9], true, true),
        ("?after=4&limit=3", vec![8, 9, 10], true, false),
        ("?after=10", vec![], true, false),
        ("?after=2&limit=5", vec![3, 4, 8, 9, 10], false, false),
        ("?around=6&limit=3", vec![3, 4, 8], false, true),
        ("?around=6&limit=2", vec![4, 8], true, true),
        ("?around=1&limit=2", vec![3, 4], false, true),
        ("?around=12&limit=2", vec![10], true, false),
    ] {
        let page = chat.ada.client.messages(chat.id, query).await;
        assert_eq!(seqs(&page), want, "{query}");
        assert_eq!(
            (page.has_before, page.has_after),
            (before, after),
            "{query}"
        );
    }
    let view = chat.ada.client.conversation(chat.id).await;
    assert_eq!((view.me.unread, view.last_message.unwrap().seq), (5, 10));
    let changes = chat.ada.client.changes(chat.id, 0).await;
    let revs: Vec<_> = changes.items.iter().map(|message| message.rev).collect();
    assert_eq!((revs, changes.complete), (vec![3, 4, 8, 9, 10], true));
}

#[tokio::test(flavor = "multi_thread")]
async fn hiding_among_new_messages_hides_exactly_these() {
    let chat = Chat::begin().await;
    let mut old = Vec::new();
    for n in 0..10 {
        old.push(chat.bob.client.send(chat.id, &format!("old {n}")).await);
    }
    let before = chat.ada.client.conversation(chat.id).await;
    let hides = join_all(old.iter().map(|message| hide(&chat.ada, message)));
    let sends = join_all((0..10).map(|_| chat.bob.client.send(chat.id, "new")));
    tokio::join!(hides, sends);
    let after = chat.ada.client.conversation(chat.id).await;
    assert_eq!(
        (after.me.unread, after.me.version),
        (10, before.me.version + 10)
    );
    let page = chat.ada.client.messages(chat.id, "").await;
    assert!(seqs(&page).into_iter().eq(11..=20) && !page.has_before);
}
