//! The end of a group, and of a member's account.

use diesel_async::AsyncConnection;
use protocol::control::Control;
use protocol::frame::ServerFrame;
use protocol::group::{Group, Role};
use protocol::ids::{ClientId, ConversationId};
use protocol::problem::Code;
use protocol::routing::Route;
use serde_json::json;
use testkit::http::User;

use super::{create, general, join, path, read, set_role, trio};
use crate::accounts::account_rev;
use crate::app::TestApp;
use crate::events::Events;
use crate::rows;

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_group_is_gone_for_everyone_at_once() {
    let test = TestApp::start().await;
    let (events, control) = (
        Events::listen(&test.env).await,
        Events::control(&test.env).await,
    );
    let (group, ada, bob, cyd) = trio(&test).await;
    let (id, room) = (group.shared.id, general(&group));
    let kept = create(&ada, json!({ "name": "kept" })).await;
    let reply = ada.client.post(&path(id, "/invites"), &json!({})).await;
    let code = reply.expect(201).body["code"].as_str().unwrap().to_owned();
    let revs = [account_rev(&ada).await, account_rev(&cyd).await];
    ada.client.delete(&path(id, "")).await.expect(204);
    let removed = ServerFrame::GroupRemoved {
        group_id: id,
        version: group.shared.version + 1,
        account_rev: None,
    };
    // By routes that the control message leaves alone.
    let mut heard = events.expect_frame(|frame| *frame == removed).await.keys;
    let mut everyone = [&ada, &bob, &cyd].map(|user| Route::User(user.id()).key());
    heard.sort();
    everyone.sort();
    assert_eq!(heard, everyone);
    control
        .expect_control(&Control::GroupRemoved { group_id: id })
        .await;
    let after = [account_rev(&ada).await, account_rev(&cyd).await];
    assert_eq!(after, revs.map(|rev| rev + 1));
    for user in [&ada, &bob, &cyd] {
        let reply = user.client.get(&path(id, "")).await;
        reply.problem(404, Code::NotFound);
        let reply = user.client.get(&format!("/v1/conversations/{room}")).await;
        reply.problem(404, Code::NotFound);
        let reply = user.client.try_send(room, ClientId::new(), "hello").await;
        reply.problem(404, Code::NotFound);
    }
    ada.client
        .delete(&path(id, ""))
        .await
        .problem(404, Code::NotFound);
    let reply = test.client().get(&format!("/v1/invites/{code}")).await;
    reply.problem(404, Code::NotFound);
    let left = "SELECT concat_ws('|', (SELECT count(*) FROM groups), (SELECT count(*) FROM group_members), \
                    (SELECT count(*) FROM conversations), (SELECT count(*) FROM invites), \
                    (SELECT count(*) FROM bans), (SELECT count(*) FROM removals), \
                    (SELECT count(*) FROM removed_conversations)) AS line";
    assert_eq!(rows::lines(&test.env, left).await, ["1|1|1|0|0|3|2"]);
    // What was said is swept away, and nothing else.
    ada.client.send(general(&kept), "still here").await;
    api::sweeper::sweep(&test.app.state).await.unwrap();
    let swept = format!(
        "SELECT concat_ws('|', (SELECT count(*) FROM messages WHERE conversation_id = '{room}'), \
             (SELECT count(*) FROM members WHERE conversation_id = '{room}'), \
             (SELECT count(*) FROM messages), (SELECT count(*) FROM members)) AS line"
    );
    assert_eq!(rows::lines(&test.env, &swept).await, ["0|0|1|1"]);
    test.app.stop().await;
}

