//! Who has received and read a message.

use protocol::message::{Message, SeenBy};
use protocol::page::Page;
use protocol::problem::Code;
use serde_json::json;
use testkit::http::User;

use super::at;
use crate::app::TestApp;

async fn seen(user: &User, message: &Message, query: &str) -> Page<SeenBy> {
    let path = at(message, &format!("/receipts{query}"));
    user.client.get(&path).await.expect(200).json()
}

#[tokio::test(flavor = "multi_thread")]
async fn everyone_but_the_sender_is_listed_with_what_they_show() {
    let test = TestApp::start().await;
    let (ada, bob, cyd, eve) = tokio::join!(
        test.user("ada"),
        test.user("bob"),
        test.user("cyd"),
        test.user("eve")
    );
    let group = ada.client.public_group("walkers").await.shared.id;
    for guest in [&bob, &cyd, &eve] {
        guest.client.join(group).await;
    }
    let room = ada.client.group(group).await.channels[0].id;
    let message = ada.client.send(room, "hello").await;
    ada.client.send(room, "more").await;
    bob.client
        .mark(room, &json!({ "delivered_seq": message.seq }))
        .await;
    cyd.client
        .mark(room, &json!({ "read_seq": message.seq }))
        .await;
    let hiding = json!({ "hide_read_receipts": true });
    eve.client.patch("/v1/me", &hiding).await.expect(200);
    eve.client
        .mark(room, &json!({ "read_seq": message.seq }))
        .await;
    let of = |user: &User, delivered, read| SeenBy {
        user_id: user.id(),
        delivered,
        read,
    };
    let sorted = |mut all: Vec<SeenBy>| {
        all.sort_by_key(|one| one.user_id);
        all
    };
    let want = sorted(vec![
        of(&bob, true, false),
        of(&cyd, true, true),
        of(&eve, true, false),
    ]);
    assert_eq!(seen(&ada, &message, "").await.items, want);
    // Whoever hides it knows it themselves.
    let own = seen(&eve, &message, "").await.items;
    assert!(own.contains(&of(&eve, true, true)), "{own:?}");
    let first = seen(&ada, &message, "?limit=2").await;
    let cursor = first.next_cursor.unwrap();
    let rest = seen(&ada, &message, &format!("?limit=2&cursor={cursor}")).await;
    assert_eq!([first.items, rest.items].concat(), want);
    assert_eq!(rest.next_cursor, None);

    // Who began to hide after they had read shows it no longer; who left is not asked.
    cyd.client.patch("/v1/me", &hiding).await.expect(200);
    bob.client.leave(group).await;
    let want = sorted(vec![of(&cyd, true, false), of(&eve, true, false)]);
    assert_eq!(seen(&ada, &message, "").await.items, want);
    bob.client
        .get(&at(&message, "/receipts"))
        .await
        .problem(404, Code::NotFound);
    for bad in ["?limit=101", "?cursor=x"] {
        let path = at(&message, &format!("/receipts{bad}"));
        ada.client.get(&path).await.problem(400, Code::Malformed);
    }
}
