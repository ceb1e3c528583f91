//! Pinning messages in their conversation.

use protocol::ids::ConversationId;
use protocol::message::Message;
use protocol::page::Page;
use protocol::problem::Code;
use serde_json::json;
use testkit::http::User;

use super::{Chat, at, block, delete, hide, read, shared};
use crate::rows;

async fn pin(user: &User, message: &Message) {
    user.client
        .put(&at(message, "/pin"), &json!({}))
        .await
        .expect(204);
}

async fn unpin(user: &User, message: &Message) {
    user.client.delete(&at(message, "/pin")).await.expect(204);
}

async fn pins(user: &User, id: ConversationId, query: &str) -> Page<Message> {
    let path = format!("/v1/conversations/{id}/pins{query}");
    user.client.get(&path).await.expect(200).json()
}

fn seqs(page: &Page<Message>) -> Vec<i64> {
    page.items.iter().map(|message| message.seq).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pin_is_told_and_listed_with_the_newest_first_until_it_is_taken_off() {
    let chat = Chat::begin().await;
    let mut messages = Vec::new();
    for n in 1..=5 {
        messages.push(chat.ada.client.send(chat.id, &format!("m{n}")).await);
    }
    for seq in [2, 5, 3] {
        // Twice is once.
        pin(&chat.bob, &messages[seq - 1]).await;
        pin(&chat.ada, &messages[seq - 1]).await;
    }
    let told = chat.told("message.updated", 8).await;
    assert!(told.pinned && told.seq == 3);
    assert_eq!(shared(read(&chat.ada, &messages[2]).await), told);
    assert_eq!(chat.rev().await, 8);
    let page = pins(&chat.ada, chat.id, "").await;
    assert_eq!((seqs(&page), page.next_cursor), (vec![3, 5, 2], None));
    let first = pins(&chat.bob, chat.id, "?limit=2").await;
    assert_eq!(seqs(&first), [3, 5]);
    let cursor = first.next_cursor.unwrap();
    let rest = pins(&chat.bob, chat.id, &format!("?limit=2&cursor={cursor}")).await;
    assert_eq!((seqs(&rest), rest.next_cursor), (vec![2], None));

    unpin(&chat.ada, &messages[4]).await;
    unpin(&chat.ada, &messages[4]).await;
    assert!(!chat.told("message.updated", 9).await.pinned);
    let row = "SELECT seq::text AS line FROM messages WHERE pinned_at IS NOT NULL ORDER BY 1";
    assert_eq!(rows::lines(&chat.test.env, row).await, ["2", "3"]);
    // What one has hidden or cleared is not on one's list; on the other's it is.
    hide(&chat.ada, &messages[2]).await;
    assert_eq!(seqs(&pins(&chat.ada, chat.id, "").await), [2]);
    let clear = format!("/v1/conversations/{}/clear", chat.id);
    chat.ada.client.post(&clear, &json!({})).await.expect(204);
    assert!(pins(&chat.ada, chat.id, "").await.items.is_empty());
    assert_eq!(seqs(&pins(&chat.bob, chat.id, "").await), [3, 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_tombstones_and_blocked_pairs_pin_nothing() {
    let chat = Chat::begin().await;
    let eve = chat.test.user("eve").await;
    let message = chat.ada.client.send(chat.id, "hello").await;
    let path = at(&message, "/pin");
    eve.client
        .put(&path, &json!({}))
        .await
        .problem(404, Code::NotFound);
    eve.client.delete(&path).await.problem(404, Code::NotFound);
    let list = format!("/v1/conversations/{}/pins", chat.id);
    eve.client.get(&list).await.problem(404, Code::NotFound);
    for bad in ["?limit=0", "?cursor=x", "?cursor=WyIyMDI2Il0"] {
        let reply = chat.ada.client.get(&format!("{list}{bad}")).await;
        reply.problem(400, Code::Malformed);
    }
    block(&chat.ada, &chat.bob).await;
    chat.bob
        .client
        .put(&path, &json!({}))
        .await
        .problem(403, Code::Blocked);
    let free = format!("/v1/blocks/{}", chat.bob.id());
    chat.ada.client.delete(&free).await.expect(204);
    delete(&chat.ada, &message).await;
    chat.bob
        .client
        .put(&path, &json!({}))
        .await
        .problem(409, Code::Deleted);
    unpin(&chat.bob, &message).await;
    assert_eq!(chat.rev().await, 2);
}
