//! Searching messages.

mod excerpts;
mod reading;
mod words;

use protocol::message::Found;
use protocol::page::Page;
use testkit::http::{Client, Reply};

/// Asks with these parameters, which are escaped here.
async fn ask(client: &Client, parameters: &[(&str, &str)]) -> Reply {
    let mut url = reqwest::Url::parse("http://localhost/v1/search").unwrap();
    url.query_pairs_mut().extend_pairs(parameters);
    let query = url.query().unwrap_or_default();
    client.get(&format!("/v1/search?{query}")).await
}

/// A page, which there must be.
async fn page(client: &Client, parameters: &[(&str, &str)]) -> Page<Found> {
    ask(client, parameters).await.expect(200).json()
}

/// The bodies of all messages that are found, by pages of `limit`.
async fn all(client: &Client, parameters: &[(&str, &str)], limit: &str) -> Vec<String> {
    let mut bodies = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let mut asked = parameters.to_vec();
        asked.push(("limit", limit));
        asked.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
        let page = page(client, &asked).await;
        bodies.extend(page.items.into_iter().map(|found| found.message.body));
        cursor = page.next_cursor;
        if cursor.is_none() {
            return bodies;
        }
    }
}

/// The bodies that these words find.
async fn bodies(client: &Client, q: &str) -> Vec<String> {
    all(client, &[("q", q)], "100").await
}
