//! A group's channels.

use protocol::conversation::{Conversation, ConversationKind};
use protocol::frame::ServerFrame;
use protocol::ids::{ClientId, ConversationId};
use protocol::problem::Code;
use protocol::routing::Route;
use serde_json::json;

use super::{channel, create, general, path, read, trio};
use crate::app::TestApp;
use crate::events::Events;
use crate::rows;

fn at(id: ConversationId) -> String {
    format!("/v1/channels/{id}")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_channel_is_everyones_in_the_group_from_its_first_message_on() {
    let test = TestApp::start().await;
    let events = Events::listen(&test.env).await;
    let (group, _ada, bob, cyd) = trio(&test).await;
    let id = group.shared.id;
    let body = json!({ "name": " releases ", "topic": "What is next", "category": "Work" });
    let reply = bob.client.post(&path(id, "/channels"), &body).await;
    let made: Conversation = reply.expect(201).json();
    let shared = made.shared;
    assert_eq!(shared.kind, ConversationKind::Channel);
    assert_eq!(shared.group_id, Some(id));
    assert_eq!(shared.name.as_deref(), Some("releases"));
    assert_eq!(shared.topic.as_deref(), Some("What is next"));
    assert_eq!(shared.category.as_deref(), Some("Work"));
    assert_eq!(
        (shared.position, shared.rev, shared.last_seq),
        (Some(1), 0, 0)
    );
    let want = ServerFrame::ConversationCreated {
        rev: 0,
        conversation: shared.clone(),
    };
    let heard = events.expect_frame(|frame| *frame == want).await;
    assert_eq!(heard.keys, [Route::Group(id).key()]);
    let after = read(&cyd, id).await;
    assert_eq!(after.shared.version, group.shared.version + 1);
    assert_eq!(after.channels[1].id, shared.id);
    let row = format!(
        "SELECT count(*) AS n FROM members WHERE conversation_id = '{}' AND read_seq = 0",
        shared.id
    );
    assert_eq!(rows::number(&test.env, &row).await, 3);
    cyd.client.send(shared.id, "first").await;
    assert_eq!(bob.client.conversation(shared.id).await.me.unread, 1);
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_id_again_is_the_same_channel_in_the_same_group_alone() {
    let test = TestApp::start().await;
    let (group, ada, bob, _cyd) = trio(&test).await;
    let id = ConversationId::new();
    let body = json!({ "id": id, "name": "side" });
    let at_group = path(group.shared.id, "/channels");
    let made: Conversation = ada.client.post(&at_group, &body).await.expect(201).json();
    let again: Conversation = bob.client.post(&at_group, &body).await.expect(200).json();
    assert_eq!(again.shared, made.shared);
    let other = path(create(&ada, json!({})).await.shared.id, "/channels");
    ada.client
        .post(&other, &body)
        .await
        .problem(409, Code::Conflict);
    let chat = ada.client.direct(bob.id()).await.shared.id;
    let body_of_chat = json!({ "id": chat, "name": "side" });
    let reply = ada.client.post(&at_group, &body_of_chat).await;
    reply.problem(409, Code::Conflict);
    ada.client.delete(&at(id)).await.expect(204);
    for place in [&at_group, &other] {
        ada.client
            .post(place, &body)
            .await
            .problem(409, Code::Conflict);
    }
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_a_channel_moves_its_revision_and_is_told_to_the_group() {
    let test = TestApp::start().await;
    let events = Events::listen(&test.env).await;
    let (group, _ada, bob, cyd) = trio(&test).await;
    let id = group.shared.id;
    let side = channel(&bob, id, "side").await.shared.id;
    cyd.client.send(side, "hello").await;
    let version = read(&cyd, id).await.shared.version;
    let change = json!({ "name": "aside", "topic": "Tea", "category": "Fun", "position": 0 });
    let after: Conversation = bob
        .client
        .patch(&at(side), &change)
        .await
        .expect(200)
        .json();
    let shared = after.shared;
    assert_eq!((shared.rev, shared.last_seq), (2, 1));
    assert_eq!(
        (shared.name.as_deref(), shared.topic.as_deref()),
        (Some("aside"), Some("Tea"))
    );
    let want = ServerFrame::ConversationUpdated {
        rev: 2,
        conversation: shared.clone(),
    };
    let heard = events.expect_frame(|frame| *frame == want).await;
    assert_eq!(heard.keys, [Route::Group(id).key()]);
    assert_eq!(read(&cyd, id).await.shared.version, version + 1);
    // Whoever missed it finds it among the changes.
    let changes = cyd.client.changes(side, 1).await;
    assert_eq!(
        (changes.rev, changes.conversation),
        (2, Some(shared.clone()))
    );
    // Null clears, missing stays, nothing moves nothing.
    let cleared = json!({ "topic": null, "category": null });
    let after: Conversation = bob
        .client
        .patch(&at(side), &cleared)
        .await
        .expect(200)
        .json();
    assert_eq!((after.shared.topic, after.shared.category), (None, None));
    assert_eq!(
        (after.shared.name, after.shared.position),
        (shared.name, Some(0))
    );
    let same: Conversation = bob
        .client
        .patch(&at(side), &json!({}))
        .await
        .expect(200)
        .json();
    assert_eq!(same.shared.rev, 3);
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_channel_is_gone_at_once_and_swept_away_later() {
    let test = TestApp::start().await;
    let events = Events::listen(&test.env).await;
    let (group, ada, bob, cyd) = trio(&test).await;
    let id = group.shared.id;
    let side = channel(&bob, id, "side").await.shared.id;
    for _ in 0..3 {
        cyd.client.send(side, "hello").await;
    }
    let version = read(&cyd, id).await.shared.version;
    bob.client.delete(&at(side)).await.expect(204);
    let want = ServerFrame::ConversationRemoved {
        conversation_id: side,
        rev: 4,
    };
    let heard = events.expect_frame(|frame| *frame == want).await;
    assert_eq!(heard.keys, [Route::Group(id).key()]);
    let after = read(&cyd, id).await;
    assert_eq!(
        (after.channels.len(), after.shared.version),
        (1, version + 1)
    );
    for reply in [
        cyd.client.get(&format!("/v1/conversations/{side}")).await,
        cyd.client
            .get(&format!("/v1/conversations/{side}/messages"))
            .await,
        bob.client.patch(&at(side), &json!({ "name": "x" })).await,
        bob.client.delete(&at(side)).await,
    ] {
        reply.problem(404, Code::NotFound);
    }
    let left = format!(
        "SELECT (SELECT count(*) FROM messages WHERE conversation_id = '{side}') \
              + (SELECT count(*) FROM members WHERE conversation_id = '{side}') AS n"
    );
    assert_eq!(rows::number(&test.env, &left).await, 6);
    api::sweeper::sweep(&test.app.state).await.unwrap();
    assert_eq!(rows::number(&test.env, &left).await, 0);
    let swept = "SELECT count(*) AS n FROM removed_conversations WHERE swept_at IS NOT NULL";
    assert_eq!(rows::number(&test.env, swept).await, 1);
    // The others have not lost anything.
    ada.client.send(general(&group), "still here").await;
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_breaks_a_rule_is_neither_made_nor_changed() {
    let test = TestApp::start().await;
    let (group, ada, bob, _cyd) = trio(&test).await;
    let side = channel(&ada, group.shared.id, "side").await.shared;
    for (body, field, code) in [
        (json!({ "name": "" }), "name", "required"),
        (json!({ "name": "x".repeat(65) }), "name", "too_long"),
        (
            json!({ "name": "x", "topic": "x".repeat(257) }),
            "topic",
            "too_long",
        ),
        (
            json!({ "name": "x", "category": " " }),
            "category",
            "required",
        ),
        (
            json!({ "name": "x", "position": -1 }),
            "position",
            "out_of_range",
        ),
        (
            json!({ "name": "x", "position": "first" }),
            "position",
            "format",
        ),
        (
            json!({ "name": "x", "kind": "voice" }),
            "kind",
            "unknown_field",
        ),
    ] {
        for reply in [
            ada.client
                .post(&path(group.shared.id, "/channels"), &body)
                .await,
            ada.client.patch(&at(side.id), &body).await,
        ] {
            let error = &reply.problem(422, Code::Invalid).errors[0];
            assert_eq!(
                (error.field.as_str(), error.code.as_str()),
                (field, code),
                "{body}"
            );
        }
    }
    assert_eq!(ada.client.conversation(side.id).await.shared, side);
    // A direct chat is no channel, nor is nothing.
    let chat = ada.client.direct(bob.id()).await.shared.id;
    for id in [chat, ConversationId::new()] {
        let change = json!({ "name": "x" });
        ada.client
            .patch(&at(id), &change)
            .await
            .problem(404, Code::NotFound);
        ada.client
            .delete(&at(id))
            .await
            .problem(404, Code::NotFound);
    }
    let reply = ada.client.try_send(chat, ClientId::new(), "hello").await;
    reply.expect(201);
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn channels_are_listed_by_place_and_the_last_place_can_be_taken_twice() {
    let test = TestApp::start().await;
    let (group, ada, _bob, _cyd) = trio(&test).await;
    let id = group.shared.id;
    for (name, position) in [("last", i32::MAX), ("first", 0)] {
        let body = json!({ "name": name, "position": position });
        ada.client
            .post(&path(id, "/channels"), &body)
            .await
            .expect(201);
    }
    channel(&ada, id, "behind").await;
    let channels = read(&ada, id).await.channels;
    let names: Vec<&str> = channels.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names, ["general", "first", "last", "behind"]);
    test.app.stop().await;
}
