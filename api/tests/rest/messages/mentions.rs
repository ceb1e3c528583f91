//! Naming people.

use protocol::conversation::View;
use protocol::ids::{ConversationId, UserId};
use protocol::problem::Code;
use serde_json::json;
use testkit::http::User;

use super::{Chat, delete, edit, hide, read, try_edit, try_send};
use crate::app::TestApp;
use crate::rows;

async fn me(user: &User, id: ConversationId) -> View {
    user.client.conversation(id).await.me
}

async fn mark_unread(user: &User, id: ConversationId, from: Option<i64>) -> View {
    let body = json!({ "unread_from_seq": from });
    let path = format!("/v1/conversations/{id}/me");
    user.client.patch(&path, &body).await.expect(200).json()
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_named_is_told_and_counts_it_until_they_have_read_it() {
    let chat = Chat::begin().await;
    let text = "@Bob, and @ada, @nobody, bob@example.org `@bob`";
    let message = chat.ada.client.send(chat.id, text).await;
    assert_eq!(
        (message.mentions.clone(), message.mentions_all),
        (vec![chat.bob.id()], false)
    );
    assert_eq!(chat.told("message.created", 1).await, message);
    assert_eq!(read(&chat.bob, &message).await, message);
    let row = "SELECT user_id || '|' || seq AS line FROM mentions";
    assert_eq!(
        rows::lines(&chat.test.env, row).await,
        [format!("{}|1", chat.bob.id())]
    );
    chat.ada.client.send(chat.id, "nobody is named").await;
    let view = me(&chat.bob, chat.id).await;
    assert_eq!((view.unread, view.mentions), (2, 1));
    assert_eq!(me(&chat.ada, chat.id).await.mentions, 0);

    chat.bob
        .client
        .mark(chat.id, &json!({ "read_seq": 2 }))
        .await;
    assert_eq!(me(&chat.bob, chat.id).await.mentions, 0);
    let view = mark_unread(&chat.bob, chat.id, Some(1)).await;
    assert_eq!((view.unread, view.mentions), (2, 1));
    let view = mark_unread(&chat.bob, chat.id, Some(2)).await;
    assert_eq!((view.unread, view.mentions), (1, 0));
    mark_unread(&chat.bob, chat.id, Some(1)).await;
    hide(&chat.bob, &message).await;
    let view = me(&chat.bob, chat.id).await;
    assert_eq!((view.unread, view.mentions), (1, 0));
    assert_eq!(mark_unread(&chat.bob, chat.id, None).await.mentions, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_names_anew() {
    let chat = Chat::begin().await;
    let message = chat.ada.client.send(chat.id, "hello").await;
    let named = edit(&chat.ada, &message, "hello @bob").await;
    assert_eq!(named.mentions, [chat.bob.id()]);
    assert_eq!(me(&chat.bob, chat.id).await.mentions, 1);
    assert_eq!(
        edit(&chat.ada, &message, "good day, @bob").await.mentions,
        named.mentions
    );
    assert_eq!(me(&chat.bob, chat.id).await.mentions, 1);
    assert_eq!(edit(&chat.ada, &message, "hello").await.mentions, []);
    assert_eq!(me(&chat.bob, chat.id).await.mentions, 0);
    assert_eq!(
        rows::number(&chat.test.env, "SELECT count(*) AS n FROM mentions").await,
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn everyone_is_named_by_admins_in_channels_alone() {
    let test = TestApp::start().await;
    let (ada, bob, eve) = tokio::join!(test.user("ada"), test.user("bob"), test.user("eve"));
    let group = ada.client.public_group("walkers").await.shared.id;
    for guest in [&bob, &eve] {
        guest.client.join(group).await;
    }
    let room = ada.client.group(group).await.channels[0].id;
    let call = ada.client.send(room, "@all: supper, and @bob cooks").await;
    assert_eq!(
        (call.mentions_all, &call.mentions[..]),
        (true, &[bob.id()][..])
    );
    // Once for both ways of being named.
    for (user, mentions) in [(&ada, 0), (&bob, 1), (&eve, 1)] {
        assert_eq!(
            me(user, room).await.mentions,
            mentions,
            "{}",
            user.username()
        );
    }
    let echo = bob.client.send(room, "@all: coming").await;
    assert!(!echo.mentions_all && echo.mentions.is_empty());
    assert_eq!(me(&eve, room).await.mentions, 1);
    hide(&eve, &call).await;
    assert_eq!(me(&eve, room).await.mentions, 0);
    delete(&ada, &call).await;
    assert_eq!(me(&bob, room).await.mentions, 0);
    let chat = ada.client.direct(bob.id()).await.shared.id;
    assert!(!ada.client.send(chat, "@all").await.mentions_all);
    // Who is not there is not named, and who has left stays named while the text names them.
    let stranger = test.user("stranger").await;
    assert_eq!(ada.client.send(room, "@stranger").await.mentions, []);
    let message = ada.client.send(room, "@eve").await;
    eve.client.leave(group).await;
    assert_eq!(
        edit(&ada, &message, "@eve and @stranger").await.mentions,
        [eve.id()]
    );
    assert_eq!(ada.client.send(room, "@eve").await.mentions, []);
    drop(stranger);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_names_up_to_fifty_and_counts_stop_at_a_hundred() {
    let test = TestApp::start().await;
    let (ada, bob) = tokio::join!(test.user("ada"), test.user("bob"));
    let group = ada.client.public_group("walkers").await;
    let room = group.channels[0].id;
    bob.client.join(group.shared.id).await;
    for n in 0..51 {
        let id = UserId::new();
        let rows = format!(
            "WITH u AS (INSERT INTO users (id, username, display_name) VALUES ('{id}', 'guest{n}', 'Guest')) \
             INSERT INTO members (conversation_id, user_id) VALUES ('{room}', '{id}')"
        );
        rows::change(&test.env, &rows).await;
    }
    let text = |count: usize| {
        let names = (0..count).map(|n| format!("@guest{n}"));
        names.collect::<Vec<_>>().join(" ")
    };
    let message = ada.client.send(room, &text(50)).await;
    assert_eq!(message.mentions.len(), 50);
    let body = json!({ "body": text(51) });
    try_send(&ada, room, body)
        .await
        .problem(422, Code::LimitReached);
    try_edit(&ada, &message, &text(51))
        .await
        .problem(422, Code::LimitReached);
    let sends = (0..101).map(|n| {
        let text = if n % 2 == 0 { "@bob" } else { "@all" };
        ada.client.send(room, text)
    });
    futures_util::future::join_all(sends).await;
    let view = me(&bob, room).await;
    assert_eq!((view.unread, view.mentions), (102, 100));
}
