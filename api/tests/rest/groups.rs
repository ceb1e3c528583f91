//! Groups, who is in them, the ways in, and their channels.

mod channels;
mod create;
mod delete;
mod discover;
mod invites;
mod limits;
mod members;
mod notices;
mod permissions;
mod races;

use protocol::conversation::Conversation;
use protocol::group::Group;
use protocol::ids::{ConversationId, GroupId, UserId};
use serde_json::{Value, json};
use testkit::http::User;

use crate::app::TestApp;

/// `/v1/groups/{id}` and what follows it.
fn path(id: GroupId, rest: &str) -> String {
    format!("/v1/groups/{id}{rest}")
}

/// `/v1/groups/{id}/members/{user_id}`.
fn member(id: GroupId, user: UserId) -> String {
    path(id, &format!("/members/{user}"))
}

/// `/v1/groups/{id}/bans/{user_id}`.
fn ban(id: GroupId, user: UserId) -> String {
    path(id, &format!("/bans/{user}"))
}

/// Makes a group; `body` goes over a public one's.
async fn create(owner: &User, body: Value) -> Group {
    let mut whole = json!({ "name": "Engines", "visibility": "public" });
    for (field, value) in body.as_object().unwrap() {
        whole[field] = value.clone();
    }
    let reply = owner.client.post("/v1/groups", &whole).await;
    reply.expect(201).json()
}

/// Joins a public group.
async fn join(user: &User, id: GroupId) -> Group {
    let reply = user.client.post(&path(id, "/join"), &json!({})).await;
    reply.expect(200).json()
}

/// A group as a user sees it.
async fn read(user: &User, id: GroupId) -> Group {
    user.client.get(&path(id, "")).await.expect(200).json()
}

/// Makes a channel.
async fn channel(admin: &User, group: GroupId, name: &str) -> Conversation {
    let body = json!({ "name": name });
    let reply = admin.client.post(&path(group, "/channels"), &body).await;
    reply.expect(201).json()
}

/// Gives a member a role.
async fn set_role(owner: &User, group: GroupId, who: UserId, role: &str) {
    let body = json!({ "role": role });
    let reply = owner.client.patch(&member(group, who), &body).await;
    reply.expect(200);
}

/// A group's first channel.
fn general(group: &Group) -> ConversationId {
    group.channels[0].id
}

/// A public group of three: its owner, an admin and a member.
async fn trio(test: &TestApp) -> (Group, User, User, User) {
    let (ada, bob, cyd) = tokio::join!(test.user("ada"), test.user("bob"), test.user("cyd"));
    let id = create(&ada, json!({})).await.shared.id;
    join(&bob, id).await;
    join(&cyd, id).await;
    set_role(&ada, id, bob.id(), "admin").await;
    (read(&ada, id).await, ada, bob, cyd)
}
