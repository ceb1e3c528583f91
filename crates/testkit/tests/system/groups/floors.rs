//! The lowest watermarks, when the process dies that would have lifted them.

use protocol::conversation::Receipts;
use serde_json::json;
use testkit::http::User;

use super::{SOON, Town};

async fn expect_lowest(town: &Town, user: &User, delivered_seq: i64, read_seq: i64) {
    let want = Receipts {
        delivered_seq,
        read_seq,
    };
    testkit::eventually(SOON, || async {
        let receipts = user.client.conversation(town.talk).await.receipts;
        (receipts == want).then_some(()).ok_or(receipts)
    })
    .await;
}

#[tokio::test]
async fn who_left_or_hid_by_a_process_that_was_killed_holds_no_tick_back() {
    let (mut town, [ada, bob, eve, dan]) = Town::start(["ada", "bob", "eve", "dan"]).await;
    // It never looks: whatever is lifted here, the other one lifts.
    town.system.api[0].set("WARREN_RECEIPTS_FLOORS_EVERY_MS", 3_600_000);
    town.system.api[0].restart().await;
    let [eve, dan_here] = [&eve, &dan].map(|user| town.system.user_at(0, user));
    let [ada, bob, dan] = [&ada, &bob, &dan].map(|user| town.system.user_at(1, user));
    let seq = ada.client.send(town.talk, "hello").await.seq;
    bob.client
        .mark(town.talk, &json!({ "read_seq": seq }))
        .await;
    dan.client
        .mark(town.talk, &json!({ "delivered_seq": seq }))
        .await;
    expect_lowest(&town, &ada, 0, 0).await;

    eve.client.leave(town.group).await;
    town.system.api[0].kill9();
    expect_lowest(&town, &ada, seq, 0).await;

    town.system.api[0].restart().await;
    let hiding = json!({ "hide_read_receipts": true });
    dan_here.client.patch("/v1/me", &hiding).await.expect(200);
    town.system.api[0].kill9();
    expect_lowest(&town, &ada, seq, seq).await;
}
