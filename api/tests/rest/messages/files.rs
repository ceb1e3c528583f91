//! What was sent to a conversation besides words.

use protocol::ids::ConversationId;
use protocol::message::Message;
use protocol::page::Page;
use protocol::problem::Code;
use serde_json::json;
use testkit::http::User;

use super::{Chat, attachments::upload, delete, hide, read, send};

async fn files(user: &User, id: ConversationId, query: &str) -> Page<Message> {
    let path = format!("/v1/conversations/{id}/files{query}");
    user.client.get(&path).await.expect(200).json()
}

fn seqs(page: &Page<Message>) -> Vec<i64> {
    page.items.iter().map(|message| message.seq).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_holds_files_is_listed_with_the_newest_first_as_its_reader_sees_it() {
    let chat = Chat::begin().await;
    let mut sent = Vec::new();
    for name in ["one.png", "two.png", "three.png", "four.png"] {
        chat.bob.client.send(chat.id, "words alone").await;
        let file = upload(&chat.ada, name).await;
        sent.push(send(&chat.ada, chat.id, json!({ "attachment_ids": [file] })).await);
    }
    let page = files(&chat.bob, chat.id, "").await;
    assert_eq!((seqs(&page), page.next_cursor), (vec![8, 6, 4, 2], None));
    assert_eq!(page.items[0], read(&chat.bob, &sent[3]).await);
    let first = files(&chat.ada, chat.id, "?limit=3").await;
    assert_eq!(seqs(&first), [8, 6, 4]);
    let cursor = first.next_cursor.unwrap();
    let rest = files(&chat.ada, chat.id, &format!("?limit=3&cursor={cursor}")).await;
    assert_eq!((seqs(&rest), rest.next_cursor), (vec![2], None));

    // What is deleted is nobody's any more; what one has hidden or cleared is still the other's.
    delete(&chat.ada, &sent[3]).await;
    hide(&chat.bob, &sent[2]).await;
    assert_eq!(seqs(&files(&chat.bob, chat.id, "").await), [4, 2]);
    let clear = format!("/v1/conversations/{}/clear", chat.id);
    chat.bob.client.post(&clear, &json!({})).await.expect(204);
    assert!(files(&chat.bob, chat.id, "").await.items.is_empty());
    assert_eq!(seqs(&files(&chat.ada, chat.id, "").await), [6, 4, 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_and_cursors_of_ones_own_making_get_nothing() {
    let chat = Chat::begin().await;
    let eve = chat.test.user("eve").await;
    let list = format!("/v1/conversations/{}/files", chat.id);
    eve.client.get(&list).await.problem(404, Code::NotFound);
    for bad in ["?limit=0", "?cursor=x", "?cursor=WyIyMDI2Il0"] {
        let reply = chat.ada.client.get(&format!("{list}{bad}")).await;
        reply.problem(400, Code::Malformed);
    }
}
