//! Where the words stand, safe to be put into a page.

use std::cell::RefCell;

use diesel::sql_types::{Array, Text};
use diesel::{QueryableByName, sql_query};
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tokio::runtime::Handle;

use super::page;
use crate::app::TestApp;
use crate::conversations::pair;

/// Text as it is in HTML.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_excerpt_marks_the_words_and_escapes_everything_else() {
    let test = TestApp::start().await;
    let (ada, _bob, chat) = pair(&test).await;
    let bodies = [
        "a fig",
        "<b>fig</b>",
        "<script>fig()</script>",
        "fig & <img src=x onerror=alert(1)>",
        "<mark>fig</mark>",
        "</mark><i>fig",
        "\"fig\" 'fig'",
        "&lt;fig&gt; &amp; fig",
        "fig<mark",
        "x<fig>y",
        "https://fig.example/?a=<b>&fig=1 fig",
        "fig@example.com <fig@example.com> fig",
        "\u{202E}gif\u{202C} fig",
    ];
    for body in bodies {
        ada.client.send(chat, body).await;
    }
    let found = page(&ada.client, &[("q", "fig"), ("limit", "100")])
        .await
        .items;
    assert!(found.len() >= bodies.len() - 2, "{found:#?}");
    for found in found {
        let (body, excerpt) = (&found.message.body, &found.excerpt);
        assert!(excerpt.contains("<mark>"), "{body:?}: {excerpt}");
        let text = excerpt.replace("<mark>", "").replace("</mark>", "");
        assert!(!text.contains(['<', '>', '"']), "{body:?}: {excerpt}");
        // These are short: all of them is shown, and nothing is added or lost.
        assert_eq!(text, escaped(body));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_excerpt_of_a_long_message_is_short_and_has_the_word() {
    let test = TestApp::start().await;
    let (ada, _bob, chat) = pair(&test).await;
    let body = format!("{} fig {}", "and ".repeat(400), "so ".repeat(400));
    ada.client.send(chat, &body).await;
    let found = page(&ada.client, &[("q", "fig")]).await.items;
    let excerpt = &found[0].excerpt;
    assert!(excerpt.contains("<mark>fig</mark>"), "{excerpt}");
    assert!(excerpt.len() < 300, "{excerpt}");
}

/// What a body is made of, to break out of an excerpt by: markup, entities, halves of both, and what
/// the parser takes for one token.
const TOKENS: [&str; 24] = [
    "fig",
    "figs",
    "the",
    " ",
    "\n",
    "<",
    ">",
    "&",
    ";",
    "\"",
    "'",
    "<mark>",
    "</mark>",
    "&lt;",
    "&amp;",
    "&#60;",
    "&quot",
    "<a href=\"fig\">",
    "<!-- fig",
    "https://fig.example/?a=<b>&fig=\"1\"",
    "fig@example.com",
    "/fig/<fig>/&fig",
    "-1.5e3",
    "\u{202E}\u{e9}",
];
const QUERIES: [&str; 6] = [
    "fig",
    "mark",
    "\"the fig\"",
    "lt or amp or quot",
    "fig -the",
    "https://fig.example/?a=<b>&fig=\"1\" or fig@example.com",
];
const ENTITIES: [&str; 4] = ["&amp;", "&lt;", "&gt;", "&quot;"];

/// The excerpts of a body for all queries.
async fn excerpts(conn: &mut AsyncPgConnection, body: &str) -> Vec<String> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        excerpt: String,
    }
    let rows: Vec<Row> =
        sql_query("SELECT search_excerpt($1, search_query(q)) AS excerpt FROM unnest($2) q")
            .bind::<Text, _>(body)
            .bind::<Array<Text>, _>(QUERIES.as_slice())
            .load(conn)
            .await
            .unwrap();
    rows.into_iter().map(|row| row.excerpt).collect()
}

/// Marks that open and close in turn, and beside them nothing but text.
fn fault_of(excerpt: &str) -> Option<&'static str> {
    let mut rest = excerpt;
    let mut open = false;
    while let Some(at) = rest.find(['<', '>', '"', '&']) {
        rest = rest.get(at..).unwrap_or_default();
        let mark = if open { "</mark>" } else { "<mark>" };
        let known = ENTITIES.iter().find(|entity| rest.starts_with(**entity));
        let taken = match known {
            Some(entity) => entity.len(),
            None if rest.starts_with(mark) => {
                open = !open;
                mark.len()
            }
            None if rest.starts_with('&') => return Some("an entity of its own"),
            None => return Some("a tag of its own, or a mark out of turn"),
        };
        rest = rest.get(taken..).unwrap_or_default();
    }
    open.then_some("a mark that stays open")
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_written_and_asked_an_excerpt_is_text_with_marks() {
    let test = TestApp::start().await;
    let bodies = prop::collection::vec(prop::sample::select(TOKENS.to_vec()), 1..150);
    for language in ["simple", "english"] {
        let mut conn = test.env.sql().await;
        let set = format!("SET default_text_search_config = 'pg_catalog.{language}'");
        conn.batch_execute(&set).await.unwrap();
        let mut runner = TestRunner::new(Config::with_cases(400));
        let checked = tokio::task::block_in_place(|| {
            let conn = RefCell::new(&mut conn);
            runner.run(&bodies, |tokens| {
                let body = tokens.concat();
                let mut conn = conn.borrow_mut();
                let found = Handle::current().block_on(excerpts(*conn, &body));
                for (excerpt, query) in found.iter().zip(QUERIES) {
                    let fault = fault_of(excerpt);
                    prop_assert_eq!(fault, None, "{} of {:?}: {}", query, body, excerpt);
                }
                Ok(())
            })
        });
        checked.unwrap_or_else(|error| panic!("{language}: {error}"));
    }
}
