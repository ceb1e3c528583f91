//! Many who change one group at once.

use futures_util::future::join_all;
use protocol::group::{Group, Invite, Role};
use protocol::ids::{ClientId, GroupId};
use protocol::problem::Code;
use serde_json::json;
use testkit::http::User;

use super::{ban, channel, create, general, member, path, read, set_role, trio};
use crate::app::TestApp;
use crate::rows;

async fn people(test: &TestApp, count: usize) -> Vec<User> {
    let names: Vec<String> = (0..count).map(|i| format!("person{i}")).collect();
    join_all(names.iter().map(|name| test.user(name))).await
}

/// Whatever happened: the counters are the rows, everyone has a row in each channel and nobody else
/// has, there is one owner, and places and revisions have no gaps.
async fn expect_whole(test: &TestApp) {
    for (what, faults) in [
        (
            "member_count",
            "SELECT count(*) AS n FROM groups g WHERE member_count <> (SELECT count(*) FROM group_members m WHERE m.group_id = g.id)",
        ),
        (
            "channel_count",
            "SELECT count(*) AS n FROM groups g WHERE channel_count <> (SELECT count(*) FROM conversations c WHERE c.group_id = g.id)",
        ),
        (
            "a row in each channel",
            "SELECT count(*) AS n FROM (SELECT c.id, m.user_id FROM conversations c JOIN group_members m USING (group_id)) a \
             FULL JOIN (SELECT c.id, m.user_id FROM conversations c JOIN members m ON m.conversation_id = c.id WHERE c.kind = 2) b \
             USING (id, user_id) WHERE a.id IS NULL OR b.id IS NULL OR a.user_id IS NULL OR b.user_id IS NULL",
        ),
        (
            "owner",
            "SELECT count(*) AS n FROM groups g WHERE owner_id IS DISTINCT FROM \
             (SELECT user_id FROM group_members m WHERE m.group_id = g.id AND role = 1)",
        ),
        (
            "seq",
            "SELECT count(*) AS n FROM conversations c WHERE last_seq <> (SELECT count(*) FROM messages m WHERE m.conversation_id = c.id)",
        ),
        (
            "a removal of who is there",
            "SELECT count(*) AS n FROM removals JOIN group_members USING (group_id, user_id)",
        ),
    ] {
        assert_eq!(rows::number(&test.env, faults).await, 0, "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_come_by_one_invite_exactly_so_many_get_in_as_it_says() {
    let test = TestApp::start().await;
    let ada = test.user("ada").await;
    let group = create(&ada, json!({ "visibility": "private" })).await;
    let at = path(group.shared.id, "/invites");
    let reply = ada.client.post(&at, &json!({ "max_uses": 3 })).await;
    let invite: Invite = reply.expect(201).json();
    let people = people(&test, 10).await;
    let accept = format!("/v1/invites/{}/accept", invite.code);
    let body = json!({});
    // Everyone asks twice: who is in by the first takes no use by the second.
    let asks = people.iter().chain(&people);
    let replies = join_all(asks.map(|user| user.client.post(&accept, &body))).await;
    let mut counts = [0; 3];
    for reply in &replies {
        counts[match reply.status {
            200 => 0,
            409 => {
                reply.problem(409, Code::Conflict);
                1
            }
            _ => {
                reply.problem(410, Code::InviteGone);
                2
            }
        }] += 1;
    }
    assert_eq!(counts, [3, 3, 14], "came, had come, came too late");
    let uses = "SELECT uses::bigint AS n FROM invites";
    assert_eq!(rows::number(&test.env, uses).await, 3);
    assert_eq!(read(&ada, group.shared.id).await.shared.member_count, 4);
    expect_whole(&test).await;
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn comers_goers_writers_and_admins_leave_a_whole_group_behind() {
    let test = TestApp::start().await;
    let (group, ada, bob, _cyd) = trio(&test).await;
    let id = group.shared.id;
    let people = people(&test, 6).await;
    let comers = people.iter().map(async |user| {
        for _ in 0..6 {
            let came = user.client.post(&path(id, "/join"), &json!({})).await;
            assert!(matches!(came.status, 200 | 403), "{came}");
            let sent = user
                .client
                .try_send(general(&group), ClientId::new(), "hello")
                .await;
            assert!(matches!(sent.status, 201 | 404), "{sent}");
            let left = user.client.post(&path(id, "/leave"), &json!({})).await;
            assert!(matches!(left.status, 204 | 403), "{left}");
        }
    });
    let admin = async {
        for (round, user) in people.iter().chain(&people).enumerate() {
            let made = channel(&bob, id, "side").await.shared.id;
            let name = json!({ "name": format!("Engines {round}") });
            bob.client.patch(&path(id, ""), &name).await.expect(200);
            let removed = bob.client.delete(&member(id, user.id())).await;
            assert!(matches!(removed.status, 204 | 404), "{removed}");
            let at = ban(id, user.id());
            bob.client.put(&at, &json!({})).await.expect(204);
            bob.client.delete(&at).await.expect(204);
            if round % 2 == 0 {
                let at = format!("/v1/channels/{made}");
                bob.client.delete(&at).await.expect(204);
            }
        }
    };
    tokio::join!(join_all(comers), admin);
    expect_whole(&test).await;
    // Whoever came has gone, and every other channel was deleted again.
    let after = read(&ada, id).await;
    assert_eq!((after.shared.member_count, after.channels.len()), (3, 7));
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_handed_over_while_its_owner_leaves_has_one_owner() {
    let test = TestApp::start().await;
    let (group, ada, bob, cyd) = trio(&test).await;
    let id = group.shared.id;
    let (mut owner, mut next) = (&ada, &cyd);
    for _ in 0..10 {
        let at = member(id, next.id());
        let hand_over = json!({ "role": "owner" });
        let (given, left, kicked) = tokio::join!(
            owner.client.patch(&at, &hand_over),
            async { owner.client.post(&path(id, "/leave"), &json!({})).await },
            bob.client.delete(&at),
        );
        assert!(matches!(given.status, 200 | 404), "{given}");
        assert!(matches!(left.status, 204 | 409), "{left}");
        assert!(matches!(kicked.status, 204 | 403 | 404), "{kicked}");
        expect_whole(&test).await;
        for user in [owner, next] {
            let back = user.client.post(&path(id, "/join"), &json!({})).await;
            assert!(matches!(back.status, 200 | 409), "{back}");
        }
        if given.status == 200 {
            std::mem::swap(&mut owner, &mut next);
        }
        // Whoever handed over and stayed is an admin, and bob could not remove them.
        let role = read(next, id).await.my_role;
        if role == Some(Role::Admin) {
            set_role(owner, id, next.id(), "member").await;
        }
    }
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_deleted_while_people_come_and_write_leaves_nobody_behind() {
    let test = TestApp::start().await;
    let ada = test.user("ada").await;
    let people = people(&test, 6).await;
    for _ in 0..3 {
        let group = create(&ada, json!({})).await;
        let (id, room) = (group.shared.id, general(&group));
        let comers = people.iter().map(async |user| {
            let came = user.client.post(&path(id, "/join"), &json!({})).await;
            assert!(matches!(came.status, 200 | 404), "{came}");
            user.client
                .try_send(room, ClientId::new(), "hello")
                .await
                .status
        });
        let (_, deleted) = tokio::join!(join_all(comers), async {
            ada.client.delete(&path(id, "")).await
        });
        deleted.expect(204);
        expect_whole(&test).await;
    }
    let left = "SELECT count(*) AS n FROM group_members";
    assert_eq!(rows::number(&test.env, left).await, 0);
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn owners_who_go_for_good_together_leave_whole_groups_behind() {
    use diesel_async::AsyncConnection;

    let test = TestApp::start().await;
    let people = people(&test, 5).await;
    let mut groups: Vec<GroupId> = Vec::new();
    for owner in &people {
        let group: Group = create(owner, json!({})).await;
        for other in people.iter().filter(|other| other.id() != owner.id()) {
            super::join(other, group.shared.id).await;
        }
        groups.push(group.shared.id);
    }
    let goers = people.iter().take(4).map(async |user| {
        // Too much may change at once: then nothing was done, and it is begun anew.
        loop {
            let mut conn = test.app.state.db.get().await.unwrap();
            let left = conn
                .transaction(async |conn| api::groups::leave_all(conn, user.id()).await)
                .await;
            match left {
                Ok(events) => break test.app.state.events.publish(events),
                Err(error) => assert_eq!(error.code(), Code::Unavailable, "{error}"),
            }
        }
    });
    join_all(goers).await;
    expect_whole(&test).await;
    for id in groups {
        let group = read(&people[4], id).await;
        assert_eq!(
            (group.shared.owner_id, group.shared.member_count),
            (people[4].id(), 1)
        );
    }
    test.app.stop().await;
}
