//! No statement is in a loop: what is asked for fifty takes as many as what is asked for one.

use api::receipts;
use diesel::sql_types::{BigInt, Text};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use protocol::command::{ReceiptCommand, ReceiptCommands};
use protocol::ids::{ClientId, GroupId};
use protocol::sync::{Known, SyncRequest};
use serde_json::json;
use testkit::TestEnv;
use testkit::http::{Client, PASSWORD, Reply};
use testkit::seed::{self, Size};

use crate::app::TestApp;
use crate::rows;

/// Few, but for the hundred channels of the second group.
const SIZE: Size = Size {
    users: 120,
    groups: 8,
    messages: 2_000,
};
/// What is done in its own time is not done here: nothing runs but what is asked.
const NEVER: &str = "3600000";
/// What is more than one.
const MANY: i32 = 50;

#[derive(QueryableByName)]
struct Runs {
    #[diesel(sql_type = Text)]
    statement: String,
    #[diesel(sql_type = BigInt)]
    runs: i64,
}

/// A service with one connection, which counts.
struct Counter {
    test: TestApp,
}

impl Counter {
    async fn start() -> Self {
        let settings = [
            ("WARREN_DATABASE_POOL_SIZE", "1"),
            ("WARREN_AUTH_SWEEP_EVERY_MS", NEVER),
            ("WARREN_AUTH_REVOCATIONS_EVERY_MS", NEVER),
            ("WARREN_RECEIPTS_FLOORS_EVERY_MS", NEVER),
        ];
        let env = TestEnv::new().await;
        super::fill(&env, SIZE).await;
        let test = TestApp::on(env, &settings).await;
        Self { test }
    }

    async fn runs(&self) -> Vec<Runs> {
        let mut conn = self.test.app.state.db.get().await.unwrap();
        sql_query(
            "SELECT statement, generic_plans + custom_plans AS runs FROM pg_prepared_statements \
             WHERE statement NOT LIKE '%pg_prepared_statements%' ORDER BY 1",
        )
        .load(&mut *conn)
        .await
        .unwrap()
    }

    /// What was run while something was done, and how often.
    async fn during(&self, what: impl Future<Output = ()>) -> Vec<String> {
        let before = self.runs().await;
        what.await;
        let of_before = |statement: &str| {
            let same = before.iter().find(|one| one.statement == statement);
            same.map_or(0, |one| one.runs)
        };
        let after = self.runs().await.into_iter();
        let more = after.map(|one| (one.runs - of_before(&one.statement), one.statement));
        more.filter(|(times, _)| *times > 0)
            .map(|(times, statement)| format!("{times} × {statement}"))
            .collect()
    }

    /// Requires that one and many take the same statements, as often.
    async fn require_same(&self, name: &str, what: impl AsyncFn(i32)) {
        let one = self.during(what(1)).await;
        let many = self.during(what(MANY)).await;
        assert!(!one.is_empty(), "{name}: nothing was counted");
        assert_eq!(one, many, "{name}: of one, and of many");
    }

    async fn client(&self, user: i32) -> Client {
        self.test.client().login(&seed::username(user)).await.client
    }
}

/// A request that must succeed.
async fn done(reply: impl Future<Output = Reply>) {
    let reply = reply.await;
    assert!(reply.status < 300, "{reply}");
}

fn path(group: GroupId, rest: &str) -> String {
    format!("/v1/groups/{group}{rest}")
}

/// What a client knows of all its conversations.
async fn known(client: &Client) -> SyncRequest {
    let mut request = SyncRequest::default();
    for conversation in client.sync(&request).await.conversations {
        let known = Known {
            rev: conversation.shared.rev,
            me_version: conversation.me.version,
            view: Some(conversation.view),
        };
        request.known.insert(conversation.shared.id, known);
    }
    request
}

