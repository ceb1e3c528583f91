//! The limits of the contract. What would take hours to fill is filled behind the service's back.

use protocol::group::{Group, Invite};
use protocol::ids::GroupId;
use protocol::problem::Code;
use serde_json::json;
use testkit::http::Reply;

use super::{create, join, path, read};
use crate::accounts::account_rev;
use crate::app::TestApp;
use crate::rows;

#[tokio::test(flavor = "multi_thread")]
async fn one_person_is_in_two_hundred_groups_at_most() {
    let test = TestApp::start().await;
    let (ada, bob) = (test.user("ada").await, test.user("bob").await);
    let group = create(&ada, json!({})).await.shared.id;
    let reply = ada.client.post(&path(group, "/invites"), &json!({})).await;
    let invite: Invite = reply.expect(201).json();
    let fill = format!(
        "INSERT INTO group_members (group_id, user_id, role) \
         SELECT gen_random_uuid(), '{}', 3 FROM generate_series(1, 200)",
        bob.id()
    );
    rows::change(&test.env, &fill).await;
    let new = json!({ "name": "one more", "visibility": "public" });
    let accept = format!("/v1/invites/{}/accept", invite.code);
    for (to, body) in [
        ("/v1/groups", &new),
        (path(group, "/join").as_str(), &json!({})),
        (accept.as_str(), &json!({})),
    ] {
        let reply = bob.client.post(to, body).await;
        reply.problem(422, Code::LimitReached);
    }
    assert_eq!(account_rev(&bob).await, 0);
    assert_eq!(read(&ada, group).await.shared.member_count, 1);
    // What was refused has used nothing.
    let uses = "SELECT uses::bigint AS n FROM invites";
    assert_eq!(rows::number(&test.env, uses).await, 0);
    let one_less = "DELETE FROM group_members WHERE ctid IN (SELECT ctid FROM group_members WHERE role = 3 LIMIT 1)";
    rows::change(&test.env, one_less).await;
    join(&bob, group).await;
    bob.client
        .post("/v1/groups", &new)
        .await
        .problem(422, Code::LimitReached);
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_has_ten_thousand_members_at_most_however_many_come_at_once_and_by_what_way() {
    let test = TestApp::start().await;
    let ada = test.user("ada").await;
    let group = create(&ada, json!({})).await.shared.id;
    let reply = ada.client.post(&path(group, "/invites"), &json!({})).await;
    let invite: Invite = reply.expect(201).json();
    rows::change(&test.env, "UPDATE groups SET member_count = 9999").await;
    let mut joiners = Vec::new();
    for i in 0..4 {
        joiners.push(test.user(&format!("joiner{i}")).await);
    }
    let ways = [
        path(group, "/join"),
        format!("/v1/invites/{}/accept", invite.code),
    ];
    let body = json!({});
    let joins = joiners.iter().zip(ways.iter().cycle());
    let joins = joins.map(|(user, way)| user.client.post(way, &body));
    let replies = futures_util::future::join_all(joins).await;
    let (full, came): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status != 200);
    assert_eq!((came.len(), full.len()), (1, 3));
    for reply in full {
        reply.problem(422, Code::LimitReached);
    }
    assert_eq!(read(&ada, group).await.shared.member_count, 10_000);
    // Full is full, by both ways, and an invite is not used by who stays outside.
    let uses = "SELECT uses::bigint AS n FROM invites";
    let used = rows::number(&test.env, uses).await;
    let late = test.user("late").await;
    for way in &ways {
        let reply = late.client.post(way, &body).await;
        reply.problem(422, Code::LimitReached);
    }
    assert_eq!(rows::number(&test.env, uses).await, used);
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_has_twenty_tags_at_most() {
    let test = TestApp::start().await;
    let ada = test.user("ada").await;
    let tags = |count: usize| (0..count).map(|i| format!("tag{i}")).collect::<Vec<_>>();
    let refused = |reply: Reply| {
        let errors = reply.problem(422, Code::LimitReached).errors;
        assert_eq!((errors.len(), errors[0].field.as_str()), (1, "tags"));
    };
    let group = create(&ada, json!({ "tags": tags(20) })).await.shared;
    assert_eq!(group.tags, tags(20));
    let mut new = json!({ "name": "x", "visibility": "public", "tags": tags(21) });
    refused(ada.client.post("/v1/groups", &new).await);
    let at = path(group.id, "");
    refused(ada.client.patch(&at, &json!({ "tags": tags(21) })).await);
    assert_eq!(read(&ada, group.id).await.shared, group);
    let mut others = tags(20);
    others.reverse();
    let reply = ada.client.patch(&at, &json!({ "tags": others })).await;
    assert_eq!(reply.expect(200).json::<Group>().shared.tags, others);
    // Where more is wrong, the limit is one fault of several.
    new["name"] = json!("");
    let reply = ada.client.post("/v1/groups", &new).await;
    assert_eq!(reply.problem(422, Code::Invalid).errors.len(), 2);
    let groups = "SELECT count(*) AS n FROM groups";
    assert_eq!(rows::number(&test.env, groups).await, 1);
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_has_a_hundred_channels_at_most() {
    let test = TestApp::start().await;
    let ada = test.user("ada").await;
    let group = create(&ada, json!({})).await.shared.id;
    rows::change(&test.env, "UPDATE groups SET channel_count = 99").await;
    let at = path(group, "/channels");
    let hundredth = ada.client.post(&at, &json!({ "name": "last" })).await;
    let last = hundredth.expect(201).body["id"].clone();
    let reply = ada.client.post(&at, &json!({ "name": "one more" })).await;
    reply.problem(422, Code::LimitReached);
    let last = format!("/v1/channels/{}", last.as_str().unwrap());
    ada.client.delete(&last).await.expect(204);
    ada.client
        .post(&at, &json!({ "name": "again" }))
        .await
        .expect(201);
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_has_a_hundred_working_invites_at_most_and_dead_ones_do_not_count() {
    let test = TestApp::start().await;
    let ada = test.user("ada").await;
    let group = create(&ada, json!({})).await.shared.id;
    let fill = |end: &str, id: GroupId| {
        format!(
            "INSERT INTO invites (id, code, group_id, created_by, {end}) \
             SELECT gen_random_uuid(), gen_random_uuid(), '{id}', gen_random_uuid(), clock_timestamp() - interval '1 hour' \
             FROM generate_series(1, 99)"
        )
    };
    for end in ["expires_at", "ended_at"] {
        rows::change(&test.env, &fill(end, group)).await;
    }
    // Made an hour ago, and without an end.
    rows::change(&test.env, &fill("created_at", group)).await;
    let at = path(group, "/invites");
    ada.client.post(&at, &json!({})).await.expect(201);
    let reply = ada.client.post(&at, &json!({})).await;
    reply.problem(422, Code::LimitReached);
    test.app.stop().await;
}
