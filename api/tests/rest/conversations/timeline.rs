//! Reading a timeline in pages.

use protocol::message::MessagePage;
use protocol::problem::Code;

use super::{pair, path};
use crate::app::TestApp;

fn seqs(page: &MessagePage) -> Vec<i64> {
    page.items.iter().map(|message| message.seq).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_go_by_seq_and_say_what_lies_beyond_them() {
    let test = TestApp::start().await;
    let (ada, bob, id) = pair(&test).await;
    for i in 1..=10 {
        ada.client.send(id, &format!("m{i}")).await;
    }
    for (query, want, before, after) in [
        ("?limit=4", vec![7, 8, 9, 10], true, false),
        ("", (1..=10).collect(), false, false),
        ("?before=5&limit=3", vec![2, 3, 4], true, true),
        ("?before=3&limit=3", vec![1, 2], false, true),
        ("?before=1", vec![], false, true),
        ("?after=8", vec![9, 10], true, false),
        ("?after=0&limit=2", vec![1, 2], false, true),
        ("?after=10", vec![], true, false),
        ("?around=5&limit=5", vec![3, 4, 5, 6, 7], true, true),
        ("?around=1&limit=4", vec![1, 2, 3, 4], false, true),
        ("?around=10&limit=4", vec![9, 10], true, false),
        ("?before=9223372036854775807&limit=1", vec![10], true, false),
        ("?after=9223372036854775807", vec![], true, false),
    ] {
        let page = bob.client.messages(id, query).await;
        assert_eq!(seqs(&page), want, "{query}");
        assert_eq!(
            (page.has_before, page.has_after),
            (before, after),
            "{query}"
        );
        assert_eq!(page.rev, 10);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_at_two_places_or_none_that_is_a_number_is_malformed() {
    let test = TestApp::start().await;
    let (ada, _bob, id) = pair(&test).await;
    for query in [
        "?before=1&after=2",
        "?around=1&before=2",
        "?limit=0",
        "?limit=101",
        "?limit=x",
        "?before=x",
        "?before=99999999999999999999",
    ] {
        ada.client
            .get(&path(id, &format!("/messages{query}")))
            .await
            .problem(400, Code::Malformed);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_timeline_is_an_empty_page() {
    let test = TestApp::start().await;
    let (ada, _bob, id) = pair(&test).await;
    for query in ["", "?before=5", "?after=0", "?around=3"] {
        let page = ada.client.messages(id, query).await;
        assert_eq!(
            (seqs(&page), page.has_before, page.has_after),
            (vec![], false, false),
            "{query}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn cleared_messages_are_gone_for_the_caller_alone() {
    let test = TestApp::start().await;
    let (ada, bob, id) = pair(&test).await;
    for i in 1..=5 {
        bob.client.send(id, &format!("m{i}")).await;
    }
    ada.client
        .post(&path(id, "/clear"), &serde_json::json!({}))
        .await
        .expect(204);
    bob.client.send(id, "m6").await;
    for query in ["", "?before=7", "?after=0", "?around=2"] {
        let page = ada.client.messages(id, query).await;
        assert_eq!((seqs(&page), page.has_before), (vec![6], false), "{query}");
    }
    let changes = ada.client.changes(id, 0).await;
    assert_eq!(changes.items.iter().map(|m| m.seq).collect::<Vec<_>>(), [6]);
    assert!(changes.complete);
    assert_eq!(seqs(&bob.client.messages(id, "").await).len(), 6);
}
