//! Finding public groups.

use std::time::Duration;

use protocol::group::{Group, Role};
use protocol::ids::GroupId;
use protocol::page::Page;
use protocol::problem::Code;
use serde_json::json;
use testkit::http::User;

use super::{create, join, path, read};
use crate::app::TestApp;
use crate::rows;

async fn discover(user: &User, query: &str) -> Page<Group> {
    let path = format!("/v1/groups/discover{query}");
    user.client.get(&path).await.expect(200).json()
}

async fn names(user: &User, query: &str) -> Vec<String> {
    let page = discover(user, query).await;
    page.items
        .into_iter()
        .map(|group| group.shared.name)
        .collect()
}

async fn add(owner: &User, name: &str) -> GroupId {
    create(owner, json!({ "name": name })).await.shared.id
}

#[tokio::test(flavor = "multi_thread")]
async fn public_groups_are_listed_largest_liveliest_or_newest_first_in_pages() {
    let test = TestApp::start().await;
    let (ada, bob, cyd) = tokio::join!(test.user("ada"), test.user("bob"), test.user("cyd"));
    let mut ids = Vec::new();
    for name in ["one", "two", "three"] {
        ids.push(add(&ada, name).await);
    }
    create(&ada, json!({ "name": "hidden", "visibility": "private" })).await;
    join(&bob, ids[1]).await;
    join(&cyd, ids[1]).await;
    join(&bob, ids[0]).await;
    for (minutes, id) in [(1, ids[1]), (2, ids[0]), (3, ids[2])] {
        let at = format!(
            "UPDATE groups SET active_at = clock_timestamp() + {minutes} * interval '1 minute' WHERE id = '{id}'"
        );
        rows::change(&test.env, &at).await;
    }
    for (query, want) in [
        ("", ["two", "one", "three"]),
        ("sort=members", ["two", "one", "three"]),
        ("sort=activity", ["three", "one", "two"]),
        ("sort=new", ["three", "two", "one"]),
    ] {
        assert_eq!(names(&cyd, &format!("?{query}")).await, want, "{query}");
        // The same in pages of one.
        let mut paged = Vec::new();
        let mut cursor = String::new();
        for _ in 0..want.len() {
            let page = discover(&cyd, &format!("?{query}&limit=1{cursor}")).await;
            paged.extend(page.items.into_iter().map(|group| group.shared.name));
            cursor = page
                .next_cursor
                .map(|next| format!("&cursor={next}"))
                .unwrap_or_default();
        }
        assert_eq!(
            (&paged[..], cursor.as_str()),
            (&want.map(String::from)[..], ""),
            "{query}"
        );
    }
    // Everyone sees of them what is theirs to see.
    let seen = discover(&bob, "?q=one").await.items;
    assert_eq!(seen, [read(&bob, ids[0]).await]);
    assert_eq!(seen[0].my_role, Some(Role::Member));
    let seen = discover(&cyd, "?q=one").await.items;
    assert_eq!((seen[0].my_role, &seen[0].channels[..]), (None, &[][..]));
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_is_found_by_how_the_words_of_its_name_description_and_tags_begin() {
    let test = TestApp::start().await;
    let ada = test.user("ada").await;
    let body = json!({ "name": "Analytical Engines", "description": "Cogs; and punched-cards", "tags": ["Größe", "b2b"] });
    let id = create(&ada, body).await.shared.id;
    add(&ada, "Knitting").await;
    for (query, found) in [
        ("engines", true),
        ("ENG", true),
        ("eng%20anal", true),
        ("cards", true),
        ("punched-ca", true),
        ("gr%C3%B6%C3%9F", true),
        ("b2", true),
        ("engine%20knit", false),
        ("gines", false),
        ("'%20%7C%20!knit:*%20%26%20(", false),
        ("cogs%20!and", true),
    ] {
        let got = names(&ada, &format!("?q={query}")).await;
        let want: &[&str] = if found { &["Analytical Engines"] } else { &[] };
        let knit: &[&str] = &["Knitting"];
        assert!(
            got == want || (query.contains("!knit") && got == knit),
            "{query}: {got:?}"
        );
    }
    // No word asks for nothing in particular.
    for query in ["", "%20", "!%26*", "-"] {
        assert_eq!(
            names(&ada, &format!("?q={query}")).await.len(),
            2,
            "{query}"
        );
    }
    let change = json!({ "name": "Looms", "tags": [] });
    ada.client.patch(&path(id, ""), &change).await.expect(200);
    assert_eq!(names(&ada, "?q=engines").await, [""; 0]);
    assert_eq!(names(&ada, "?q=loom").await, ["Looms"]);
    let change = json!({ "visibility": "private" });
    ada.client.patch(&path(id, ""), &change).await.expect(200);
    assert_eq!(names(&ada, "?q=loom").await, [""; 0]);
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_that_cannot_be_is_malformed() {
    let test = TestApp::start().await;
    let ada = test.user("ada").await;
    for name in ["one", "two"] {
        add(&ada, name).await;
    }
    let by_members = discover(&ada, "?limit=1").await.next_cursor.unwrap();
    let long = format!("q={}", "x".repeat(65));
    let foreign = format!("sort=new&cursor={by_members}");
    for query in [
        "sort=best",
        "q=%00",
        "q=%FF",
        "limit=0",
        "cursor=x",
        &long,
        &foreign,
    ] {
        let reply = ada
            .client
            .get(&format!("/v1/groups/discover?{query}"))
            .await;
        reply.problem(400, Code::Malformed);
    }
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn looking_through_many_groups_goes_by_index() {
    let test = TestApp::start().await;
    let ada = test.user("ada").await;
    let many = "INSERT INTO groups (id, name, public, owner_id, created_by, general_id, member_count, channel_count, search) \
                SELECT gen_random_uuid(), 'group ' || i, true, gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), \
                    i % 100 + 1, 1, to_tsvector('simple', 'group w' || i) FROM generate_series(1, 20000) i";
    rows::change(&test.env, many).await;
    rows::change(&test.env, "ANALYZE groups").await;
    for (condition, order) in [
        ("search @@ to_tsquery('simple', 'w12345:*')", "member_count"),
        (
            "(member_count, id) < (50, gen_random_uuid())",
            "member_count",
        ),
        ("true", "active_at"),
        ("true", "created_at"),
    ] {
        let query = format!(
            "EXPLAIN SELECT id FROM groups WHERE public AND {condition} ORDER BY {order} DESC, id DESC LIMIT 51"
        );
        let plan = rows::plan(&test.env, &query).await;
        assert!(!plan.contains("Seq Scan"), "{plan}");
    }
    let started = std::time::Instant::now();
    assert_eq!(names(&ada, "?q=w12345").await, ["group 12345"]);
    assert!(started.elapsed() < Duration::from_secs(5));
    test.app.stop().await;
}