/// Takes a user out of all groups, as the end of their account does.
async fn leave_all(test: &TestApp, user: &User) {
    let mut conn = test.app.state.db.get().await.unwrap();
    let events = conn
        .transaction(async |conn| api::groups::leave_all(conn, user.id()).await)
        .await
        .unwrap();
    test.app.state.events.publish(events);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_goes_for_good_passes_each_group_to_the_one_who_has_been_there_longest() {
    let test = TestApp::start().await;
    let events = Events::listen(&test.env).await;
    let (group, ada, bob, cyd) = trio(&test).await;
    // In one there is an admin, in one only members, one is of nobody else, one is another's.
    let with_admin = group.shared.id;
    join(&test.user("dan").await, with_admin).await;
    let with_member = create(&ada, json!({ "name": "two" })).await.shared.id;
    join(&cyd, with_member).await;
    join(&bob, with_member).await;
    let alone = create(&ada, json!({ "name": "three" })).await;
    let others = create(&bob, json!({ "name": "four" })).await.shared.id;
    join(&ada, others).await;
    let revs = [account_rev(&bob).await, account_rev(&cyd).await];
    leave_all(&test, &ada).await;

    for (id, heir) in [(with_admin, &bob), (with_member, &cyd)] {
        let after = read(heir, id).await;
        assert_eq!(
            (after.shared.owner_id, after.my_role),
            (heir.id(), Some(Role::Owner))
        );
        let is_told = |frame: &ServerFrame| {
            matches!(frame, ServerFrame::MemberUpdated { group_id, member, version }
                if *group_id == id && member.user.id == heir.id() && member.role == Role::Owner
                    && *version == after.shared.version)
        };
        events.expect_frame(is_told).await;
        let updated = ServerFrame::GroupUpdated {
            group_id: id,
            group: after.shared.clone(),
            version: after.shared.version,
            account_rev: None,
        };
        events.expect_frame(|frame| *frame == updated).await;
        let left = ServerFrame::MemberLeft {
            group_id: id,
            user_id: ada.id(),
            version: after.shared.version,
        };
        events.expect_frame(|frame| *frame == left).await;
        let last = heir.client.messages(general(&after), "").await.items.pop();
        assert_eq!(last.unwrap().body, "ada left");
    }
    assert_eq!(
        [account_rev(&bob).await, account_rev(&cyd).await],
        revs.map(|rev| rev + 1)
    );
    let reply = bob.client.get(&path(alone.shared.id, "")).await;
    reply.problem(404, Code::NotFound);
    assert_eq!(read(&bob, others).await.shared.member_count, 1);
    let mine: Vec<Group> = {
        let reply = ada.client.get("/v1/groups").await.expect(200);
        serde_json::from_value(reply.body["items"].clone()).unwrap()
    };
    assert_eq!(mine, []);
    let rows_left = format!(
        "SELECT count(*) AS n FROM members m JOIN conversations c ON c.id = m.conversation_id WHERE m.user_id = '{}'",
        ada.id()
    );
    assert_eq!(rows::number(&test.env, &rows_left).await, 0);
    // Of nothing there is nothing to leave.
    leave_all(&test, &ada).await;
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ws_servers_learn_from_the_internal_routes_who_is_where_and_who_was_removed() {
    let test = TestApp::start().await;
    let (group, ada, bob, cyd) = trio(&test).await;
    let id = group.shared.id;
    let other = create(&bob, json!({})).await.shared.id;
    let credential = std::fs::read_to_string(&test.env.secrets().internal_credential_file).unwrap();
    let peer = testkit::http::Client::anonymous(test.admin()).with_token(credential.trim());
    let sessions: Vec<_> = [&ada, &bob, &bob, &cyd]
        .iter()
        .map(|user| json!({ "user_id": user.id(), "session_id": user.session_id }))
        .collect();
    let routes = peer
        .post("/internal/routes", &json!({ "sessions": sessions }))
        .await
        .expect(200);
    let groups = |place: usize| {
        let mut ids: Vec<String> =
            serde_json::from_value(routes.body["routes"][place]["groups"].clone()).unwrap();
        ids.sort();
        ids
    };
    let mut both = [id.to_string(), other.to_string()];
    both.sort();
    assert_eq!(groups(0), [id.to_string()]);
    assert_eq!((groups(1), groups(2)), (both.to_vec(), both.to_vec()));
    assert_eq!(groups(3), [id.to_string()]);

    cyd.client
        .post(&path(id, "/leave"), &json!({}))
        .await
        .expect(204);
    let removed = async || {
        let reply = peer.get("/internal/revocations").await.expect(200);
        reply.body["members"].clone()
    };
    assert_eq!(
        removed().await,
        json!([{ "user_id": cyd.id(), "group_id": id }])
    );
    // Who is back is not removed.
    join(&cyd, id).await;
    assert_eq!(removed().await, json!([]));
    ada.client.delete(&path(id, "")).await.expect(204);
    assert_eq!(removed().await.as_array().unwrap().len(), 3);
    // Nor is one who left so long ago that no ws-server can hold it.
    let old = "UPDATE removals SET created_at = clock_timestamp() - interval '16 minutes'";
    rows::change(&test.env, old).await;
    api::sweeper::sweep(&test.app.state).await.unwrap();
    let count = "SELECT count(*) AS n FROM removals";
    assert_eq!(rows::number(&test.env, count).await, 0);
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_who_is_gone_leaves_an_admin_before_an_older_member() {
    let test = TestApp::start().await;
    let (ada, bob, cyd) = tokio::join!(test.user("ada"), test.user("bob"), test.user("cyd"));
    let id = create(&ada, json!({})).await.shared.id;
    join(&bob, id).await;
    join(&cyd, id).await;
    set_role(&ada, id, cyd.id(), "admin").await;
    leave_all(&test, &ada).await;
    assert_eq!(read(&bob, id).await.shared.owner_id, cyd.id());
    let channel: ConversationId = general(&read(&bob, id).await);
    bob.client.send(channel, "long live the king").await;
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_ends_whatever_ids_its_channels_were_given() {
    let test = TestApp::start().await;
    let ada = test.user("ada").await;
    for channel_goes_first in [false, true] {
        let group = create(&ada, json!({ "name": "twins" })).await.shared.id;
        let twin = json!({ "id": group, "name": "twin" });
        let reply = ada.client.post(&path(group, "/channels"), &twin).await;
        reply.expect(201);
        if channel_goes_first {
            let channel = format!("/v1/channels/{group}");
            ada.client.delete(&channel).await.expect(204);
        }
        ada.client.delete(&path(group, "")).await.expect(204);
        ada.client
            .get(&path(group, ""))
            .await
            .problem(404, Code::NotFound);
        let unswept = format!(
            "SELECT count(*) AS n FROM removed_conversations WHERE conversation_id = '{group}' AND swept_at IS NULL"
        );
        assert_eq!(rows::number(&test.env, &unswept).await, 1);
    }
}
