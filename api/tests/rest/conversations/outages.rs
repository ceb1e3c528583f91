//! Sending while a server that it needs is gone, silent or slow.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::future::join_all;
use protocol::frame::ServerFrame;
use protocol::ids::{ClientId, ConversationId};
use protocol::problem::Code;
use testkit::TestEnv;
use testkit::http::{Client, User};

use super::{all_is_told, outbox, pair};
use crate::app::TestApp;
use crate::events::Events;
use crate::rows;

#[tokio::test(flavor = "multi_thread")]
async fn without_the_broker_sends_succeed_and_every_event_arrives_once_it_is_back() {
    let env = TestEnv::with_faults().await;
    let test = TestApp::on(env, &[("WARREN_OUTBOX_RELAY_AGE_MS", "200")]).await;
    let (ada, _bob, id) = pair(&test).await;
    let events = Events::listen(&test.env).await;
    test.env.faults().broker.cut();
    for i in 0..20 {
        ada.client.send(id, &format!("m{i}")).await;
    }
    assert!(outbox(&test.env).await >= 20);
    test.env.faults().broker.restore();
    expect_revs(&events, 1..=20).await;
    all_is_told(&test.env).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_hangs_holds_no_send_up_and_loses_no_event() {
    let env = TestEnv::with_faults().await;
    let settings = [
        ("WARREN_BROKER_WINDOW", "8"),
        ("WARREN_BROKER_CONFIRM_TIMEOUT_MS", "200"),
        ("WARREN_OUTBOX_RELAY_AGE_MS", "200"),
    ];
    let test = TestApp::on(env, &settings).await;
    let (ada, _bob, id) = pair(&test).await;
    let events = Events::listen(&test.env).await;
    test.env.faults().broker.stall();
    for i in 0..40 {
        ada.client.send(id, &format!("m{i}")).await;
    }
    // A whole window without a word ends the link: nothing piles up behind it.
    testkit::eventually(Duration::from_secs(20), || async {
        !test.app.state.events.is_up()
    })
    .await;
    test.env.faults().broker.restore();
    expect_revs(&events, 1..=40).await;
    all_is_told(&test.env).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lane_that_is_far_ahead_of_the_broker_lets_it_catch_up_and_still_answers() {
    let env = TestEnv::with_faults().await;
    // Nothing is given up, and nothing published twice, while the broker is silent.
    let settings = [
        ("WARREN_BROKER_CONFIRM_TIMEOUT_MS", "60000"),
        ("WARREN_OUTBOX_RELAY_AGE_MS", "60000"),
    ];
    let test = TestApp::on(env, &settings).await;
    let (ada, _bob, id) = pair(&test).await;
    let events = Events::listen(&test.env).await;
    test.env.faults().broker.stall();
    let sends = (0..300).map(|i| {
        let client = &ada.client;
        async move { client.send(id, &format!("ahead {i}")).await }
    });
    join_all(sends).await;
    testkit::eventually(Duration::from_secs(10), || async { waits(&test).await > 0 }).await;
    ada.client.send(id, "no longer than that").await;

    test.env.faults().broker.restore();
    expect_revs(&events, 1..=301).await;
    all_is_told(&test.env).await;
}

/// How often a lane has waited for the broker. No other test of this process lets one be so far
/// ahead.
async fn waits(test: &TestApp) -> u64 {
    let reply = Client::anonymous(test.admin()).get("/metrics").await;
    let metrics = String::from_utf8(reply.bytes).unwrap();
    let name = "warren_commit_waits_total ";
    let found = metrics.lines().find_map(|line| line.strip_prefix(name));
    found.map_or(0, |count| count.parse().unwrap())
}

/// Waits until every one of these revisions was heard, however often.
async fn expect_revs(events: &Events, want: std::ops::RangeInclusive<i64>) {
    let want: BTreeSet<i64> = want.collect();
    testkit::eventually(Duration::from_secs(30), || async {
        let created = events.frames().into_iter().filter_map(|frame| match frame {
            ServerFrame::MessageCreated { rev, .. } => Some(rev),
            _ => None,
        });
        let heard: BTreeSet<i64> = created.collect();
        if heard == want { Ok(()) } else { Err(heard) }
    })
    .await;
}

/// Sends it again and again, as a client does, until it is taken.
async fn expect_sent(sender: &User, to: ConversationId, client_id: ClientId) {
    testkit::eventually(Duration::from_secs(20), || async {
        let reply = sender.client.try_send(to, client_id, "hello").await;
        if matches!(reply.status, 200 | 201) {
            Ok(())
        } else {
            Err(reply.to_string())
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_database_a_send_answers_503_and_the_service_recovers_by_itself() {
    let test = TestApp::on(
        TestEnv::with_faults().await,
        &[("WARREN_DATABASE_POOL_TIMEOUT_MS", "2000")],
    )
    .await;
    let (ada, _bob, id) = pair(&test).await;
    test.env.faults().database.cut();
    let client_id = ClientId::new();
    let reply = ada.client.try_send(id, client_id, "hello").await;
    assert_eq!(reply.header("retry-after"), "1");
    reply.problem(503, Code::Unavailable);
    ada.client
        .get("/v1/me")
        .await
        .problem(503, Code::Unavailable);
    test.env.faults().database.restore();
    expect_sent(&ada, id, client_id).await;
    assert_eq!(ada.client.messages(id, "").await.items.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lane_whose_connection_was_lost_while_it_was_idle_fails_no_send() {
    let test = TestApp::with(&[("WARREN_COMMITTER_LANES", "1")]).await;
    let (ada, _bob, id) = pair(&test).await;
    ada.client.send(id, "before").await;
    let end_all = "SELECT pg_terminate_backend(pid, 10000)::text AS line FROM pg_stat_activity \
        WHERE application_name = current_schema() AND pid <> pg_backend_pid()";
    let ended = rows::lines(&test.env, end_all).await;
    assert!(
        ended.len() > 1 && ended.iter().all(|line| line == "true"),
        "{ended:?}"
    );
    // Until the pool, which has connections of its own, has noticed.
    testkit::eventually(Duration::from_secs(20), || async {
        let asked = join_all((0..20).map(|_| ada.client.get("/v1/me"))).await;
        asked.iter().all(|reply| reply.status == 200)
    })
    .await;
    let reply = ada.client.try_send(id, ClientId::new(), "after").await;
    assert_eq!(reply.status, 201, "{reply}");
    assert_eq!(ada.client.messages(id, "").await.items.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_falls_silent_is_given_up_and_found_again() {
    let env = TestEnv::with_faults().await;
    let settings = [
        ("WARREN_DATABASE_STATEMENT_TIMEOUT_MS", "1000"),
        ("WARREN_DATABASE_POOL_TIMEOUT_MS", "500"),
    ];
    let test = TestApp::on(env, &settings).await;
    let (ada, _bob, id) = pair(&test).await;
    ada.client.send(id, "before").await;
    let client_id = ClientId::new();
    test.env.faults().database.stall();
    // Before whoever sends is told that too many wait: by the lane itself.
    let sending = ada.client.try_send(id, client_id, "hello");
    let reply = tokio::time::timeout(Duration::from_secs(8), sending).await;
    reply
        .expect("the lane waits for a silent database")
        .problem(503, Code::Unavailable);
    test.env.faults().database.restore();
    expect_sent(&ada, id, client_id).await;
    assert_eq!(ada.client.messages(id, "").await.items.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_cannot_reach_the_broker_leaves_the_relay_to_another() {
    let env = TestEnv::with_faults().await;
    let age = ("WARREN_OUTBOX_RELAY_AGE_MS", "200");
    let test = TestApp::on(env, &[age]).await;
    let (ada, _bob, id) = pair(&test).await;
    let events = Events::listen(&test.env).await;
    // The first relays: it was alone when it began.
    test.env.faults().broker.cut();
    testkit::eventually(Duration::from_secs(10), || async {
        !test.app.state.events.is_up()
    })
    .await;
    let way = test.env.amqp_url_of(test.env.name());
    let other = test.another(&[age, ("WARREN_BROKER_URL", &way)]).await;
    for i in 0..5 {
        ada.client.send(id, &format!("m{i}")).await;
    }
    expect_revs(&events, 1..=5).await;
    all_is_told(&test.env).await;
    assert!(!test.app.state.events.is_up());
    other.stop().await;
}
