//! What the system says in `general`.

use protocol::frame::ServerFrame;
use protocol::ids::UserId;
use protocol::message::{Message, MessageKind, SystemEvent};
use protocol::routing::Route;
use serde_json::json;

use super::{create, general, join, member, path, trio};
use crate::app::TestApp;
use crate::events::Events;
use crate::rows;

/// Body, sender and event of each message.
fn told(messages: &[Message]) -> Vec<(&str, UserId, SystemEvent)> {
    let system = |message: &Message| message.system.clone().unwrap();
    let line = |message| (message, system(message));
    messages
        .iter()
        .map(line)
        .map(|(message, event)| (message.body.as_str(), message.sender_id, event))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_came_left_was_removed_and_what_was_renamed_is_said_in_general() {
    let test = TestApp::start().await;
    let events = Events::listen(&test.env).await;
    let (group, ada, bob, cyd) = trio(&test).await;
    let (id, room) = (group.shared.id, general(&group));
    bob.client.delete(&member(id, cyd.id())).await.expect(204);
    ada.client
        .patch(&path(id, ""), &json!({ "name": "Looms" }))
        .await
        .expect(200);
    bob.client
        .post(&path(id, "/leave"), &json!({}))
        .await
        .expect(204);
    let messages = ada.client.messages(room, "").await.items;
    let joined = |user_id| SystemEvent::MemberJoined { user_id };
    let name = "Looms".to_owned();
    let want = [
        ("bob joined", bob.id(), joined(bob.id())),
        ("cyd joined", cyd.id(), joined(cyd.id())),
        (
            "bob removed cyd",
            bob.id(),
            SystemEvent::MemberRemoved { user_id: cyd.id() },
        ),
        (
            "ada renamed the group to Looms",
            ada.id(),
            SystemEvent::GroupRenamed { name },
        ),
        (
            "bob left",
            bob.id(),
            SystemEvent::MemberLeft { user_id: bob.id() },
        ),
    ];
    assert_eq!(told(&messages), want);
    for (message, seq) in messages.iter().zip(1..) {
        assert_eq!((message.seq, message.rev), (seq, seq));
        assert_eq!(message.kind, MessageKind::System);
        // The frame is the message, to the byte of its fields.
        let frame = ServerFrame::MessageCreated {
            conversation_id: room,
            rev: message.rev,
            message: Box::new(message.clone()),
        };
        let heard = events.expect_frame(|heard| *heard == frame).await;
        assert_eq!(heard.keys, [Route::Group(id).key()]);
        assert_eq!(heard.message_id, Some(message.id.to_string()));
    }
    // Nobody has to read them, and the one who did it has.
    let view = ada.client.conversation(room).await;
    assert_eq!(
        (view.shared.last_seq, view.me.unread, view.me.read_seq),
        (5, 0, 4)
    );
    let reply = ada
        .client
        .try_send(room, messages[3].client_id, "Looms")
        .await;
    assert_eq!(reply.status, 409, "{reply}");
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_group_is_not_told_who_comes_and_goes_but_what_it_is_called() {
    let test = TestApp::start().await;
    let (ada, bob) = (test.user("ada").await, test.user("bob").await);
    let group = create(&ada, json!({})).await;
    let id = group.shared.id;
    let bodies = async || -> Vec<String> {
        let page = ada.client.messages(general(&group), "").await;
        page.items.into_iter().map(|message| message.body).collect()
    };
    rows::change(&test.env, "UPDATE groups SET member_count = 199").await;
    join(&bob, id).await;
    assert_eq!(bodies().await, ["bob joined"]);
    rows::change(&test.env, "UPDATE groups SET member_count = 202").await;
    bob.client
        .post(&path(id, "/leave"), &json!({}))
        .await
        .expect(204);
    join(&bob, id).await;
    ada.client.delete(&member(id, bob.id())).await.expect(204);
    let change = json!({ "name": "Looms" });
    ada.client.patch(&path(id, ""), &change).await.expect(200);
    assert_eq!(
        bodies().await,
        ["bob joined", "ada renamed the group to Looms"]
    );
    test.app.stop().await;
}
