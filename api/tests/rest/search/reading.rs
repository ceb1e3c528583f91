//! Nobody finds what they may not read.

use serde_json::json;

use super::{all, bodies};
use crate::app::TestApp;
use crate::conversations::{pair, path};
use crate::messages::{delete, hide};

#[tokio::test(flavor = "multi_thread")]
async fn only_members_find_what_was_said_in_a_group_and_only_while_they_are() {
    let test = TestApp::start().await;
    let ((ada, bob, _chat), eve) = tokio::join!(pair(&test), test.user("eve"));
    let group = ada.client.public_group("Garden").await;
    let general = group.channels[0].id;
    ada.client.send(general, "A fig").await;
    let said = ["A fig"];
    let nothing = [""; 0];
    assert_eq!(bodies(&ada.client, "fig").await, said);
    assert_eq!(bodies(&bob.client, "fig").await, nothing);
    // Not even by its name.
    let named = [("q", "fig"), ("conversation_id", &general.to_string())];
    assert_eq!(all(&eve.client, &named, "50").await, nothing);

    let join = format!("/v1/groups/{}/join", group.shared.id);
    bob.client.post(&join, &json!({})).await.expect(200);
    assert_eq!(bodies(&bob.client, "fig").await, said);
    let leave = format!("/v1/groups/{}/leave", group.shared.id);
    bob.client.post(&leave, &json!({})).await.expect(204);
    assert_eq!(bodies(&bob.client, "fig").await, nothing);

    let delete = format!("/v1/groups/{}", group.shared.id);
    ada.client.delete(&delete).await.expect(204);
    assert_eq!(bodies(&ada.client, "fig").await, nothing);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_gone_for_someone_is_not_found_by_them() {
    let test = TestApp::start().await;
    let (ada, bob, chat) = pair(&test).await;
    let nothing = [""; 0];
    ada.client.send(chat, "fig 1").await;
    ada.client
        .post(&path(chat, "/clear"), &json!({}))
        .await
        .expect(204);
    assert_eq!(bodies(&ada.client, "fig").await, nothing);
    assert_eq!(bodies(&bob.client, "fig").await, ["fig 1"]);

    let hidden = ada.client.send(chat, "fig 2").await;
    hide(&ada, &hidden).await;
    assert_eq!(bodies(&ada.client, "fig").await, nothing);
    assert_eq!(bodies(&bob.client, "fig").await, ["fig 2", "fig 1"]);

    delete(&ada, &hidden).await;
    assert_eq!(bodies(&bob.client, "fig").await, ["fig 1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_system_says_is_not_searched() {
    let test = TestApp::start().await;
    let (ada, bob, _chat) = pair(&test).await;
    let group = ada.client.public_group("Garden").await;
    let join = format!("/v1/groups/{}/join", group.shared.id);
    bob.client.post(&join, &json!({})).await.expect(200);
    assert_eq!(bodies(&ada.client, "joined").await, [""; 0]);
}
