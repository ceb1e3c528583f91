//! Making, reading and changing groups.

use protocol::control::Control;
use protocol::frame::ServerFrame;
use protocol::group::{Group, Role, Visibility};
use protocol::ids::GroupId;
use protocol::page::Page;
use protocol::problem::Code;
use protocol::routing::Route;
use serde_json::{Value, json};
use testkit::http::User;

use super::{create, general, join, path, read};
use crate::accounts::account_rev;
use crate::app::TestApp;
use crate::events::Events;
use crate::rows;

#[tokio::test(flavor = "multi_thread")]
async fn a_new_group_has_its_maker_as_owner_and_one_channel() {
    let test = TestApp::start().await;
    let (events, control) = (
        Events::listen(&test.env).await,
        Events::control(&test.env).await,
    );
    let ada = test.user("ada").await;
    let body = json!({
        "name": " Analytical engines ", "description": "Cogs\nand cards", "tags": ["history", " cogs ", "cogs"],
        "visibility": "private",
    });
    let group = create(&ada, body).await;
    let shared = &group.shared;
    assert_eq!(shared.name, "Analytical engines");
    assert_eq!(shared.description, "Cogs\nand cards");
    assert_eq!(shared.tags, ["history", "cogs"]);
    assert_eq!(shared.visibility, Visibility::Private);
    assert_eq!((shared.owner_id, shared.member_count), (ada.id(), 1));
    assert_eq!((shared.version, &shared.icon_url), (1, &None));
    assert_eq!(group.my_role, Some(Role::Owner));
    let names: Vec<&str> = group.channels.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names, ["general"]);
    assert_eq!(group.channels[0].position, Some(0));
    assert_eq!(read(&ada, shared.id).await, group);

    let want = ServerFrame::GroupUpdated {
        group_id: shared.id,
        group: shared.clone(),
        version: 1,
        account_rev: Some(1),
    };
    let heard = events.expect_frame(|frame| *frame == want).await;
    assert_eq!(heard.keys, [Route::User(ada.id()).key()]);
    let look_again = Control::RoutesChanged { user_id: ada.id() };
    control.expect_control(&look_again).await;
    assert_eq!(account_rev(&ada).await, 1);
    let row = "SELECT concat_ws('|', g.owner_id = m.user_id, g.created_by = m.user_id, m.role, m.joined_at = g.created_at, \
                   c.id = g.general_id, c.kind, s.user_id = m.user_id, s.read_seq) AS line \
               FROM groups g JOIN group_members m ON m.group_id = g.id JOIN conversations c ON c.group_id = g.id \
               JOIN members s ON s.conversation_id = c.id";
    let lines = rows::lines(&test.env, row).await;
    assert_eq!(lines.len(), 1);
    let fields: Vec<&str> = lines[0].split('|').collect();
    assert_eq!(fields[..3], ["t", "t", "1"]);
    assert_eq!(fields[4..], ["t", "2", "t", "0"]);

    // Its owner writes in it at once.
    let message = ada.client.send(general(&group), "hello").await;
    assert_eq!((message.seq, message.rev), (1, 1));
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_id_again_is_the_same_group_to_its_maker_alone() {
    let test = TestApp::start().await;
    let (ada, eve) = (test.user("ada").await, test.user("eve").await);
    let id = GroupId::new();
    let body = json!({ "id": id, "name": "Engines", "visibility": "public" });
    let post = async |user: &User| user.client.post("/v1/groups", &body).await;
    let made: Group = post(&ada).await.expect(201).json();
    assert_eq!(made.shared.id, id);
    let again: Group = post(&ada).await.expect(200).json();
    assert_eq!(again, made);
    assert_eq!(account_rev(&ada).await, 1);
    post(&eve).await.problem(409, Code::Conflict);
    join(&eve, id).await;
    post(&eve).await.problem(409, Code::Conflict);
    // Many at once make one.
    let body = json!({ "id": GroupId::new(), "name": "Engines", "visibility": "public" });
    let asks = (0..8).map(|i| {
        let user = if i % 2 == 0 { &ada } else { &eve };
        user.client.post("/v1/groups", &body)
    });
    let mut statuses: Vec<u16> = futures_util::future::join_all(asks)
        .await
        .iter()
        .map(|reply| reply.status)
        .collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 200, 200, 201, 409, 409, 409, 409]);
    // An id that was a group's is not given again.
    ada.client.delete(&path(id, "")).await.expect(204);
    post(&ada).await.problem(409, Code::Conflict);
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_that_breaks_a_rule_is_not_made() {
    let test = TestApp::start().await;
    let ada = test.user("ada").await;
    for (body, field, code) in [
        (json!({ "visibility": "public" }), "name", "required"),
        (json!({ "name": "x" }), "visibility", "required"),
        (
            json!({ "name": "x", "visibility": "secret" }),
            "visibility",
            "format",
        ),
        (
            json!({ "name": " ", "visibility": "public" }),
            "name",
            "required",
        ),
        (
            json!({ "name": "x".repeat(65), "visibility": "public" }),
            "name",
            "too_long",
        ),
        (
            json!({ "name": "a\nb", "visibility": "public" }),
            "name",
            "control_character",
        ),
        (
            json!({ "name": "a\u{2067}b", "visibility": "public" }),
            "name",
            "control_character",
        ),
        (
            json!({ "name": "x", "visibility": "public", "description": "x".repeat(1025) }),
            "description",
            "too_long",
        ),
        (
            json!({ "name": "x", "visibility": "public", "tags": [""] }),
            "tags",
            "required",
        ),
        (
            json!({ "name": "x", "visibility": "public", "tags": "one" }),
            "tags",
            "format",
        ),
        (
            json!({ "name": "x", "visibility": "public", "id": "one" }),
            "id",
            "format",
        ),
        (
            json!({ "name": "x", "visibility": "public", "owner_id": ada.id() }),
            "owner_id",
            "unknown_field",
        ),
    ] {
        let reply = ada.client.post("/v1/groups", &body).await;
        let problem = reply.problem(422, Code::Invalid);
        let error = &problem.errors[0];
        assert_eq!(
            (error.field.as_str(), error.code.as_str()),
            (field, code),
            "{body}"
        );
    }
    let count = "SELECT count(*) AS n FROM groups";
    assert_eq!(rows::number(&test.env, count).await, 0);
    assert_eq!(account_rev(&ada).await, 0);
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ones_groups_are_listed_in_the_order_in_which_one_came_into_them() {
    let test = TestApp::start().await;
    let (ada, bob) = (test.user("ada").await, test.user("bob").await);
    let mut ids = Vec::new();
    for name in ["c", "a", "b"] {
        let group = create(&ada, json!({ "name": name })).await;
        ids.push(group.shared.id);
        if name != "a" {
            join(&bob, group.shared.id).await;
        }
    }
    create(&bob, json!({})).await;
    let list = async |user: &User, query: &str| -> Page<Group> {
        let path = format!("/v1/groups{query}");
        user.client.get(&path).await.expect(200).json()
    };
    let first = list(&ada, "?limit=2").await;
    assert_eq!(
        first.items,
        [read(&ada, ids[0]).await, read(&ada, ids[1]).await]
    );
    let cursor = first.next_cursor.unwrap();
    let rest = list(&ada, &format!("?limit=2&cursor={cursor}")).await;
    assert_eq!(
        (rest.items, rest.next_cursor),
        (vec![read(&ada, ids[2]).await], None)
    );
    let of_bob = list(&bob, "").await.items;
    let roles: Vec<_> = of_bob.iter().map(|group| group.my_role).collect();
    assert_eq!(
        roles,
        [Some(Role::Member), Some(Role::Member), Some(Role::Owner)]
    );
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_sees_a_public_group_without_its_channels_and_no_private_one() {
    let test = TestApp::start().await;
    let (ada, eve) = (test.user("ada").await, test.user("eve").await);
    let public = create(&ada, json!({})).await;
    let seen = read(&eve, public.shared.id).await;
    assert_eq!(seen.shared, public.shared);
    assert_eq!((seen.my_role, seen.channels), (None, vec![]));
    let private = create(&ada, json!({ "visibility": "private" })).await;
    for id in [private.shared.id, GroupId::new()] {
        let reply = eve.client.get(&path(id, "")).await;
        reply.problem(404, Code::NotFound);
    }
    // Nor does a public group's channel say that it is there.
    let channel = format!("/v1/conversations/{}", general(&public));
    let reply = eve.client.get(&channel).await;
    reply.problem(404, Code::NotFound);
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_told_to_the_group_and_moves_everyones_account_revision() {
    let test = TestApp::start().await;
    let events = Events::listen(&test.env).await;
    let (ada, bob, eve) = tokio::join!(test.user("ada"), test.user("bob"), test.user("eve"));
    let id = create(&ada, json!({ "tags": ["old"] })).await.shared.id;
    join(&bob, id).await;
    let before = [account_rev(&ada).await, account_rev(&bob).await];
    let version = read(&ada, id).await.shared.version;
    let change = json!({ "description": "Cogs", "tags": ["new"], "visibility": "private" });
    let group: Group = ada
        .client
        .patch(&path(id, ""), &change)
        .await
        .expect(200)
        .json();
    assert_eq!(group.shared.description, "Cogs");
    assert_eq!(group.shared.tags, ["new"]);
    assert_eq!(group.shared.visibility, Visibility::Private);
    assert_eq!(
        (group.shared.name.as_str(), group.shared.version),
        ("Engines", version + 1)
    );
    let want = ServerFrame::GroupUpdated {
        group_id: id,
        group: group.shared.clone(),
        version: version + 1,
        account_rev: None,
    };
    let heard = events.expect_frame(|frame| *frame == want).await;
    assert_eq!(heard.keys, [Route::Group(id).key()]);
    let after = [account_rev(&ada).await, account_rev(&bob).await];
    assert_eq!(after, before.map(|rev| rev + 1));
    assert_eq!(account_rev(&eve).await, 0);
    // Nothing said, or nothing new: nothing moves.
    for nothing in [
        json!({}),
        json!({ "description": " Cogs", "tags": ["new", "new"] }),
    ] {
        let same: Group = ada
            .client
            .patch(&path(id, ""), &nothing)
            .await
            .expect(200)
            .json();
        assert_eq!(same, group);
    }
    assert_eq!(account_rev(&bob).await, after[1]);
    let bad = json!({ "name": "", "description": "x".repeat(1025), "tags": [""] });
    let problem = ada
        .client
        .patch(&path(id, ""), &bad)
        .await
        .problem(422, Code::Invalid);
    let fields: Vec<&str> = problem
        .errors
        .iter()
        .map(|error| error.field.as_str())
        .collect();
    assert_eq!(fields, ["name", "description", "tags"]);
    let null: Value = json!({ "owner_id": bob.id() });
    ada.client
        .patch(&path(id, ""), &null)
        .await
        .problem(422, Code::Invalid);
    test.app.stop().await;
}
