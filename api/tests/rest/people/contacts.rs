//! The address book.

use futures_util::future::join_all;
use protocol::control::Control;
use protocol::frame::ServerFrame;
use protocol::ids::UserId;
use protocol::page::Page;
use protocol::people::Contact;
use protocol::problem::Code;
use serde_json::{Value, json};
use testkit::http::{Reply, User};

use super::{account_rev, all, end_account, expect_told, keep, kinds_told, page};
use crate::app::TestApp;
use crate::events::Events;
use crate::rows;

fn path(id: UserId) -> String {
    format!("/v1/contacts/{id}")
}

async fn put(owner: &User, id: UserId, body: Value) -> Reply {
    owner.client.put(&path(id), &body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contact_is_answered_kept_and_told_to_ones_own_devices() {
    let test = TestApp::start().await;
    let (events, control) = tokio::join!(Events::listen(&test.env), Events::control(&test.env));
    let (ada, bob) = (test.user("ada").await, test.user("bob").await);
    let row =
        "SELECT owner_id || ' ' || user_id || ' ' || coalesce(alias, '-') AS line FROM contacts";

    let work = json!({ "alias": " Bob from work " });
    let reply = put(&ada, bob.id(), work.clone()).await.expect(201);
    let contact: Contact = reply.json();
    assert_eq!(contact.user, bob.account);
    assert_eq!(contact.alias.as_deref(), Some("Bob from work"));
    let line = format!("{} {} Bob from work", ada.id(), bob.id());
    assert_eq!(rows::lines(&test.env, row).await, [line]);
    let told = |contact: Contact, account_rev| ServerFrame::Contact {
        contact,
        account_rev,
    };
    expect_told(&events, &ada, &told(contact.clone(), 1)).await;
    let look = Control::VisibilityChanged {
        user_ids: [ada.id(), bob.id()],
    };
    control.expect_control(&look).await;

    // The same again is no change.
    let same = put(&ada, bob.id(), work).await.expect(200);
    assert_eq!(same.body, reply.body);
    assert_eq!(account_rev(&ada).await, 1);

    // It is put, not patched: no alias is none. No body at all says the same.
    let bare = ada.client.request("PUT".parse().unwrap(), &path(bob.id()));
    let bare: Contact = bare.send().await.expect(200).json();
    let nameless = Contact {
        alias: None,
        ..contact
    };
    assert_eq!(bare, nameless);
    expect_told(&events, &ada, &told(nameless.clone(), 2)).await;
    let line = format!("{} {} -", ada.id(), bob.id());
    assert_eq!(rows::lines(&test.env, row).await, [line]);
    assert_eq!(all::<Contact>(&ada, "/v1/contacts").await, [nameless]);

    // It is nobody else's business.
    assert_eq!(kinds_told(&events, &ada).await, ["contact", "contact"]);
    assert_eq!(kinds_told(&events, &bob).await, [""; 0]);
    assert_eq!(account_rev(&bob).await, 0);
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contact_that_is_removed_is_gone_and_told_once() {
    let test = TestApp::start().await;
    let (ada, bob) = (test.user("ada").await, test.user("bob").await);
    keep(&ada, &bob).await;
    let (events, control) = tokio::join!(Events::listen(&test.env), Events::control(&test.env));
    for _ in 0..2 {
        ada.client.delete(&path(bob.id())).await.expect(204);
        assert_eq!(account_rev(&ada).await, 2);
    }
    let gone = ServerFrame::ContactRemoved {
        user_id: bob.id(),
        account_rev: 2,
    };
    expect_told(&events, &ada, &gone).await;
    let look = Control::VisibilityChanged {
        user_ids: [ada.id(), bob.id()],
    };
    control.expect_control(&look).await;
    assert_eq!(kinds_told(&events, &ada).await, ["contact.removed"]);
    assert_eq!(
        rows::number(&test.env, "SELECT count(*) AS n FROM contacts").await,
        0
    );
    // Who never was one, and who never was, is not one.
    ada.client.delete(&path(ada.id())).await.expect(204);
    ada.client.delete(&path(UserId::new())).await.expect(204);
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn contacts_are_listed_newest_first_in_pages_to_their_owner_alone() {
    let test = TestApp::start().await;
    let ada = test.user("ada").await;
    let mut newest_first = Vec::new();
    for name in ["bob", "cyd", "dan", "eve", "fay"] {
        let user = test.user(name).await;
        keep(&ada, &user).await;
        newest_first.insert(0, user.account);
    }
    let listed = all::<Contact>(&ada, "/v1/contacts").await;
    let users: Vec<_> = listed.into_iter().map(|contact| contact.user).collect();
    assert_eq!(users, newest_first);
    let bob = test.client().login("bob").await;
    let none: Page<Contact> = page(&bob, "/v1/contacts").await;
    assert_eq!((none.items, none.next_cursor), (Vec::new(), None));
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contact_is_somebody_else_who_is_there() {
    let test = TestApp::start().await;
    let (ada, gone) = (test.user("ada").await, test.user("bob").await);
    end_account(&gone).await.expect(204);
    let reply = put(&ada, ada.id(), json!({})).await;
    let problem = reply.problem(422, Code::Invalid);
    assert_eq!(problem.errors[0].field, "user_id");
    assert_eq!(problem.errors[0].code, "oneself");
    for nobody in [gone.id(), UserId::new()] {
        let reply = put(&ada, nobody, json!({})).await;
        reply.problem(404, Code::NotFound);
    }
    let reply = ada.client.put("/v1/contacts/bob", &json!({})).await;
    reply.problem(400, Code::Malformed);
    assert_eq!(account_rev(&ada).await, 0);
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alias_obeys_its_rules() {
    let test = TestApp::start().await;
    let (ada, bob) = (test.user("ada").await, test.user("bob").await);
    for (body, field, code) in [
        (json!({ "alias": "" }), "alias", "required"),
        (json!({ "alias": " \u{a0} " }), "alias", "required"),
        (json!({ "alias": "x".repeat(65) }), "alias", "too_long"),
        (json!({ "alias": "a\u{0}b" }), "alias", "control_character"),
        (json!({ "alias": "a\nb" }), "alias", "control_character"),
        (
            json!({ "alias": "a\u{2069}b" }),
            "alias",
            "control_character",
        ),
        (json!({ "alias": 7 }), "alias", "format"),
        (json!({ "name": "Bob" }), "name", "unknown_field"),
    ] {
        let reply = put(&ada, bob.id(), body.clone()).await;
        let problem = reply.problem(422, Code::Invalid);
        let named = (&*problem.errors[0].field, &*problem.errors[0].code);
        assert_eq!(named, (field, code), "{body}");
    }
    assert_eq!(account_rev(&ada).await, 0);
    let longest = "\u{1F600}".repeat(64);
    let reply = put(&ada, bob.id(), json!({ "alias": longest })).await;
    assert_eq!(reply.expect(201).body["alias"], longest);
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_has_more_than_a_thousand_contacts() {
    let test = TestApp::start().await;
    let (ada, bob, cyd) = (
        test.user("ada").await,
        test.user("bob").await,
        test.user("cyd").await,
    );
    let seed = format!(
        "WITH seeded AS (INSERT INTO users (id, username, display_name) \
             SELECT gen_random_uuid(), 'seed' || i, 'Seed' FROM generate_series(1, 999) i RETURNING id) \
         INSERT INTO contacts (owner_id, user_id) SELECT '{}', id FROM seeded",
        ada.id()
    );
    rows::change(&test.env, &seed).await;
    // The last place is taken by one, however many come at once.
    let (one, other) = tokio::join!(
        put(&ada, bob.id(), json!({})),
        put(&ada, cyd.id(), json!({}))
    );
    let (in_time, late, missing) = if one.status == 201 {
        (one, other, &cyd)
    } else {
        (other, one, &bob)
    };
    let kept: Contact = in_time.expect(201).json();
    late.problem(422, Code::LimitReached);
    // Who is one already can get another name, and who goes makes room.
    put(&ada, kept.user.id, json!({ "alias": "B" }))
        .await
        .expect(200);
    ada.client.delete(&path(kept.user.id)).await.expect(204);
    keep(&ada, missing).await;
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contact_that_is_put_many_times_at_once_is_new_once() {
    let test = TestApp::start().await;
    let (ada, bob) = (test.user("ada").await, test.user("bob").await);
    let puts = (0..8).map(|_| put(&ada, bob.id(), json!({})));
    let replies = join_all(puts).await;
    let mut statuses: Vec<u16> = replies.iter().map(|reply| reply.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 200, 200, 200, 200, 200, 200, 201]);
    assert_eq!(account_rev(&ada).await, 1);
    test.app.stop().await;
}
