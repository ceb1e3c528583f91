//! Ways into a group.

use protocol::group::{Group, Invite, InvitePreview, Role, Visibility};
use protocol::ids::{GroupId, InviteId};
use protocol::page::Page;
use protocol::problem::Code;
use serde_json::{Value, json};
use testkit::http::{Reply, User};

use super::{ban, create, path, read};
use crate::app::TestApp;
use crate::rows;

async fn invite(admin: &User, group: GroupId, body: Value) -> Invite {
    let reply = admin.client.post(&path(group, "/invites"), &body).await;
    reply.expect(201).json()
}

async fn accept(user: &User, invite: &Invite) -> Reply {
    let path = format!("/v1/invites/{}/accept", invite.code);
    user.client.post(&path, &json!({})).await
}

async fn list(admin: &User, group: GroupId, query: &str) -> Page<Invite> {
    let path = path(group, &format!("/invites{query}"));
    admin.client.get(&path).await.expect(200).json()
}

/// A private group and its owner.
async fn private(test: &TestApp) -> (Group, User) {
    let ada = test.user("ada").await;
    let body = json!({ "visibility": "private", "description": "Cogs" });
    (create(&ada, body).await, ada)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invite_leads_into_a_private_group_and_counts_its_uses() {
    let test = TestApp::start().await;
    let (group, ada) = private(&test).await;
    let id = group.shared.id;
    let made = invite(&ada, id, json!({ "expires_in": 3600, "max_uses": 2 })).await;
    assert!(made.code.len() >= 22, "{}", made.code);
    assert_eq!(
        made.url,
        format!("http://localhost:8080/invite/{}", made.code)
    );
    assert_eq!((made.max_uses, made.uses), (Some(2), 0));
    let life = made.expires_at.unwrap().to_utc() - made.created_at.to_utc();
    assert!((3599..=3601).contains(&life.num_seconds()), "{life}");

    let at = format!("/v1/invites/{}", made.code);
    let preview: InvitePreview = test.client().get(&at).await.expect(200).json();
    let want = InvitePreview {
        group_id: id,
        name: "Engines".to_owned(),
        description: "Cogs".to_owned(),
        icon_url: None,
        member_count: 1,
    };
    assert_eq!(preview, want);

    let bob = test.user("bob").await;
    let joined: Group = accept(&bob, &made).await.expect(200).json();
    assert_eq!(joined.my_role, Some(Role::Member));
    assert_eq!(
        (joined.shared.visibility, joined.shared.member_count),
        (Visibility::Private, 2)
    );
    // Whoever is in takes no use of it.
    for user in [&ada, &bob] {
        accept(user, &made).await.problem(409, Code::Conflict);
    }
    assert_eq!(list(&ada, id, "").await.items[0].uses, 1);
    let (cyd, dan) = (test.user("cyd").await, test.user("dan").await);
    accept(&cyd, &made).await.expect(200);
    accept(&dan, &made).await.problem(410, Code::InviteGone);
    test.client().get(&at).await.problem(410, Code::InviteGone);
    // The last one through repeats the request: they are in, however little is left of the invite.
    accept(&cyd, &made).await.problem(409, Code::Conflict);
    assert_eq!(list(&ada, id, "").await.items, []);
    let row = "SELECT concat_ws('|', uses, ended_at IS NOT NULL) AS line FROM invites";
    assert_eq!(rows::lines(&test.env, row).await, ["2|t"]);
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invite_that_was_deleted_or_has_expired_is_gone_and_one_that_never_was_is_not_found() {
    let test = TestApp::start().await;
    let (group, ada) = private(&test).await;
    let (id, bob) = (group.shared.id, test.user("bob").await);
    let deleted = invite(&ada, id, json!({})).await;
    assert_eq!((deleted.expires_at, deleted.max_uses), (None, None));
    for _ in 0..2 {
        let at = format!("/v1/invites/{}", deleted.code);
        ada.client.delete(&at).await.expect(204);
    }
    let expired = invite(&ada, id, json!({ "expires_in": 60 })).await;
    let past = "UPDATE invites SET expires_at = clock_timestamp() - interval '1 second' WHERE expires_at IS NOT NULL";
    rows::change(&test.env, past).await;
    for gone in [&deleted, &expired] {
        accept(&bob, gone).await.problem(410, Code::InviteGone);
        let at = format!("/v1/invites/{}", gone.code);
        test.client().get(&at).await.problem(410, Code::InviteGone);
    }
    assert_eq!(list(&ada, id, "").await.items, []);
    for code in ["x", "%00", "AAAAAAAAAAAAAAAAAAAAAAAA", &"A".repeat(3000)] {
        let at = format!("/v1/invites/{code}");
        test.client().get(&at).await.problem(404, Code::NotFound);
        ada.client.delete(&at).await.problem(404, Code::NotFound);
        let at = format!("{at}/accept");
        let reply = bob.client.post(&at, &json!({})).await;
        reply.problem(404, Code::NotFound);
    }
    assert_eq!(read(&ada, id).await.shared.member_count, 1);
    // After a month nobody asks any more.
    api::sweeper::sweep(&test.app.state).await.unwrap();
    let count = "SELECT count(*) AS n FROM invites";
    assert_eq!(rows::number(&test.env, count).await, 2);
    let old = "UPDATE invites SET ended_at = clock_timestamp() - interval '31 days' WHERE ended_at IS NOT NULL";
    rows::change(&test.env, old).await;
    api::sweeper::sweep(&test.app.state).await.unwrap();
    assert_eq!(rows::number(&test.env, count).await, 1);
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_banned_comes_in_by_no_invite() {
    let test = TestApp::start().await;
    let (group, ada) = private(&test).await;
    let (id, bob) = (group.shared.id, test.user("bob").await);
    let open = invite(&ada, id, json!({ "max_uses": 1 })).await;
    ada.client
        .put(&ban(id, bob.id()), &json!({}))
        .await
        .expect(204);
    accept(&bob, &open).await.problem(403, Code::Banned);
    ada.client.delete(&ban(id, bob.id())).await.expect(204);
    accept(&bob, &open).await.expect(200);
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn invites_are_listed_newest_first_and_the_same_id_is_the_same_invite() {
    let test = TestApp::start().await;
    let (group, ada) = private(&test).await;
    let id = group.shared.id;
    let own = InviteId::new();
    let first = invite(&ada, id, json!({ "id": own })).await;
    let again = ada
        .client
        .post(&path(id, "/invites"), &json!({ "id": own }))
        .await;
    assert_eq!(again.expect(200).json::<Invite>(), first);
    let second = invite(&ada, id, json!({})).await;
    assert_ne!(first.code, second.code);
    let page = list(&ada, id, "?limit=1").await;
    assert_eq!(page.items, [second]);
    let next = format!("?limit=1&cursor={}", page.next_cursor.unwrap());
    let rest = list(&ada, id, &next).await;
    assert_eq!((rest.items, rest.next_cursor), (vec![first], None));
    let other = create(&ada, json!({})).await.shared.id;
    let reply = ada
        .client
        .post(&path(other, "/invites"), &json!({ "id": own }))
        .await;
    reply.problem(409, Code::Conflict);
    for (body, field) in [
        (json!({ "expires_in": 0 }), "expires_in"),
        (json!({ "expires_in": 31_536_001 }), "expires_in"),
        (json!({ "max_uses": 0 }), "max_uses"),
        (json!({ "max_uses": 10_001 }), "max_uses"),
        (json!({ "max_uses": "many" }), "max_uses"),
        (json!({ "code": "mine" }), "code"),
    ] {
        let reply = ada.client.post(&path(id, "/invites"), &body).await;
        let problem = reply.problem(422, Code::Invalid);
        assert_eq!(problem.errors[0].field, field, "{body}");
    }
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_links_begin_where_the_operator_says() {
    let settings = [("WARREN_HTTP_PUBLIC_URL", "https://chat.example/")];
    let test = TestApp::with(&settings).await;
    let (group, ada) = private(&test).await;
    let made = invite(&ada, group.shared.id, json!({})).await;
    assert_eq!(
        made.url,
        format!("https://chat.example/invite/{}", made.code)
    );
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_codes_is_limited_by_address() {
    let settings = [
        ("WARREN_RATE_LIMITS", "on"),
        ("WARREN_RATE_REQUESTS_PER_MIN", "5"),
    ];
    let test = TestApp::with(&settings).await;
    let mut refused = 0;
    for _ in 0..10 {
        let reply = test
            .client()
            .get("/v1/invites/AAAAAAAAAAAAAAAAAAAAAAAA")
            .await;
        if reply.status == 429 {
            reply.problem(429, Code::RateLimited);
            refused += 1;
        } else {
            reply.problem(404, Code::NotFound);
        }
    }
    assert!(refused >= 4, "{refused}");
    test.app.stop().await;
}
