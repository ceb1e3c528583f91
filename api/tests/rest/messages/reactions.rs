//! Emojis under a message.

use futures_util::future::join_all;
use protocol::account::User as Person;
use protocol::message::{Message, Reaction};
use protocol::page::Page;
use protocol::problem::Code;
use serde_json::json;
use testkit::http::{Reply, User};

use super::{Chat, at, block, delete, read, shared};
use crate::app::TestApp;
use crate::rows;

const THUMB: &str = "\u{1F44D}";

fn encoded(emoji: &str) -> String {
    emoji.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

fn spot(message: &Message, emoji: &str) -> String {
    at(message, &format!("/reactions/{}", encoded(emoji)))
}

async fn try_add(user: &User, message: &Message, emoji: &str) -> Reply {
    user.client.put(&spot(message, emoji), &json!({})).await
}

async fn add(user: &User, message: &Message, emoji: &str) {
    try_add(user, message, emoji).await.expect(204);
}

async fn remove(user: &User, message: &Message, emoji: &str) {
    user.client.delete(&spot(message, emoji)).await.expect(204);
}

async fn count(test: &TestApp) -> i64 {
    rows::number(&test.env, "SELECT count(*) AS n FROM reactions").await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emoji_is_counted_once_a_person_and_told_as_the_next_revision() {
    let chat = Chat::begin().await;
    let message = chat.ada.client.send(chat.id, "hello").await;
    add(&chat.bob, &message, THUMB).await;
    let thumb = |users: Vec<_>, mine| Reaction {
        emoji: THUMB.to_owned(),
        count: users.len() as i64,
        user_ids: users,
        mine,
    };
    let (ada, bob) = (chat.ada.id(), chat.bob.id());
    let told = chat.told("message.updated", 2).await;
    assert_eq!(
        (told.rev, &told.reactions[..]),
        (2, &[thumb(vec![bob], None)][..])
    );
    for (user, mine) in [(&chat.ada, false), (&chat.bob, true)] {
        let seen = read(user, &message).await;
        assert_eq!(seen.reactions, [thumb(vec![bob], Some(mine))]);
        assert_eq!(shared(seen), told);
    }
    // Once more, and with the selector that asks for a picture: it is there.
    for same in [THUMB, "\u{1F44D}\u{FE0F}"] {
        add(&chat.bob, &message, same).await;
    }
    add(&chat.ada, &message, THUMB).await;
    add(&chat.ada, &message, "\u{2764}").await;
    let told = chat.told("message.updated", 4).await;
    assert_eq!(told.reactions[0], thumb(vec![ada, bob], None));
    assert_eq!(told.reactions[1].emoji, "\u{2764}\u{FE0F}");
    assert_eq!((count(&chat.test).await, chat.rev().await), (3, 4));

    remove(&chat.bob, &message, THUMB).await;
    remove(&chat.bob, &message, THUMB).await;
    let told = chat.told("message.updated", 5).await;
    assert_eq!(told.reactions[0], thumb(vec![ada], None));
    remove(&chat.ada, &message, THUMB).await;
    remove(&chat.ada, &message, "\u{2764}\u{FE0F}").await;
    assert_eq!(chat.told("message.updated", 7).await.reactions, []);
    assert_eq!((count(&chat.test).await, chat.rev().await), (0, 7));
}

#[tokio::test(flavor = "multi_thread")]
async fn anything_but_one_emoji_is_refused_and_so_is_a_twenty_first_kind() {
    let chat = Chat::begin().await;
    let message = chat.ada.client.send(chat.id, "hello").await;
    for text in [
        "a",
        "%F0%9F%91%8D%F0%9F%91%8D",
        "%FF",
        "%20",
        "thumbsup",
        "%00",
    ] {
        let path = at(&message, &format!("/reactions/{text}"));
        chat.ada
            .client
            .put(&path, &json!({}))
            .await
            .problem(400, Code::Malformed);
        chat.ada
            .client
            .get(&path)
            .await
            .problem(400, Code::Malformed);
        chat.ada
            .client
            .delete(&path)
            .await
            .problem(400, Code::Malformed);
    }
    let kinds: Vec<String> = (0x1F600..0x1F600 + 21)
        .map(|code| char::from_u32(code).unwrap().to_string())
        .collect();
    for kind in &kinds[..20] {
        add(&chat.ada, &message, kind).await;
    }
    try_add(&chat.bob, &message, &kinds[20])
        .await
        .problem(422, Code::LimitReached);
    add(&chat.bob, &message, &kinds[0]).await;
    let seen = read(&chat.bob, &message).await;
    let order: Vec<_> = seen.reactions.iter().map(|one| one.emoji.clone()).collect();
    assert_eq!(order, kinds[..20]);
    assert_eq!(seen.rev, 22);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_a_tombstone_and_a_block_take_no_emoji() {
    let chat = Chat::begin().await;
    let eve = chat.test.user("eve").await;
    let message = chat.ada.client.send(chat.id, "hello").await;
    add(&chat.bob, &message, THUMB).await;
    try_add(&eve, &message, THUMB)
        .await
        .problem(404, Code::NotFound);
    let path = spot(&message, THUMB);
    eve.client.get(&path).await.problem(404, Code::NotFound);
    eve.client.delete(&path).await.problem(404, Code::NotFound);
    block(&chat.ada, &chat.bob).await;
    try_add(&chat.bob, &message, "\u{2764}")
        .await
        .problem(403, Code::Blocked);
    chat.bob
        .client
        .delete(&path)
        .await
        .problem(403, Code::Blocked);
    delete(&chat.ada, &message).await;
    let free = format!("/v1/blocks/{}", chat.bob.id());
    chat.ada.client.delete(&free).await.expect(204);
    try_add(&chat.bob, &message, THUMB)
        .await
        .problem(409, Code::Deleted);
    remove(&chat.bob, &message, THUMB).await;
    assert_eq!(chat.rev().await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_people_at_once_are_counted_exactly_and_listed_newest_first() {
    let test = TestApp::start().await;
    let ada = test.user("ada").await;
    let group = ada.client.public_group("walkers").await;
    let names: Vec<String> = (0..50).map(|n| format!("guest{n}")).collect();
    let people = join_all(names.iter().map(|name| test.user(name))).await;
    for one in &people {
        one.client.join(group.shared.id).await;
    }
    let message = &ada.client.send(group.channels[0].id, "vote").await;
    let before = message.rev;
    join_all(people.iter().map(|one| add(one, message, THUMB))).await;
    let heart = "\u{2764}\u{FE0F}";
    let other = people.iter().enumerate().map(|(n, one)| async move {
        if n % 2 == 0 {
            add(one, message, heart).await;
        } else {
            remove(one, message, THUMB).await;
        }
    });
    join_all(other).await;
    let seen = read(&ada, message).await;
    assert_eq!(seen.rev, before + 100);
    let counts: Vec<_> = seen
        .reactions
        .iter()
        .map(|one| (one.emoji.as_str(), one.count))
        .collect();
    assert_eq!(counts, [(THUMB, 25), (heart, 25)]);
    for reaction in &seen.reactions {
        assert_eq!((reaction.user_ids.len(), reaction.mine), (20, Some(false)));
        let (mut listed, mut cursor) = (Vec::new(), String::new());
        loop {
            let path = spot(message, &reaction.emoji);
            let reply = ada.client.get(&format!("{path}?limit=10{cursor}")).await;
            let page: Page<Person> = reply.expect(200).json();
            listed.extend(page.items.into_iter().map(|one| one.id));
            match page.next_cursor {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(listed.len(), 25);
        assert_eq!(listed[..20], reaction.user_ids);
        let row = format!(
            "SELECT user_id::text AS line FROM reactions WHERE emoji = '{}' ORDER BY id DESC",
            reaction.emoji
        );
        let stored = rows::lines(&test.env, &row).await;
        let listed: Vec<_> = listed.iter().map(ToString::to_string).collect();
        assert_eq!(stored, listed);
    }
    let nobody = ada
        .client
        .get(&spot(message, "\u{1F600}"))
        .await
        .expect(200);
    assert_eq!(nobody.body["items"], json!([]));
    let path = format!("{}?cursor=x", spot(message, THUMB));
    ada.client.get(&path).await.problem(400, Code::Malformed);
}