#[tokio::test(flavor = "multi_thread")]
async fn reading_many_takes_as_many_statements_as_reading_one() {
    let counter = Counter::start().await;
    let heavy = counter.client(1).await;
    let general = format!("/v1/conversations/{}", seed::channel(1, 0));
    for list in [
        "/v1/conversations",
        "/v1/groups",
        "/v1/groups/discover",
        "/v1/contacts",
        "/v1/friends",
        &path(seed::group(1), "/members"),
        &format!("{general}/messages"),
        &format!("{general}/receipts"),
    ] {
        let page = async |limit| done(heavy.get(&format!("{list}?limit={limit}"))).await;
        counter.require_same(list, page).await;
    }
    let presence = async |count| {
        let ids: Vec<_> = (2..2 + count).map(|n| seed::user(n).to_string()).collect();
        done(heavy.get(&format!("/v1/presence?user_ids={}", ids.join(",")))).await;
    };
    counter.require_same("presence", presence).await;
    let known = known(&heavy).await;
    let behind = async |count: i32| {
        let mut request = known.clone();
        for (known, _) in request.known.values_mut().zip(0..count) {
            known.rev -= 1;
        }
        done(heavy.post("/v1/sync", &request)).await;
    };
    counter.require_same("sync, behind", behind).await;
    let new = async |count: i32| {
        let mut request = known.clone();
        let ids: Vec<_> = request.known.keys().copied().collect();
        for (id, _) in ids.iter().zip(0..count) {
            request.known.remove(id);
        }
        done(heavy.post("/v1/sync", &request)).await;
    };
    counter.require_same("sync, new", new).await;
    counter.test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn changing_what_concerns_many_takes_as_many_statements_as_what_concerns_one() {
    let counter = Counter::start().await;
    let (heavy, other) = (counter.client(1).await, counter.client(SIZE.users).await);
    // One of one channel and one member, the other of a hundred and fifty.
    let small = heavy.public_group("small").await.shared.id;
    let large = seed::group(2);
    let of = |count| if count == 1 { small } else { large };
    let state = &counter.test.app.state;
    let receipts = async |count: i32| {
        let items = (0..count).map(|place| ReceiptCommand {
            conversation_id: seed::channel(2, place),
            delivered_seq: 0,
            read_seq: i64::MAX,
        });
        let commands = ReceiptCommands {
            user_id: seed::user(if count == 1 { 3 } else { 4 }),
            items: items.collect(),
        };
        receipts::advance(state, [commands]).await.unwrap();
    };
    // A mark that does not move is nothing to tell of.
    let nothing_read = "UPDATE members SET delivered_seq = 0, read_seq = 0, public_read_seq = 0";
    rows::change(&counter.test.env, nothing_read).await;
    counter.require_same("receipts", receipts).await;
    let join = async |count| done(other.post(&path(of(count), "/join"), &json!({}))).await;
    counter.require_same("joining", join).await;
    let rename = async |count| {
        let name = json!({ "name": format!("Of {count}") });
        done(heavy.patch(&path(of(count), ""), &name)).await;
    };
    counter.require_same("a new name", rename).await;
    let send = async |count| {
        let channels = heavy.group(of(count)).await.channels;
        let reply = heavy.try_send(channels[0].id, ClientId::new(), "hello");
        done(reply).await;
    };
    counter.require_same("sending", send).await;
    let leave = async |count| done(other.post(&path(of(count), "/leave"), &json!({}))).await;
    counter.require_same("leaving", leave).await;
    let last = heavy.group(large).await.channels.pop().unwrap().id;
    done(heavy.delete(&format!("/v1/channels/{last}"))).await;
    let channel = async |count| {
        let new = json!({ "name": "new" });
        done(heavy.post(&path(of(count), "/channels"), &new)).await;
    };
    counter.require_same("a new channel", channel).await;
    let end_channel = async |count| {
        let last = heavy.group(of(count)).await.channels.pop().unwrap().id;
        done(heavy.delete(&format!("/v1/channels/{last}"))).await;
    };
    counter.require_same("a channel's end", end_channel).await;
    let end = async |count| done(heavy.delete(&path(of(count), ""))).await;
    counter.require_same("a group's end", end).await;
    // Accounts: one that is in one group, and one that is in many.
    let (one, many) = (
        counter.test.user("one").await.client,
        counter.test.user("many").await.client,
    );
    let mut groups = Vec::new();
    for place in 0..MANY {
        groups.push(
            heavy
                .public_group(&format!("group {place}"))
                .await
                .shared
                .id,
        );
    }
    one.join(groups[0]).await;
    for group in groups {
        many.join(group).await;
    }
    let end_account = async |count| {
        let client = if count == 1 { &one } else { &many };
        let request = client.request(reqwest::Method::DELETE, "/v1/me");
        let request = request.json(&json!({ "password": PASSWORD }));
        done(request.send()).await;
    };
    counter.require_same("an account's end", end_account).await;
    counter.test.app.stop().await;
}
