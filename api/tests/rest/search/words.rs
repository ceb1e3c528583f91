//! What words find, in which order.

use protocol::problem::Code;
use serde_json::json;

use super::{all, ask, bodies, page};
use crate::app::TestApp;
use crate::cli::Cli;
use crate::conversations::pair;
use crate::messages::{edit, send};
use crate::rows;

#[tokio::test(flavor = "multi_thread")]
async fn messages_are_found_newest_first_across_conversations_and_pages() {
    let test = TestApp::start().await;
    let (ada, bob, chat) = pair(&test).await;
    let group = ada.client.public_group("Garden").await;
    let general = group.channels[0].id;
    let mut want = Vec::new();
    for n in 0..24 {
        let (to, body) = match n % 3 {
            0 => (chat, format!("The fig tree, {n}")),
            1 => (general, format!("A fig a day, {n}")),
            _ => (chat, format!("Apples, {n}")),
        };
        ada.client.send(to, &body).await;
        if n % 3 != 2 {
            want.insert(0, body);
        }
    }
    for limit in ["1", "5", "16", "100"] {
        assert_eq!(
            all(&ada.client, &[("q", "fig")], limit).await,
            want,
            "{limit}"
        );
    }
    // Bob is in one of the two.
    want.retain(|body| body.starts_with("The"));
    assert_eq!(bodies(&bob.client, "FIG").await, want);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_reads_as_on_the_web() {
    let test = TestApp::start().await;
    let (ada, _bob, chat) = pair(&test).await;
    for body in ["red apple", "green apple", "red pear", "apple red", "-red"] {
        ada.client.send(chat, body).await;
    }
    for (q, want) in [
        ("red apple", vec!["apple red", "red apple"]),
        ("\"red apple\"", vec!["red apple"]),
        ("pear or green", vec!["red pear", "green apple"]),
        ("apple -red", vec!["green apple"]),
        // Nothing to look up: taken for plain words.
        ("-red", vec!["-red", "apple red", "red pear", "red apple"]),
        ("-green -apple", vec!["green apple"]),
        ("APPLE RED PEAR", vec![]),
        ("appl", vec![]),
        ("", vec![]),
        (" \t ", vec![]),
        ("!?.", vec![]),
        ("\u{1F600}", vec![]),
    ] {
        assert_eq!(bodies(&ada.client, q).await, want, "{q:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_looks_like_a_language_of_its_own_is_only_words() {
    let test = TestApp::start().await;
    let (ada, _bob, chat) = pair(&test).await;
    ada.client.send(chat, "fig").await;
    for q in [
        "'",
        "''",
        "\\",
        "fig:*",
        "fig & ",
        "| fig",
        "!fig",
        "fig <-> tree",
        "(fig",
        "fig:A",
        "\"fig",
        "{}",
        "$1",
        "%",
        "fig' OR 1=1 --",
        "*",
        "fig\u{0301}",
        "\u{202E}gif",
    ] {
        ask(&ada.client, &[("q", q)]).await.expect(200);
    }
    let long = "fig ".repeat(64);
    assert_eq!(bodies(&ada.client, &long).await, ["fig"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_parameters_are_malformed() {
    let test = TestApp::start().await;
    let ada = test.user("ada").await.client;
    let long = "f".repeat(257);
    for parameters in [
        vec![],
        vec![("q", long.as_str())],
        vec![("q", "a\0")],
        vec![("q", "fig"), ("conversation_id", "7")],
        vec![("q", "fig"), ("from", "ada")],
        vec![("q", "fig"), ("before", "yesterday")],
        vec![("q", "fig"), ("after", "2026-11-22")],
        vec![("q", "fig"), ("has", "link")],
        vec![("q", "fig"), ("limit", "0")],
        vec![("q", "fig"), ("cursor", "x")],
    ] {
        ask(&ada, &parameters).await.problem(400, Code::Malformed);
    }
    let anonymous = test.client();
    ask(&anonymous, &[("q", "fig")])
        .await
        .problem(401, Code::Unauthenticated);
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_narrow_what_is_found() {
    let test = TestApp::start().await;
    let (ada, bob, chat) = pair(&test).await;
    let group = ada.client.public_group("Garden").await;
    let general = group.channels[0].id;
    ada.client.send(chat, "fig 1").await;
    let second = bob.client.send(chat, "fig 2").await;
    let file = ada.client.upload("fig.txt", b"A fig").await.id;
    let body = json!({ "body": "fig 3", "attachment_ids": [file] });
    send(&ada, general, body).await;
    let (chat, bob_id) = (chat.to_string(), bob.id().to_string());
    let at = second.created_at.to_string();
    for (filters, want) in [
        (
            vec![("conversation_id", chat.as_str())],
            vec!["fig 2", "fig 1"],
        ),
        (vec![("from", bob_id.as_str())], vec!["fig 2"]),
        (vec![("has", "file")], vec!["fig 3"]),
        (vec![("before", at.as_str())], vec!["fig 1"]),
        (vec![("after", at.as_str())], vec!["fig 3"]),
        (vec![("before", "1970-01-01T00:00:00Z")], vec![]),
        (vec![("after", "9999-12-31T23:59:59Z")], vec![]),
        (
            vec![
                ("before", "9999-12-31T23:59:59Z"),
                ("after", "0001-01-01T00:00:00Z"),
            ],
            vec!["fig 3", "fig 2", "fig 1"],
        ),
        (vec![("from", bob_id.as_str()), ("has", "file")], vec![]),
    ] {
        let mut parameters = vec![("q", "fig")];
        parameters.extend(&filters);
        assert_eq!(
            all(&ada.client, &parameters, "1").await,
            want,
            "{filters:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rare_words_are_found_behind_thousands_of_others() {
    let test = TestApp::start().await;
    let (ada, bob, chat) = pair(&test).await;
    ada.client.send(chat, "The first fig").await;
    // As many as a walk's budget has no room for.
    rows::change(
        &test.env,
        &format!(
            "INSERT INTO messages (conversation_id, seq, rev, id, client_id, sender_id, kind, request_hash, body, created_at)
             SELECT conversation_id, n, n, (lpad(to_hex((extract(epoch FROM created_at) * 1000)::bigint + n), 12, '0') || '70008000000000000000')::uuid,
                 gen_random_uuid(), sender_id, 1, '', CASE n % 1500 WHEN 0 THEN 'fig ' || n ELSE 'and so on' END, created_at
             FROM messages, generate_series(2, 6000) n WHERE conversation_id = '{chat}'"
        ),
    )
    .await;
    rows::change(
        &test.env,
        "UPDATE conversations SET last_seq = 6000, rev = 6000",
    )
    .await;
    let want = [
        "fig 6000",
        "fig 4500",
        "fig 3000",
        "fig 1500",
        "The first fig",
    ];
    for limit in ["1", "2", "100"] {
        assert_eq!(
            all(&ada.client, &[("q", "fig")], limit).await,
            want,
            "{limit}"
        );
    }
    let frequent = all(&ada.client, &[("q", "so on")], "100").await;
    assert_eq!(frequent.len(), 5995);

    // One who has hardly written, among somebody with more than is read as a whole.
    let few = ["and so on, 1", "and so on, 2", "no more"];
    for body in few {
        bob.client.send(chat, body).await;
    }
    let (ada_id, bob_id) = (ada.id().to_string(), bob.id().to_string());
    for limit in ["1", "100"] {
        let of_bob = [("q", "so on"), ("from", bob_id.as_str())];
        let found = all(&ada.client, &of_bob, limit).await;
        assert_eq!(found, [few[1], few[0]], "{limit}");
    }
    for (q, count) in [("so on", 5995), ("fig", 5)] {
        let of_ada = [("q", q), ("from", ada_id.as_str())];
        let found = all(&ada.client, &of_ada, "100").await;
        assert_eq!(found.len(), count, "{q}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edited_message_is_found_by_its_new_words_only() {
    let test = TestApp::start().await;
    let (ada, _bob, chat) = pair(&test).await;
    let message = ada.client.send(chat, "figs").await;
    edit(&ada, &message, "pears").await;
    assert_eq!(bodies(&ada.client, "figs").await, [""; 0]);
    assert_eq!(bodies(&ada.client, "pears").await, ["pears"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_language_is_the_operators_and_old_messages_can_be_read_again() {
    let test = TestApp::start().await;
    let (ada, _bob, chat) = pair(&test).await;
    ada.client.send(chat, "The trees of the garden").await;
    assert_eq!(bodies(&ada.client, "tree").await, [""; 0]);

    let english = [("WARREN_SEARCH_LANGUAGE", "english")];
    let other = test.another(&english).await;
    let there = testkit::http::Client::anonymous(format!("http://{}", other.http))
        .login("ada")
        .await
        .client;
    there.send(chat, "Many gardens").await;
    assert_eq!(
        bodies(&there, "garden").await,
        ["Many gardens", "The trees of the garden"]
    );
    assert_eq!(bodies(&there, "tree").await, [""; 0]);
    // A word that every sentence has is none.
    assert_eq!(bodies(&there, "the").await, [""; 0]);

    let ended = Cli::on(&test.env)
        .set("WARREN_SEARCH_LANGUAGE", "english")
        .run(&["reindex"])
        .await;
    assert_eq!(ended.success(), "2 messages read again\n");
    assert_eq!(bodies(&there, "tree").await, ["The trees of the garden"]);
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_found_messages_has_the_messages_as_a_timeline_has_them() {
    let test = TestApp::start().await;
    let (ada, _bob, chat) = pair(&test).await;
    let sent = ada.client.send(chat, "A fig").await;
    let page = page(&ada.client, &[("q", "fig")]).await;
    assert_eq!(json!(page.items[0].message), json!(sent));
    assert_eq!(page.items.len(), 1);
    assert_eq!(page.next_cursor, None);
}
