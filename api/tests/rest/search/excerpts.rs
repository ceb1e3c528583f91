//! Where the words stand, safe to be put into a page.

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
