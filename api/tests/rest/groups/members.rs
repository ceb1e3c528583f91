//! Coming, going, and who is there.

use protocol::control::Control;
use protocol::frame::ServerFrame;
use protocol::group::{Member, Role};
use protocol::ids::{GroupId, UserId};
use protocol::page::Page;
use protocol::problem::Code;
use protocol::routing::Route;
use serde_json::json;
use testkit::http::User;

use super::{ban, channel, create, general, join, member, path, read, set_role, trio};
use crate::accounts::account_rev;
use crate::app::TestApp;
use crate::events::Events;
use crate::rows;

async fn list(user: &User, id: GroupId, query: &str) -> Page<Member> {
    let path = path(id, &format!("/members{query}"));
    user.client.get(&path).await.expect(200).json()
}

/// A user's rows in a group's channels, as `read_seq` by channel, and their membership.
async fn places(test: &TestApp, user: UserId) -> Vec<String> {
    let query = format!(
        "SELECT c.name || ' ' || concat_ws(' ', m.delivered_seq, m.read_seq, m.public_read_seq) AS line \
         FROM members m JOIN conversations c ON c.id = m.conversation_id WHERE m.user_id = '{user}' \
         UNION ALL SELECT 'role ' || role FROM group_members WHERE user_id = '{user}' \
         UNION ALL SELECT 'removed' FROM removals WHERE user_id = '{user}' ORDER BY 1"
    );
    rows::lines(&test.env, &query).await
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_joins_begins_at_the_newest_message_of_every_channel() {
    let test = TestApp::start().await;
    let (events, control) = (
        Events::listen(&test.env).await,
        Events::control(&test.env).await,
    );
    let (ada, bob) = (test.user("ada").await, test.user("bob").await);
    let group = create(&ada, json!({})).await;
    let id = group.shared.id;
    let side = channel(&ada, id, "side").await.shared.id;
    ada.client.send(side, "one").await;
    ada.client.send(side, "two").await;
    let version = read(&ada, id).await.shared.version;

    let joined = join(&bob, id).await;
    assert_eq!(joined.my_role, Some(Role::Member));
    assert_eq!(
        (joined.shared.member_count, joined.shared.version),
        (2, version + 1)
    );
    let names: Vec<&str> = joined.channels.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names, ["general", "side"]);
    // Their own notice is the first message of general, and they have read it.
    assert_eq!(
        places(&test, bob.id()).await,
        ["general 1 1 1", "role 3", "side 2 2 2"]
    );
    assert_eq!(bob.client.conversation(side).await.me.unread, 0);
    assert_eq!(bob.client.messages(side, "").await.items.len(), 2);

    let want = ServerFrame::MemberJoined {
        group_id: id,
        member: Member {
            user: bob.account.clone(),
            role: Role::Member,
            joined_at: list(&bob, id, "").await.items[1].joined_at,
        },
        version: version + 1,
    };
    let heard = events.expect_frame(|frame| *frame == want).await;
    assert_eq!(heard.keys, [Route::Group(id).key()]);
    let want = ServerFrame::GroupUpdated {
        group_id: id,
        group: joined.shared.clone(),
        version: version + 1,
        account_rev: Some(1),
    };
    let heard = events.expect_frame(|frame| *frame == want).await;
    assert_eq!(heard.keys, [Route::User(bob.id()).key()]);
    control
        .expect_control(&Control::RoutesChanged { user_id: bob.id() })
        .await;

    // Who is in it does not come again.
    for user in [&ada, &bob] {
        let reply = user.client.post(&path(id, "/join"), &json!({})).await;
        reply.problem(409, Code::Conflict);
    }
    assert_eq!(read(&bob, id).await, joined);
    assert_eq!(account_rev(&bob).await, 1);
    bob.client.send(side, "three").await;
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_leaves_has_nothing_left_there_and_may_come_back() {
    let test = TestApp::start().await;
    let (events, control) = (
        Events::listen(&test.env).await,
        Events::control(&test.env).await,
    );
    let (group, ada, _bob, cyd) = trio(&test).await;
    let id = group.shared.id;
    let rev = account_rev(&cyd).await;
    cyd.client
        .post(&path(id, "/leave"), &json!({}))
        .await
        .expect(204);
    assert_eq!(places(&test, cyd.id()).await, ["removed"]);
    let after = read(&ada, id).await.shared;
    assert_eq!(
        (after.member_count, after.version),
        (2, group.shared.version + 1)
    );
    let left = ServerFrame::MemberLeft {
        group_id: id,
        user_id: cyd.id(),
        version: after.version,
    };
    let heard = events.expect_frame(|frame| *frame == left).await;
    assert_eq!(heard.keys, [Route::Group(id).key()]);
    let gone = ServerFrame::GroupRemoved {
        group_id: id,
        version: after.version,
        account_rev: Some(rev + 1),
    };
    let heard = events.expect_frame(|frame| *frame == gone).await;
    assert_eq!(heard.keys, [Route::User(cyd.id()).key()]);
    let control_message = Control::MemberRemoved {
        user_id: cyd.id(),
        group_id: id,
    };
    control.expect_control(&control_message).await;
    assert_eq!(account_rev(&cyd).await, rev + 1);

    let client_id = protocol::ids::ClientId::new();
    let reply = cyd
        .client
        .try_send(general(&group), client_id, "hello")
        .await;
    reply.problem(404, Code::NotFound);
    let reply = cyd.client.post(&path(id, "/leave"), &json!({})).await;
    reply.problem(403, Code::Forbidden);
    join(&cyd, id).await;
    let back = places(&test, cyd.id()).await;
    assert_eq!(back.len(), 2, "{back:?}");
    // Removing oneself is leaving, and an owner hands over first.
    cyd.client.delete(&member(id, cyd.id())).await.expect(204);
    for reply in [
        ada.client.delete(&member(id, ada.id())).await,
        ada.client.post(&path(id, "/leave"), &json!({})).await,
    ] {
        reply.problem(409, Code::OwnerMustTransfer);
    }
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_member_may_come_back_and_a_banned_one_may_not() {
    let test = TestApp::start().await;
    let events = Events::listen(&test.env).await;
    let (group, ada, bob, cyd) = trio(&test).await;
    let id = group.shared.id;
    bob.client.delete(&member(id, cyd.id())).await.expect(204);
    assert_eq!(places(&test, cyd.id()).await, ["removed"]);
    let reply = bob.client.delete(&member(id, cyd.id())).await;
    reply.problem(404, Code::NotFound);
    join(&cyd, id).await;

    for _ in 0..2 {
        bob.client
            .put(&ban(id, cyd.id()), &json!({}))
            .await
            .expect(204);
    }
    assert_eq!(places(&test, cyd.id()).await, ["removed"]);
    let version = read(&ada, id).await.shared.version;
    let left = ServerFrame::MemberLeft {
        group_id: id,
        user_id: cyd.id(),
        version,
    };
    events.expect_frame(|frame| *frame == left).await;
    let gone = ServerFrame::GroupRemoved {
        group_id: id,
        version,
        account_rev: Some(account_rev(&cyd).await),
    };
    events.expect_frame(|frame| *frame == gone).await;
    let reply = cyd.client.post(&path(id, "/join"), &json!({})).await;
    reply.problem(403, Code::Banned);
    let bans = ada.client.get(&path(id, "/bans")).await.expect(200);
    assert_eq!(bans.body["items"][0]["user"], json!(cyd.account));
    assert_eq!(bans.body["next_cursor"], json!(null));
    for _ in 0..2 {
        bob.client.delete(&ban(id, cyd.id())).await.expect(204);
    }
    join(&cyd, id).await;

    // Who never was there can be kept out as well; who does not exist cannot.
    let eve = test.user("eve").await;
    bob.client
        .put(&ban(id, eve.id()), &json!({}))
        .await
        .expect(204);
    assert_eq!(account_rev(&eve).await, 0);
    let reply = eve.client.post(&path(id, "/join"), &json!({})).await;
    reply.problem(403, Code::Banned);
    let reply = bob.client.put(&ban(id, UserId::new()), &json!({})).await;
    reply.problem(404, Code::NotFound);
    let reply = bob.client.put(&ban(id, bob.id()), &json!({})).await;
    assert_eq!(reply.problem(422, Code::Invalid).errors[0].code, "oneself");
    let row = format!(
        "SELECT (banned_by = '{}')::text AS line FROM bans",
        bob.id()
    );
    assert_eq!(rows::lines(&test.env, &row).await, ["true"]);
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_is_told_to_the_group_and_to_whom_it_concerns() {
    let test = TestApp::start().await;
    let events = Events::listen(&test.env).await;
    let (group, ada, _bob, cyd) = trio(&test).await;
    let id = group.shared.id;
    let rev = account_rev(&cyd).await;
    set_role(&ada, id, cyd.id(), "admin").await;
    let version = group.shared.version + 1;
    let is_told = |frame: &ServerFrame| {
        matches!(frame, ServerFrame::MemberUpdated { group_id, member, version: v }
            if *group_id == id && member.user == cyd.account && member.role == Role::Admin && *v == version)
    };
    let heard = events.expect_frame(is_told).await;
    assert_eq!(heard.keys, [Route::Group(id).key()]);
    let own = ServerFrame::GroupUpdated {
        group_id: id,
        group: read(&ada, id).await.shared,
        version,
        account_rev: Some(rev + 1),
    };
    let heard = events.expect_frame(|frame| *frame == own).await;
    assert_eq!(heard.keys, [Route::User(cyd.id()).key()]);
    // The same role again moves nothing.
    set_role(&ada, id, cyd.id(), "admin").await;
    assert_eq!(account_rev(&cyd).await, rev + 1);
    assert_eq!(read(&cyd, id).await.my_role, Some(Role::Admin));
    for (who, body, status, code) in [
        (
            UserId::new(),
            json!({ "role": "admin" }),
            404,
            Code::NotFound,
        ),
        (
            ada.id(),
            json!({ "role": "member" }),
            409,
            Code::OwnerMustTransfer,
        ),
        (cyd.id(), json!({ "role": "king" }), 422, Code::Invalid),
        (cyd.id(), json!({}), 422, Code::Invalid),
    ] {
        let reply = ada.client.patch(&member(id, who), &body).await;
        reply.problem(status, code);
    }
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_that_is_handed_over_has_one_owner_at_any_time() {
    let test = TestApp::start().await;
    let events = Events::listen(&test.env).await;
    let (group, ada, bob, cyd) = trio(&test).await;
    let id = group.shared.id;
    let revs = [account_rev(&ada).await, account_rev(&cyd).await];
    let reply = ada
        .client
        .patch(&member(id, cyd.id()), &json!({ "role": "owner" }))
        .await;
    assert_eq!(reply.expect(200).json::<Member>().role, Role::Owner);
    let after = read(&bob, id).await.shared;
    assert_eq!(after.owner_id, cyd.id());
    assert_eq!(
        [account_rev(&ada).await, account_rev(&cyd).await],
        revs.map(|rev| rev + 1)
    );
    let roles: Vec<(UserId, Role)> = list(&bob, id, "")
        .await
        .items
        .into_iter()
        .map(|member| (member.user.id, member.role))
        .collect();
    let want = [
        (cyd.id(), Role::Owner),
        (ada.id(), Role::Admin),
        (bob.id(), Role::Admin),
    ];
    assert_eq!(roles, want);
    let to_all = ServerFrame::GroupUpdated {
        group_id: id,
        group: after.clone(),
        version: after.version,
        account_rev: None,
    };
    events.expect_frame(|frame| *frame == to_all).await;
    for (who, role) in [(ada.id(), Role::Admin), (cyd.id(), Role::Owner)] {
        let is_told = |frame: &ServerFrame| {
            matches!(frame, ServerFrame::MemberUpdated { member, version, .. }
                if member.user.id == who && member.role == role && *version == after.version)
        };
        events.expect_frame(is_told).await;
    }
    ada.client
        .post(&path(id, "/leave"), &json!({}))
        .await
        .expect(204);
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn members_are_listed_by_role_and_age_and_found_by_how_their_names_begin() {
    let test = TestApp::start().await;
    let (group, ada, bob, cyd) = trio(&test).await;
    let id = group.shared.id;
    let rename = json!({ "display_name": "Babbage, Charles" });
    bob.client.patch("/v1/me", &rename).await.expect(200);
    let names = async |query: &str| -> Vec<String> {
        let page = list(&cyd, id, query).await;
        page.items
            .into_iter()
            .map(|member| member.user.username)
            .collect()
    };
    assert_eq!(names("").await, ["ada", "bob", "cyd"]);
    let first = list(&cyd, id, "?limit=2").await;
    assert_eq!(first.items[0].user, ada.account);
    let next = format!("?limit=2&cursor={}", first.next_cursor.unwrap());
    assert_eq!(names(&next).await, ["cyd"]);
    assert_eq!(names("?q=BAB").await, ["bob"]);
    assert_eq!(names("?q=c").await, ["cyd"]);
    assert_eq!(names("?q=%25").await, [""; 0]);
    assert_eq!(names("?q=%20").await, ["ada", "bob", "cyd"]);
    // Nobody from elsewhere.
    test.user("cydney").await;
    assert_eq!(names("?q=cyd").await, ["cyd"]);
    for bad in ["?q=a%00", "?limit=0", "?cursor=x"] {
        let reply = cyd.client.get(&path(id, &format!("/members{bad}"))).await;
        reply.problem(400, Code::Malformed);
    }
    let long = format!("/members?q={}", "x".repeat(65));
    let reply = cyd.client.get(&path(id, &long)).await;
    reply.problem(400, Code::Malformed);
    test.app.stop().await;
}
