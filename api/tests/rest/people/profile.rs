//! Who hears of a new name.

use std::collections::BTreeSet;

use protocol::frame::ServerFrame;
use protocol::routing::KEYS_PER_PUBLISH;
use serde_json::json;
use testkit::http::User;

use super::{account_rev, befriend, expect_told, frame, group, keep};
use crate::app::TestApp;
use crate::events::{Events, Heard};
use crate::rows;

fn is_update(heard: &Heard, name: &str) -> bool {
    matches!(frame(heard), ServerFrame::UserUpdated { user } if user.display_name == name)
}

/// Gives a user a name, and returns each routing key that heard of it, once in each event.
async fn rename(events: &Events, user: &User, name: &str, expected: usize) -> BTreeSet<String> {
    let body = json!({ "display_name": name });
    user.client.patch("/v1/me", &body).await.expect(200);
    testkit::eventually(std::time::Duration::from_secs(20), || async {
        let heard = events.all();
        let heard = heard.iter().filter(|heard| is_update(heard, name));
        let keys: BTreeSet<String> = heard.flat_map(|heard| heard.keys.clone()).collect();
        if keys.len() >= expected {
            Ok(keys)
        } else {
            Err(keys)
        }
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_name_is_told_where_it_is_shown() {
    let test = TestApp::start().await;
    let events = Events::listen(&test.env).await;
    let ada = test.user("ada").await;
    let (owner, friend, partner, asker) = (
        test.user("owner").await,
        test.user("friend").await,
        test.user("partner").await,
        test.user("asker").await,
    );
    let (contact, stranger) = (test.user("contact").await, test.user("stranger").await);
    keep(&owner, &ada).await;
    keep(&ada, &contact).await;
    befriend(&friend, &ada).await;
    partner.client.direct(ada.id()).await;
    asker.client.direct(stranger.id()).await;
    // Someone who is all of that hears of it once.
    keep(&friend, &ada).await;
    friend.client.direct(ada.id()).await;
    let room = group(&stranger, &[&ada]).await;

    let rev = account_rev(&ada).await;
    let keys = rename(&events, &ada, "Countess", 5).await;
    let mut want: BTreeSet<String> = [&ada, &owner, &friend, &partner]
        .map(|user| format!("user.{}", user.id()))
        .into();
    want.insert(format!("group.{room}"));
    assert_eq!(keys, want);
    let heard = events.expect(|heard| is_update(heard, "Countess")).await;
    assert_eq!(heard.keys.len(), 5, "{heard:?}");
    // It is no change of anyone's lists.
    assert_eq!(account_rev(&ada).await, rev);
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_many_know_is_told_in_several_events() {
    let test = TestApp::start().await;
    let events = Events::listen(&test.env).await;
    let ada = test.user("ada").await;
    let seed = format!(
        "WITH seeded AS (INSERT INTO users (id, username, display_name) \
             SELECT gen_random_uuid(), 'seed' || i, 'Seed' FROM generate_series(1, 40) i RETURNING id) \
         INSERT INTO contacts (owner_id, user_id) SELECT id, '{}' FROM seeded",
        ada.id()
    );
    rows::change(&test.env, &seed).await;
    let keys = rename(&events, &ada, "Countess", 41).await;
    let everyone = rows::lines(&test.env, "SELECT 'user.' || id AS line FROM users").await;
    assert_eq!(keys, BTreeSet::from_iter(everyone));
    let told = events.all();
    let told = told.iter().filter(|heard| is_update(heard, "Countess"));
    let sizes: BTreeSet<Vec<String>> = told.map(|heard| heard.keys.clone()).collect();
    let mut sizes: Vec<usize> = sizes.iter().map(Vec::len).collect();
    sizes.sort_unstable();
    assert_eq!(
        sizes,
        [
            41 - 2 * KEYS_PER_PUBLISH,
            KEYS_PER_PUBLISH,
            KEYS_PER_PUBLISH
        ]
    );
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_do_not_see_is_told_to_ones_own_devices_alone() {
    let test = TestApp::start().await;
    let (ada, bob) = (test.user("ada").await, test.user("bob").await);
    befriend(&ada, &bob).await;
    let events = Events::listen(&test.env).await;
    let same = ServerFrame::UserUpdated {
        user: ada.account.clone(),
    };
    for body in [
        json!({ "hide_read_receipts": true }),
        json!({ "hide_presence": true, "display_name": "ada" }),
    ] {
        ada.client.patch("/v1/me", &body).await.expect(200);
        expect_told(&events, &ada, &same).await;
    }
    let keys = rename(&events, &ada, "Countess", 2).await;
    assert_eq!(keys.len(), 2);
    // Nothing before that went to anyone else.
    let told = events.all();
    let mut before = told.iter().filter(|heard| frame(heard) == same);
    assert!(before.all(|heard| heard.keys == [format!("user.{}", ada.id())]));
    test.app.stop().await;
}
