//! What everyone is told of each change: its frame, by the keys of who is there, and `changes`.

use protocol::ids::ConversationId;
use protocol::message::Message;
use protocol::routing::Route;
use reqwest::Method;
use serde_json::{Value, json};
use testkit::http::User;

use super::{at, read, shared, told};
use crate::app::TestApp;
use crate::events::Events;

/// A place where messages change, the one who sends there, and whose keys its frames have.
struct Place {
    id: ConversationId,
    sender: User,
    keys: Vec<String>,
}

/// A channel of the reader's group and a chat with them.
async fn places(test: &TestApp, reader: &User) -> [Place; 2] {
    let bob = test.user("bob").await;
    let group = reader.client.public_group("walkers").await;
    bob.client.join(group.shared.id).await;
    let chat = reader.client.direct(bob.id()).await.shared.id;
    let mut both = [reader, &bob].map(|user| Route::User(user.id()).key());
    both.sort();
    [
        Place {
            id: group.channels[0].id,
            sender: bob.clone(),
            keys: vec![Route::Group(group.shared.id).key()],
        },
        Place {
            id: chat,
            sender: bob,
            keys: both.into(),
        },
    ]
}

/// Requires that the newest change of a message was told to all, as it is read now.
async fn require_told(events: &Events, reader: &User, place: &Place, kind: &str, was: &Message) {
    let rev = reader.client.conversation(place.id).await.shared.rev;
    assert_eq!(rev, was.rev + 1, "{kind}");
    let heard = told(events, place.id, kind, rev).await;
    let mut keys = heard.keys.clone();
    keys.sort();
    assert_eq!(keys, place.keys, "{heard:?}");
    let now = read(reader, was).await;
    assert_eq!(super::message_of(&heard), shared(now.clone()));
    let changes = reader.client.changes(place.id, was.rev).await;
    assert_eq!((changes.items, changes.rev), (vec![now], rev), "{kind}");
    assert!(changes.complete && !changes.reset && changes.conversation.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn each_change_is_told_to_all_and_stands_in_the_changes() {
    let test = TestApp::start().await;
    let ada = test.user("ada").await;
    for place in places(&test, &ada).await {
        let events = Events::listen(&test.env).await;
        let bob = &place.sender;
        let mut message = bob.client.send(place.id, "hello").await;
        let before = Message {
            rev: message.rev - 1,
            ..message.clone()
        };
        require_told(&events, &ada, &place, "message.created", &before).await;
        let thumb = "/reactions/%F0%9F%91%8D";
        let changes: [(&User, Method, &str, Value, &str); 6] = [
            (bob, Method::PATCH, "", json!({ "body": "@ada" }), "updated"),
            (&ada, Method::PUT, thumb, Value::Null, "updated"),
            (&ada, Method::DELETE, thumb, Value::Null, "updated"),
            (&ada, Method::PUT, "/pin", Value::Null, "updated"),
            (bob, Method::DELETE, "/pin", Value::Null, "updated"),
            (bob, Method::DELETE, "?for=everyone", Value::Null, "deleted"),
        ];
        for (user, method, rest, body, kind) in changes {
            let request = user.client.request(method.clone(), &at(&message, rest));
            let request = match body {
                Value::Null => request,
                body => request.json(&body),
            };
            let reply = request.send().await;
            assert!(matches!(reply.status, 200 | 204), "{reply}");
            let kind = format!("message.{kind}");
            require_told(&events, &ada, &place, &kind, &message).await;
            message = read(&ada, &message).await;
        }
    }
    test.app.stop().await;
}
