//! Beginning, listing and deleting direct chats.

use futures_util::future::join_all;
use protocol::conversation::Conversation;
use protocol::frame::ServerFrame;
use protocol::ids::{ConversationId, UserId};
use protocol::page::Page;
use protocol::problem::Code;
use protocol::routing::Route;
use serde_json::json;
use testkit::http::User;

use super::{pair, path};
use crate::app::TestApp;
use crate::events::Events;

async fn list(user: &User, query: &str) -> Page<Conversation> {
    user.client
        .get(&format!("/v1/conversations{query}"))
        .await
        .expect(200)
        .json()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pair_has_one_chat_whoever_asks_and_however_many_at_once() {
    let test = TestApp::start().await;
    let (ada, bob) = (test.user("ada").await, test.user("bob").await);
    let asks = (0..12).map(|i| {
        let (from, to) = if i % 2 == 0 {
            (&ada, bob.id())
        } else {
            (&bob, ada.id())
        };
        async move {
            from.client
                .post("/v1/conversations", &json!({ "user_id": to }))
                .await
        }
    });
    let replies = join_all(asks).await;
    let created = replies.iter().filter(|reply| reply.status == 201).count();
    assert_eq!(created, 1);
    let ids: std::collections::HashSet<ConversationId> = replies
        .into_iter()
        .map(|reply| reply.json::<Conversation>().shared.id)
        .collect();
    assert_eq!(ids.len(), 1);
    assert_eq!(list(&bob, "").await.items.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_chat_is_told_to_both_sides_in_one_event() {
    let test = TestApp::start().await;
    let events = Events::listen(&test.env).await;
    let (ada, bob, id) = pair(&test).await;
    let is_it = |frame: &ServerFrame| matches!(frame, ServerFrame::ConversationCreated { rev: 0, conversation } if conversation.id == id);
    let heard = events.expect_frame(is_it).await;
    assert_eq!(
        heard.keys,
        [Route::User(ada.id()).key(), Route::User(bob.id()).key()]
    );
    assert_eq!(heard.kind, "conversation.created");
    let mine = ada.client.conversation(id).await;
    assert_eq!(mine.peer.unwrap().id, bob.id());
    assert_eq!(bob.client.conversation(id).await.peer.unwrap().id, ada.id());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_needs_somebody_else_who_exists_and_is_not_blocked() {
    let test = TestApp::start().await;
    let (ada, bob) = (test.user("ada").await, test.user("bob").await);
    let ask = async |user: &User, with: UserId| {
        user.client
            .post("/v1/conversations", &json!({ "user_id": with }))
            .await
    };
    let problem = ask(&ada, ada.id()).await.problem(422, Code::Invalid);
    assert_eq!(problem.errors[0].field, "user_id");
    ask(&ada, UserId::new()).await.problem(404, Code::NotFound);
    bob.client
        .put(&format!("/v1/blocks/{}", ada.id()), &json!({}))
        .await
        .expect(204);
    ask(&ada, bob.id()).await.problem(403, Code::Blocked);
    ask(&bob, ada.id()).await.problem(403, Code::Blocked);
    bob.client
        .delete(&format!("/v1/blocks/{}", ada.id()))
        .await
        .expect(204);
    ask(&ada, bob.id()).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_cannot_learn_that_a_chat_exists() {
    let test = TestApp::start().await;
    let (_ada, _bob, id) = pair(&test).await;
    let eve = test.user("eve").await;
    for unknown in [id, ConversationId::new()] {
        let c = &eve.client;
        let replies = [
            c.get(&path(unknown, "")).await,
            c.get(&path(unknown, "/messages")).await,
            c.get(&path(unknown, "/changes?since=0")).await,
            c.get(&path(unknown, "/receipts")).await,
            c.post(&path(unknown, "/receipts"), &json!({"read_seq": 0}))
                .await,
            c.post(&path(unknown, "/clear"), &json!({})).await,
            c.patch(&path(unknown, "/me"), &json!({"archived": true}))
                .await,
            c.delete(&path(unknown, "")).await,
            c.try_send(unknown, protocol::ids::ClientId::new(), "hi")
                .await,
        ];
        for reply in replies {
            reply.problem(404, Code::NotFound);
        }
    }
    assert!(list(&eve, "").await.items.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_has_pinned_chats_first_then_the_latest_and_pages_through_all_of_them() {
    let test = TestApp::start().await;
    let ada = test.user("ada").await;
    let mut ids = Vec::new();
    for name in ["pal0", "pal1", "pal2", "pal3", "pal4"] {
        let other = test.user(name).await;
        ids.push(ada.client.direct(other.id()).await.shared.id);
    }
    ada.client.send(ids[2], "latest").await;
    for (index, place) in [(0, 2), (4, 1)] {
        let pin = json!({"pinned": true, "pin_position": place});
        ada.client
            .patch(&path(ids[index], "/me"), &pin)
            .await
            .expect(200);
    }
    ada.client
        .patch(&path(ids[3], "/me"), &json!({"archived": true}))
        .await
        .expect(200);
    let want = [ids[4], ids[0], ids[2], ids[1]];
    let mut seen = Vec::new();
    let mut query = "?limit=1".to_owned();
    loop {
        let page = list(&ada, &query).await;
        seen.extend(page.items.iter().map(|conversation| conversation.shared.id));
        match page.next_cursor {
            Some(cursor) => query = format!("?limit=1&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(seen, want);
    let archived = list(&ada, "?archived=true").await;
    assert_eq!(
        archived
            .items
            .iter()
            .map(|c| c.shared.id)
            .collect::<Vec<_>>(),
        [ids[3]]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_chat_leaves_the_list_cleared_until_a_new_message_arrives() {
    let test = TestApp::start().await;
    let (ada, bob, id) = pair(&test).await;
    bob.client.send(id, "old").await;
    let set = json!({"pinned": true, "archived": true});
    ada.client.patch(&path(id, "/me"), &set).await.expect(200);
    let events = Events::listen(&test.env).await;
    ada.client.delete(&path(id, "")).await.expect(204);
    let heard = events
        .expect_frame(|frame| matches!(frame, ServerFrame::ConversationRemoved { conversation_id, .. } if *conversation_id == id))
        .await;
    assert_eq!(heard.keys, [Route::User(ada.id()).key()]);
    assert!(list(&ada, "").await.items.is_empty());
    assert!(list(&ada, "?archived=true").await.items.is_empty());
    assert_eq!(list(&bob, "").await.items.len(), 1);
    assert_eq!(bob.client.messages(id, "").await.items.len(), 1);
    assert!(!ada.client.conversation(id).await.me.listed);

    bob.client.send(id, "new").await;
    let back = list(&ada, "").await.items;
    assert_eq!(back.len(), 1);
    let me = &back[0].me;
    assert!(me.listed && !me.pinned && !me.archived);
    assert_eq!((me.cleared_seq, me.unread), (1, 1));
    let page = ada.client.messages(id, "").await;
    assert_eq!(
        page.items
            .iter()
            .map(|m| m.body.as_str())
            .collect::<Vec<_>>(),
        ["new"]
    );
}
