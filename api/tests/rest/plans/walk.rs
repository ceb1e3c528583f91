//! Asks for everything once, and holds each answer against what the document says of it.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::time::Duration;

use api::{router, sweeper};
use image::ImageFormat;
use lapin::BasicProperties;
use lapin::options::BasicPublishOptions;
use protocol::account::Auth;
use protocol::command::{
    LastSeen, LastSeenCommands, ReceiptBatch, ReceiptCommand, ReceiptCommands, TypingCommand,
};
use protocol::frame::ServerFrame;
use protocol::group::{Group, Invite};
use protocol::internal::{REVOCATIONS_PATH, ROUTES_PATH, VISIBLE_PATH};
use protocol::message::Attachment;
use protocol::people::FriendRequest;
use protocol::routing::{COMMANDS_EXCHANGE, LAST_SEEN_QUEUE, RECEIPTS_QUEUE, TYPING_QUEUE};
use protocol::sync::{Known, SyncRequest};
use reqwest::Method;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use testkit::http::{Client, PASSWORD, Reply};
use testkit::seed;
use uuid::Uuid;

use crate::app::TestApp;
use crate::events::Events;
use crate::files::picture;
use crate::rows;

/// A command takes one hop through the broker.
const CARRIED_OUT: Duration = Duration::from_secs(20);

/// Callers that keep in mind what they asked.
struct Walk {
    document: Value,
    asked: RefCell<BTreeSet<String>>,
}

/// The operations that were asked for.
pub async fn everything(test: &TestApp) -> BTreeSet<String> {
    let document = test.client().get("/v1/openapi.json").await.body;
    let walk = Walk {
        document,
        asked: RefCell::default(),
    };
    let heavy = test.client().login(&seed::username(1)).await.client;
    walk.accounts(&test.client()).await;
    walk.people(
        &heavy,
        &test.client().login(&seed::username(900)).await.client,
    )
    .await;
    walk.conversations(&heavy).await;
    walk.groups(
        &heavy,
        &test.client().login(&seed::username(901)).await.client,
    )
    .await;
    walk.members(
        &heavy,
        &test.client().login(&seed::username(902)).await.client,
    )
    .await;
    // Words that every page of a walk has, and such as are looked up.
    for q in ["meeting", "word7", "nowhere"] {
        walk.get(&heavy, &format!("/v1/search?q={q}")).await;
    }
    let of_one = format!("/v1/search?q=meeting&from={}", seed::user(99));
    walk.get(&heavy, &of_one).await;
    walk.files(&heavy).await;
    walk.get(&heavy, "/v1/openapi.json").await;
    servers(test).await;
    commands(test, &heavy).await;
    sweeper::sweep(&test.app.state).await.unwrap();
    walk.asked.into_inner()
}

/// What ws-servers ask.
async fn servers(test: &TestApp) {
    let credential = &test.env.secrets().internal_credential;
    let peer = Client::anonymous(test.admin()).with_token(credential.as_str());
    let pair = json!({ "user_id": seed::user(1), "session_id": Uuid::now_v7() });
    peer.post(ROUTES_PATH, &json!({ "sessions": [pair] }))
        .await
        .expect(200);
    peer.get(REVOCATIONS_PATH).await.expect(200);
    let watcher =
        json!({ "user_id": seed::user(1), "user_ids": [seed::user(2), seed::user(1500)] });
    peer.post(VISIBLE_PATH, &json!({ "watchers": [watcher] }))
        .await
        .expect(200);
}

/// What ws-servers pass on.
async fn commands(test: &TestApp, heavy: &Client) {
    let (user_id, conversation_id) = (seed::user(2), seed::channel(2, 1));
    let seq = heavy.send(conversation_id, "Hello").await.seq;
    let events = Events::listen(&test.env).await;
    let receipt = ReceiptCommand {
        conversation_id,
        delivered_seq: 0,
        read_seq: seq,
    };
    let receipts: ReceiptBatch = vec![ReceiptCommands {
        user_id,
        items: vec![receipt],
    }];
    let typing = TypingCommand {
        user_id,
        conversation_id,
        typing: true,
    };
    let last_seen = LastSeenCommands {
        items: vec![LastSeen {
            user_id,
            at: chrono::Utc::now().into(),
        }],
    };
    let connection = test.env.amqp().await;
    let channel = connection.create_channel().await.unwrap();
    for (queue, body) in [
        (RECEIPTS_QUEUE, serde_json::to_vec(&receipts)),
        (LAST_SEEN_QUEUE, serde_json::to_vec(&last_seen)),
        (TYPING_QUEUE, serde_json::to_vec(&typing)),
    ] {
        channel
            .basic_publish(
                COMMANDS_EXCHANGE.into(),
                queue.into(),
                BasicPublishOptions::default(),
                &body.unwrap(),
                BasicProperties::default(),
            )
            .await
            .unwrap();
    }
    let is_typing = |frame: &ServerFrame| matches!(frame, ServerFrame::Typing { .. });
    events.expect_frame(is_typing).await;
    let is_read = |frame: &ServerFrame| matches!(frame, ServerFrame::Receipt { read_seq, .. } if *read_seq == seq);
    events.expect_frame(is_read).await;
    let seen = format!(
        "SELECT count(*) AS n FROM users WHERE id = '{user_id}' AND last_seen_at IS NOT NULL"
    );
    testkit::eventually(CARRIED_OUT, || async {
        let seen = rows::number(&test.env, &seen).await;
        (seen == 1).then_some(()).ok_or("not seen")
    })
    .await;
}

