//! Deleting a message for everyone.

use protocol::ids::MessageId;
use protocol::message::MessageKind;
use protocol::problem::Code;
use serde_json::json;

use super::attachments::upload;
use super::{Chat, at, block, delete, hide, read, send};
use crate::app::TestApp;
use crate::rows;

#[tokio::test(flavor = "multi_thread")]
async fn a_tombstone_holds_nothing_of_what_was_said_or_answered() {
    let chat = Chat::begin().await;
    let first = chat.bob.client.send(chat.id, "first").await;
    let file = upload(&chat.ada, "plan.txt").await;
    let body = json!({ "body": "look, @bob", "reply_to": first.id, "attachment_ids": [file] });
    let message = send(&chat.ada, chat.id, body).await;
    let thumb = at(&message, "/reactions/%F0%9F%91%8D");
    chat.bob.client.put(&thumb, &json!({})).await.expect(204);
    chat.bob
        .client
        .put(&at(&message, "/pin"), &json!({}))
        .await
        .expect(204);
    let before = chat.bob.client.conversation(chat.id).await;
    assert_eq!((before.me.unread, before.me.mentions), (1, 1));

    delete(&chat.ada, &message).await;
    let left = read(&chat.bob, &message).await;
    assert_eq!(chat.told("message.deleted", 5).await, left);
    assert!(left.deleted_at.is_some());
    assert_eq!((left.seq, left.rev, left.sender_id), (2, 5, chat.ada.id()));
    assert_eq!((left.id, left.client_id), (message.id, message.client_id));
    assert_eq!(
        (left.body.as_str(), left.edited_at, left.pinned),
        ("", None, false)
    );
    assert!(left.reply_to.is_none() && left.attachments.is_empty());
    assert!(left.reactions.is_empty() && left.mentions.is_empty());
    let after = chat.bob.client.conversation(chat.id).await;
    assert_eq!((after.me.unread, after.me.mentions), (0, 0));
    assert_eq!(after.last_message, Some(left));
    for table in ["mentions", "reactions"] {
        let count = format!("SELECT count(*) AS n FROM {table}");
        assert_eq!(rows::number(&chat.test.env, &count).await, 0, "{table}");
    }
    let files = "SELECT count(*) AS n FROM attachments WHERE deleted_at IS NOT NULL";
    assert_eq!(rows::number(&chat.test.env, files).await, 1);
    let pins = chat
        .bob
        .client
        .get(&format!("/v1/conversations/{}/pins", chat.id))
        .await;
    assert_eq!(pins.expect(200).body["items"], json!([]));
    // Again: it is gone already.
    delete(&chat.ada, &message).await;
    assert_eq!(chat.rev().await, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_direct_chat_only_the_author_deletes_for_everyone_and_at_any_time() {
    let chat = Chat::with(&[("WARREN_MESSAGES_EDIT_WINDOW_SECONDS", "0")]).await;
    let eve = chat.test.user("eve").await;
    let message = chat.ada.client.send(chat.id, "hello").await;
    let path = at(&message, "?for=everyone");
    chat.bob
        .client
        .delete(&path)
        .await
        .problem(403, Code::Forbidden);
    eve.client.delete(&path).await.problem(404, Code::NotFound);
    let odd = at(&message, "?for=nobody");
    chat.ada
        .client
        .delete(&odd)
        .await
        .problem(400, Code::Malformed);
    let mut nothing = message.clone();
    nothing.id = MessageId::new();
    for whom in ["?for=everyone", "?for=me", ""] {
        let reply = chat.ada.client.delete(&at(&nothing, whom)).await;
        reply.problem(404, Code::NotFound);
    }
    // What one has hidden from oneself, and whom one has blocked, does not matter.
    hide(&chat.ada, &message).await;
    block(&chat.bob, &chat.ada).await;
    delete(&chat.ada, &message).await;
    assert!(read(&chat.bob, &message).await.deleted_at.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_channel_admins_delete_what_others_and_the_system_say() {
    let test = TestApp::start().await;
    let (ada, bob, eve) = tokio::join!(test.user("ada"), test.user("bob"), test.user("eve"));
    let group = ada.client.public_group("walkers").await;
    let room = group.channels[0].id;
    for guest in [&bob, &eve] {
        guest.client.join(group.shared.id).await;
    }
    let message = bob.client.send(room, "hello").await;
    eve.client
        .delete(&at(&message, "?for=everyone"))
        .await
        .problem(403, Code::Forbidden);
    delete(&ada, &message).await;
    let left = read(&eve, &message).await;
    assert!(left.deleted_at.is_some() && left.sender_id == bob.id());

    let joined = ada
        .client
        .messages(room, "?limit=1&before=2")
        .await
        .items
        .remove(0);
    assert_eq!(joined.kind, MessageKind::System);
    // They are its sender, and yet it is not theirs.
    bob.client
        .delete(&at(&joined, "?for=everyone"))
        .await
        .problem(403, Code::Forbidden);
    delete(&ada, &joined).await;
    let left = read(&bob, &joined).await;
    assert!(left.kind == MessageKind::System && left.system.is_none() && left.body.is_empty());

    let own = bob.client.send(room, "mine").await;
    bob.client.leave(group.shared.id).await;
    bob.client
        .delete(&at(&own, "?for=everyone"))
        .await
        .problem(404, Code::NotFound);
}
