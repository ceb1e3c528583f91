//! A channel as its members see it, and as nobody else does.

use std::collections::BTreeMap;

use protocol::conversation::{Conversation, ConversationKind, View};
use protocol::page::Page;
use protocol::problem::Code;
use protocol::sync::{Known, SyncRequest};
use reqwest::Method;
use serde_json::json;
use testkit::http::User;

use super::super::path;
use super::room;
use crate::app::TestApp;
use crate::rows;

async fn list(user: &User, query: &str) -> Vec<Conversation> {
    let reply = user.client.get(&format!("/v1/conversations{query}")).await;
    reply.expect(200).json::<Page<Conversation>>().items
}

fn known(conversation: &Conversation) -> SyncRequest {
    let known = Known {
        rev: conversation.shared.rev,
        me_version: conversation.me.version,
        view: Some(conversation.view.clone()),
    };
    SyncRequest {
        known: BTreeMap::from([(conversation.shared.id, known)]),
        ..SyncRequest::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn list_sync_and_the_channel_itself_say_the_same() {
    let test = TestApp::start().await;
    let (people, room) = room(&test, &["ada", "bob", "eve"]).await;
    let [ada, bob, eve] = &people[..] else {
        unreachable!("three were asked for")
    };
    let sent = bob.client.send(room.id, "hello").await;
    room.read(eve, 1).await;
    room.receive(ada, 1).await;
    let channel = ada.client.conversation(room.id).await;
    assert_eq!(channel.shared.kind, ConversationKind::Channel);
    assert_eq!(channel.shared.group_id, Some(room.group));
    assert_eq!(channel.shared.name.as_deref(), Some("talk"));
    assert_eq!(
        (channel.peer.as_ref(), channel.me.unread),
        (None, 1),
        "others write here"
    );
    assert_eq!(channel.last_message.as_ref(), Some(&sent));
    let receipts = (channel.receipts.delivered_seq, channel.receipts.read_seq);
    assert_eq!(receipts, (1, 0));

    let listed = list(ada, "").await;
    assert!(listed.contains(&channel), "{listed:#?}");
    let fresh = ada.client.sync(&SyncRequest::default()).await;
    assert!(fresh.conversations.contains(&channel));
    let again = ada.client.sync(&known(&channel)).await;
    assert!(again.changes.is_empty() && again.views.is_empty() && again.removed.is_empty());
    // The lowest watermarks alone are a reason to say the view again.
    room.read(ada, 1).await;
    let of_bob = known(&bob.client.conversation(room.id).await);
    assert!(bob.client.sync(&of_bob).await.views.is_empty());
    let now = ada.client.conversation(room.id).await;
    assert_eq!((now.receipts.read_seq, now.me.unread), (1, 0));
    assert_ne!(now.view, channel.view);
}

#[tokio::test(flavor = "multi_thread")]
async fn ones_own_view_of_a_channel_changes_as_that_of_a_direct_chat() {
    let test = TestApp::start().await;
    let (people, room) = room(&test, &["ada", "bob"]).await;
    let [ada, bob] = &people[..] else {
        unreachable!("two were asked for")
    };
    for body in ["one", "two", "three"] {
        bob.client.send(room.id, body).await;
    }
    let before = ada.client.conversation(room.id).await.me.version;
    let change = json!({
        "archived": true, "pinned": true, "pin_position": 1,
        "muted_until": "2100-01-01T00:00:00.000Z", "unread_from_seq": 2,
    });
    let reply = ada.client.patch(&path(room.id, "/me"), &change).await;
    let me: View = reply.expect(200).json();
    assert!(me.archived && me.pinned && me.muted_until.is_some());
    assert_eq!((me.version, me.unread), (before + 1, 2));
    let archived = list(ada, "?archived=true").await;
    assert_eq!(archived.len(), 1, "the other channel is not put aside");

    let clear = path(room.id, "/clear");
    ada.client.post(&clear, &json!({})).await.expect(204);
    let me = ada.client.conversation(room.id).await.me;
    assert_eq!((me.cleared_seq, me.unread), (3, 0));
    assert!(ada.client.messages(room.id, "").await.items.is_empty());
    assert_eq!(bob.client.messages(room.id, "").await.items.len(), 3);

    let refused = ada.client.delete(&path(room.id, "")).await;
    refused.problem(403, Code::Forbidden);
    assert!(ada.client.conversation(room.id).await.me.listed);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_no_member_finds_nothing_not_even_in_a_public_group() {
    let test = TestApp::start().await;
    let (people, room) = room(&test, &["ada", "bob"]).await;
    let sent = people[0].client.send(room.id, "among us").await;
    let eve = test.user("eve").await;
    let message = json!({ "client_id": sent.client_id, "body": "me too" });
    for (method, rest, body) in [
        (Method::GET, "", None),
        (Method::GET, "/messages", None),
        (Method::GET, "/changes?since=0", None),
        (Method::GET, "/receipts", None),
        (Method::POST, "/messages", Some(message)),
        (Method::POST, "/receipts", Some(json!({ "read_seq": 1 }))),
        (Method::POST, "/clear", Some(json!({}))),
        (Method::PATCH, "/me", Some(json!({ "pinned": true }))),
        (Method::DELETE, "", None),
    ] {
        let mut request = eve.client.request(method, &path(room.id, rest));
        if let Some(body) = &body {
            request = request.json(body);
        }
        request.send().await.problem(404, Code::NotFound);
    }
    assert!(list(&eve, "").await.is_empty());
    let known = known(&people[0].client.conversation(room.id).await);
    assert_eq!(eve.client.sync(&known).await.removed, [room.id]);
    let query = format!(
        "SELECT count(*) AS n FROM messages WHERE conversation_id = '{}'",
        room.id
    );
    assert_eq!(rows::number(&test.env, &query).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_back_begins_above_the_view_they_left() {
    let test = TestApp::start().await;
    let (people, room) = room(&test, &["ada", "bob"]).await;
    let bob = &people[1].client;
    let pin = json!({ "pinned": true });
    bob.patch(&path(room.id, "/me"), &pin).await.expect(200);
    let before = bob.conversation(room.id).await;
    for _ in 0..2 {
        bob.leave(room.group).await;
        bob.join(room.group).await;
    }
    // A device that missed all of it is told, and the version says which view is the newer one.
    let sync = bob.sync(&known(&before)).await;
    let now = &sync.views[&room.id].me;
    assert!(!now.pinned && now.version > before.me.version, "{now:#?}");
    let raised = bob.patch(&path(room.id, "/me"), &pin).await;
    let me: View = raised.expect(200).json();
    assert_eq!(me.version, now.version + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_channel_is_gone_although_its_rows_are_swept_later() {
    let test = TestApp::start().await;
    let (people, room) = room(&test, &["ada", "bob"]).await;
    let [ada, bob] = &people[..] else {
        unreachable!("two were asked for")
    };
    bob.client.send(room.id, "soon gone").await;
    let pin = json!({ "pinned": true });
    bob.client
        .patch(&path(room.id, "/me"), &pin)
        .await
        .expect(200);
    let known = known(&bob.client.conversation(room.id).await);
    let channel = format!("/v1/channels/{}", room.id);
    ada.client.delete(&channel).await.expect(204);
    let left = format!(
        "SELECT count(*) AS n FROM members WHERE conversation_id = '{}'",
        room.id
    );
    assert_eq!(rows::number(&test.env, &left).await, 2, "swept already");

    for _ in 0..2 {
        // Alone it is committed by one function, in company by the other.
        let sends = ["alone", "in", "company"].map(|body| {
            bob.client
                .try_send(room.id, protocol::ids::ClientId::new(), body)
        });
        for reply in futures_util::future::join_all(sends).await {
            reply.problem(404, Code::NotFound);
        }
    }
    let marks = json!({ "read_seq": 1 });
    let refused = bob.client.post(&path(room.id, "/receipts"), &marks).await;
    refused.problem(404, Code::NotFound);
    let sync = bob.client.sync(&known).await;
    assert_eq!(sync.removed, [room.id]);
    let ids: Vec<_> = list(bob, "").await.iter().map(|c| c.shared.id).collect();
    assert!(!ids.contains(&room.id));
}