impl Walk {
    async fn accounts(&self, client: &Client) {
        let account = json!({ "username": "walker", "password": PASSWORD });
        self.post(client, "/v1/auth/register", account.clone())
            .await;
        let auth: Auth = read(self.post(client, "/v1/auth/login", account.clone()).await);
        let refresh = json!({ "refresh_token": auth.refresh_token });
        let auth: Auth = read(self.post(client, "/v1/auth/refresh", refresh).await);
        let walker = client.with_token(auth.access_token);
        self.get(client, "/.well-known/jwks.json").await;
        self.get(&walker, "/v1/me").await;
        self.patch(
            &walker,
            "/v1/me",
            json!({ "display_name": "Walker", "hide_read_receipts": true }),
        )
        .await;
        let sessions = self.get(&walker, "/v1/auth/sessions").await;
        let other = sessions["items"]
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["current"] == json!(false));
        let other = other.unwrap()["id"].as_str().unwrap();
        self.delete(&walker, &format!("/v1/auth/sessions/{other}"))
            .await;
        let change =
            json!({ "current_password": PASSWORD, "new_password": "staple unlike any other" });
        self.post(&walker, "/v1/auth/password", change).await;
        self.post(&walker, "/v1/auth/logout", Value::Null).await;
    }

    async fn people(&self, heavy: &Client, other: &Client) {
        let (me, them) = (seed::user(1), seed::user(900));
        self.get(heavy, "/v1/users?q=seed.0").await;
        self.get(heavy, &format!("/v1/users/{them}")).await;
        self.get(
            heavy,
            &format!("/v1/presence?user_ids={them},{}", seed::user(2)),
        )
        .await;
        self.put(heavy, &format!("/v1/contacts/{them}")).await;
        self.get(heavy, "/v1/contacts").await;
        self.delete(heavy, &format!("/v1/contacts/{them}")).await;
        for answer in ["accept", "decline"] {
            let request = self
                .post(heavy, "/v1/friend-requests", json!({ "user_id": them }))
                .await;
            let request: FriendRequest = read(request);
            self.get(other, "/v1/friend-requests").await;
            self.post(
                other,
                &format!("/v1/friend-requests/{}/{answer}", request.id),
                Value::Null,
            )
            .await;
            self.delete(heavy, &format!("/v1/friends/{them}")).await;
        }
        let request = self
            .post(heavy, "/v1/friend-requests", json!({ "user_id": them }))
            .await;
        let request: FriendRequest = read(request);
        self.delete(heavy, &format!("/v1/friend-requests/{}", request.id))
            .await;
        self.get(heavy, "/v1/friends").await;
        self.put(other, &format!("/v1/blocks/{me}")).await;
        self.get(other, "/v1/blocks").await;
        self.delete(other, &format!("/v1/blocks/{me}")).await;
        self.ask(
            other,
            Method::DELETE,
            "/v1/me",
            json!({ "password": PASSWORD }),
        )
        .await;
    }

    async fn conversations(&self, heavy: &Client) {
        let begin = json!({ "user_id": seed::user(1500) });
        self.post(heavy, "/v1/conversations", begin.clone()).await;
        let first = self.get(heavy, "/v1/conversations?limit=20").await;
        let cursor = first["next_cursor"].as_str().unwrap();
        self.get(heavy, &format!("/v1/conversations?cursor={cursor}"))
            .await;
        let mut known = SyncRequest::default();
        for id in [seed::direct(1), seed::channel(1, 0)] {
            let path = format!("/v1/conversations/{id}");
            self.get(heavy, &path).await;
            self.post(
                heavy,
                &format!("{path}/messages"),
                json!({ "client_id": id, "body": "Hello" }),
            )
            .await;
            for place in ["", "?before=90", "?after=5", "?around=20"] {
                self.get(heavy, &format!("{path}/messages{place}")).await;
            }
            self.get(heavy, &format!("{path}/changes?since=3")).await;
            self.post(heavy, &format!("{path}/receipts"), json!({ "read_seq": 5 }))
                .await;
            self.get(heavy, &format!("{path}/receipts")).await;
            self.operations(heavy, &path).await;
            let view = json!({ "pinned": true, "pin_position": 1, "unread_from_seq": 3 });
            self.patch(heavy, &format!("{path}/me"), view).await;
            self.get(heavy, &path).await;
            self.post(heavy, &format!("{path}/clear"), Value::Null)
                .await;
            known.known.insert(
                id,
                Known {
                    rev: 3,
                    me_version: 1,
                    view: None,
                },
            );
        }
        let known = serde_json::to_value(&known).unwrap();
        self.post(heavy, "/v1/sync", known).await;
        self.delete(heavy, &format!("/v1/conversations/{}", seed::direct(2)))
            .await;
    }

    /// Everything that is done to a message, in a conversation.
    async fn operations(&self, heavy: &Client, path: &str) {
        let send = json!({ "client_id": Uuid::now_v7(), "body": "Hello @seed.00002 and @all" });
        let first = self.post(heavy, &format!("{path}/messages"), send).await;
        let (id, seq) = (first["id"].as_str().unwrap(), &first["seq"]);
        let reply = json!({ "client_id": Uuid::now_v7(), "body": "Indeed", "reply_to": id });
        self.post(heavy, &format!("{path}/messages"), reply).await;
        let at = format!("{path}/messages/{id}");
        self.patch(heavy, &at, json!({ "body": "Good day @seed.00003" }))
            .await;
        for emoji in ["%F0%9F%91%8D", "%E2%9D%A4"] {
            let reaction = format!("{at}/reactions/{emoji}");
            self.put(heavy, &reaction).await;
            self.get(heavy, &reaction).await;
        }
        self.get(heavy, &format!("{path}/messages?around={seq}"))
            .await;
        self.delete(heavy, &format!("{at}/reactions/%E2%9D%A4"))
            .await;
        self.put(heavy, &format!("{at}/pin")).await;
        self.get(heavy, &format!("{path}/pins")).await;
        self.delete(heavy, &format!("{at}/pin")).await;
        self.get(heavy, &format!("{at}/receipts")).await;
        self.delete(heavy, &at).await;
        self.get(heavy, &format!("{path}/messages")).await;
        self.delete(heavy, &format!("{at}?for=everyone")).await;
    }

    async fn groups(&self, heavy: &Client, other: &Client) {
        let made = json!({ "name": "Walkers", "visibility": "public", "tags": ["feet"] });
        let group: Group = read(self.post(heavy, "/v1/groups", made).await);
        let path = format!("/v1/groups/{}", group.shared.id);
        self.get(heavy, "/v1/groups").await;
        for sort in ["members", "activity", "new"] {
            self.get(heavy, &format!("/v1/groups/discover?sort={sort}"))
                .await;
            self.get(
                heavy,
                &format!("/v1/groups/discover?sort={sort}&q=walk%20feet"),
            )
            .await;
        }
        self.get(other, &path).await;
        self.patch(heavy, &path, json!({ "name": "Runners" })).await;
        let room = self
            .post(
                heavy,
                &format!("{path}/channels"),
                json!({ "name": "paths" }),
            )
            .await;
        let room = format!("/v1/channels/{}", room["id"].as_str().unwrap());
        self.patch(heavy, &room, json!({ "topic": "Where to" }))
            .await;
        self.delete(heavy, &room).await;
        self.post(other, &format!("{path}/join"), Value::Null).await;
        self.post(other, &format!("{path}/leave"), Value::Null)
            .await;
        let invite: Invite = read(
            self.post(heavy, &format!("{path}/invites"), json!({ "max_uses": 5 }))
                .await,
        );
        let code = format!("/v1/invites/{}", invite.code);
        self.get(heavy, &format!("{path}/invites")).await;
        self.get(other, &code).await;
        self.post(other, &format!("{code}/accept"), Value::Null)
            .await;
        self.delete(heavy, &code).await;
        self.delete(heavy, &path).await;
    }

    /// In the group of everybody, which the heavy user owns.
    async fn members(&self, heavy: &Client, other: &Client) {
        let path = format!("/v1/groups/{}", seed::group(1));
        let them = seed::user(902);
        self.get(heavy, &path).await;
        let first = self.get(heavy, &format!("{path}/members?limit=20")).await;
        let cursor = first["next_cursor"].as_str().unwrap();
        self.get(heavy, &format!("{path}/members?cursor={cursor}"))
            .await;
        self.get(heavy, &format!("{path}/members?q=ad")).await;
        let member = format!("{path}/members/{them}");
        self.patch(heavy, &member, json!({ "role": "admin" })).await;
        self.delete(heavy, &member).await;
        self.post(other, &format!("{path}/join"), Value::Null).await;
        let ban = format!("{path}/bans/{them}");
        self.put(heavy, &ban).await;
        self.get(heavy, &format!("{path}/bans")).await;
        self.delete(heavy, &ban).await;
    }

    async fn files(&self, heavy: &Client) {
        let picture = picture(60, 40, ImageFormat::Png);
        let reply = heavy.try_upload("walk.png", &picture).await;
        self.note(&Method::POST, "/v1/uploads", &reply);
        let file: Attachment = reply.json();
        let sent = heavy.upload("sent.png", &picture).await;
        let send = json!({ "client_id": Uuid::now_v7(), "attachment_ids": [sent.id] });
        let messages = format!("/v1/conversations/{}/messages", seed::direct(1));
        self.post(heavy, &messages, send).await;
        let shared = format!("/v1/conversations/{}/files", seed::direct(1));
        self.get(heavy, &shared).await;
        let urls = json!({ "ids": [file.id] });
        self.post(heavy, "/v1/attachments/urls", urls).await;
        for address in [file.url, file.thumbnail_url.unwrap()] {
            let reply = heavy.get(&address).await;
            self.note(&Method::GET, &address, &reply);
            self.fetch(heavy, reply.header("location")).await;
        }
        let avatar = json!({ "avatar_upload_id": file.id });
        let me = self.patch(heavy, "/v1/me", avatar).await;
        self.fetch(heavy, me["avatar_url"].as_str().unwrap()).await;
        let none = json!({ "avatar_upload_id": null });
        self.patch(heavy, "/v1/me", none).await;
    }

    async fn fetch(&self, client: &Client, path: &str) {
        let reply = client.get(path).await;
        self.note(&Method::GET, path, &reply);
    }

    async fn ask(&self, client: &Client, method: Method, path: &str, body: Value) -> Value {
        let request = client.request(method.clone(), path);
        let request = if body.is_null() {
            request
        } else {
            request.json(&body)
        };
        let reply = request.send().await;
        self.note(&method, path, &reply);
        reply.body
    }

    /// Keeps in mind what was asked, and holds the answer against the document.
    fn note(&self, method: &Method, path: &str, reply: &Reply) {
        let endpoint = router::table()
            .into_iter()
            .filter(|one| one.method.as_str() == method.as_str() && leads_to(one.path, path))
            .min_by_key(|one| one.path.matches('{').count())
            .unwrap_or_else(|| panic!("{method} {path} is no route"));
        self.asked.borrow_mut().insert(endpoint.id.to_owned());
        assert!(reply.status < 400, "{reply}");
        self.require_documented(endpoint.path, method, reply);
    }

    fn require_documented(&self, path: &str, method: &Method, reply: &Reply) {
        let method = method.as_str().to_lowercase();
        let answer =
            &self.document["paths"][path][method.as_str()]["responses"][reply.status.to_string()];
        assert!(
            answer.is_object(),
            "{path} is not said to answer so: {reply}"
        );
        if answer["content"]["*/*"].is_object() {
            return;
        }
        let mut schema = answer["content"]["application/json"]["schema"].clone();
        if schema.is_null() {
            assert!(
                reply.body.is_null(),
                "nothing is said of this body: {reply}"
            );
            return;
        }
        // References lead into the document's components.
        schema["components"] = self.document["components"].clone();
        let validator = jsonschema::validator_for(&schema).unwrap();
        if let Err(error) = validator.validate(&reply.body) {
            panic!("{error}, in {reply}");
        }
    }

    async fn get(&self, client: &Client, path: &str) -> Value {
        self.ask(client, Method::GET, path, Value::Null).await
    }

    async fn post(&self, client: &Client, path: &str, body: Value) -> Value {
        self.ask(client, Method::POST, path, body).await
    }

    async fn put(&self, client: &Client, path: &str) -> Value {
        self.ask(client, Method::PUT, path, Value::Null).await
    }

    async fn patch(&self, client: &Client, path: &str, body: Value) -> Value {
        self.ask(client, Method::PATCH, path, body).await
    }

    async fn delete(&self, client: &Client, path: &str) -> Value {
        self.ask(client, Method::DELETE, path, Value::Null).await
    }
}

fn read<T: DeserializeOwned>(body: Value) -> T {
    serde_json::from_value(body).unwrap()
}

/// Whether a path is one of the route's.
fn leads_to(route: &str, path: &str) -> bool {
    let path = path.split('?').next().unwrap_or_default();
    let (route, path): (Vec<_>, Vec<_>) = (route.split('/').collect(), path.split('/').collect());
    let same = |(route, path): (&&str, &&str)| route.starts_with('{') || route == path;
    route.len() == path.len() && route.iter().zip(&path).all(same)
}
