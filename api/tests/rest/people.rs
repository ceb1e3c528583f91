//! What people are to each other: contacts, friends, blocks, and what it lets them see and hear.

mod blocks;
mod contacts;
mod deletion;
mod friends;
mod profile;
mod requests;
mod visibility;

use protocol::frame::ServerFrame;
use protocol::group::Group;
use protocol::ids::{FriendRequestId, GroupId, UserId};
use protocol::page::Page;
use protocol::people::FriendRequest;
use serde::de::DeserializeOwned;
use serde_json::json;
use testkit::http::{Reply, User};

use crate::accounts::account_rev;
use crate::events::{Events, Heard};

async fn page<T: DeserializeOwned>(user: &User, path: &str) -> Page<T> {
    user.client.get(path).await.expect(200).json()
}

/// Everything that a list holds, read in pages of two.
async fn all<T: DeserializeOwned>(user: &User, list: &str) -> Vec<T> {
    let mut items = Vec::new();
    let mut path = format!("{list}?limit=2");
    loop {
        let page: Page<T> = page(user, &path).await;
        assert!(page.items.len() <= 2);
        items.extend(page.items);
        match page.next_cursor {
            Some(cursor) => path = format!("{list}?limit=2&cursor={cursor}"),
            None => return items,
        }
    }
}

async fn try_ask(from: &User, to: UserId) -> Reply {
    let body = json!({ "user_id": to });
    from.client.post("/v1/friend-requests", &body).await
}

async fn ask(from: &User, to: &User) -> FriendRequest {
    try_ask(from, to.id()).await.expect(201).json()
}

async fn answer(by: &User, id: FriendRequestId, how: &str) -> Reply {
    let path = format!("/v1/friend-requests/{id}/{how}");
    by.client.post(&path, &json!({})).await
}

async fn befriend(one: &User, other: &User) {
    let request = ask(one, other).await;
    answer(other, request.id, "accept").await.expect(200);
}

async fn keep(owner: &User, who: &User) {
    let path = format!("/v1/contacts/{}", who.id());
    owner.client.put(&path, &json!({})).await.expect(201);
}

async fn block(blocker: &User, blocked: &User) {
    let path = format!("/v1/blocks/{}", blocked.id());
    blocker.client.put(&path, &json!({})).await.expect(204);
}

/// A public group of these.
async fn group(owner: &User, others: &[&User]) -> GroupId {
    let body = json!({ "name": "Engines", "visibility": "public" });
    let group = owner.client.post("/v1/groups", &body).await.expect(201);
    let id = group.json::<Group>().shared.id;
    for other in others {
        let path = format!("/v1/groups/{id}/join");
        other.client.post(&path, &json!({})).await.expect(200);
    }
    id
}

async fn end_account(user: &User) -> Reply {
    let request = user.client.request("DELETE".parse().unwrap(), "/v1/me");
    let body = json!({ "password": testkit::http::PASSWORD });
    request.json(&body).send().await
}

/// Waits until a user's devices, and nobody else's, were told.
async fn expect_told(events: &Events, user: &User, want: &ServerFrame) {
    let to = [format!("user.{}", user.id())];
    let fits = |heard: &Heard| heard.keys == to && frame(heard) == *want;
    events.expect(fits).await;
}

fn frame(heard: &Heard) -> ServerFrame {
    serde_json::from_str(&heard.body).unwrap()
}

/// What a user says when they have heard enough; their friends hear of it too.
const LAST_WORD: &str = "that was all";

/// The kinds of frames that a user's devices have been told, each once, in order. What is published
/// after the rest arrives after it: the user says a last word and waits for that.
async fn kinds_told(events: &Events, user: &User) -> Vec<String> {
    let to = format!("user.{}", user.id());
    let word = format!("{LAST_WORD} {}", UserId::new());
    let about = json!({ "about": word });
    user.client.patch("/v1/me", &about).await.expect(200);
    let is_last = |heard: &Heard| heard.body.contains(&word);
    events.expect(is_last).await;
    let mut told: Vec<Heard> = Vec::new();
    for heard in events.all().into_iter().take_while(|heard| !is_last(heard)) {
        // The outbox may say it again.
        let again = told.iter().any(|known| known.body == heard.body);
        let farewell = heard.body.contains(LAST_WORD);
        if heard.keys.contains(&to) && !again && !farewell {
            told.push(heard);
        }
    }
    told.into_iter().map(|heard| heard.kind).collect()
}
