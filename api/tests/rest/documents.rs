//! The OpenAPI document, the page that renders it, and the pages of `docs/` that code can check.

use std::collections::BTreeSet;

use protocol::frame::CloseCode;
use protocol::problem::Code;
use serde_json::{Value, json};
use testkit::http::Client;

use crate::app::TestApp;

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// Each operation with its method and path.
fn operations(document: &Value) -> Vec<(String, String, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    paths
        .iter()
        .flat_map(|(path, item)| {
            METHODS.iter().filter_map(move |method| {
                let operation = item.get(method)?;
                Some((method.to_uppercase(), path.clone(), operation))
            })
        })
        .collect()
}

async fn document(client: &Client) -> Value {
    let reply = client.get("/v1/openapi.json").await.expect(200);
    assert_eq!(reply.header("content-type"), "application/json");
    reply.body.clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_document_is_whole_openapi_3_1() {
    let test = TestApp::start().await;
    let document = document(&test.client()).await;
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1."));
    assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
    let mut ids = BTreeSet::new();
    for (method, path, operation) in operations(&document) {
        let name = format!("{method} {path}");
        let id = operation["operationId"].as_str().unwrap();
        assert!(ids.insert(id.to_owned()), "{id} is there twice");
        assert!(!operation["summary"].as_str().unwrap().is_empty(), "{name}");
        let answers = operation["responses"].as_object().unwrap();
        assert!(
            answers.keys().any(|status| status.starts_with(['2', '3'])),
            "{name}"
        );
        for (status, answer) in answers {
            let content = answer["content"].as_object();
            let problem =
                content.is_some_and(|content| content.contains_key("application/problem+json"));
            // A range that cannot be had is told by its headers alone.
            let plain = status.starts_with(['2', '3']) || status == "416";
            assert_eq!(problem, !plain, "{name} {status}");
        }
        // Every parameter in the path is described, and nothing else is said to be there.
        let named: BTreeSet<&str> = path
            .split('/')
            .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
            .collect();
        let empty = Vec::new();
        let described: BTreeSet<&str> = operation["parameters"]
            .as_array()
            .unwrap_or(&empty)
            .iter()
            .filter(|parameter| parameter["in"] == "path")
            .map(|parameter| parameter["name"].as_str().unwrap())
            .collect();
        assert_eq!(named, described, "{name}");
        if let Some(body) = operation.get("requestBody") {
            let content = &body["content"];
            let form = content["multipart/form-data"].is_object();
            let example = content["application/json"]["example"].is_object();
            assert!(form || example, "{name} has no example");
        }
        if operation.get("security").is_some() {
            assert!(answers.contains_key("401"), "{name}");
        }
    }
    let mut references = Vec::new();
    collect_references(&document, &mut references);
    assert!(!references.is_empty());
    for reference in references {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(
            document.pointer(pointer).is_some(),
            "{reference} leads nowhere"
        );
    }
    test.app.stop().await;
}

fn collect_references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::String(reference)) = fields.get("$ref") {
                found.push(reference.clone());
            }
            fields
                .values()
                .for_each(|field| collect_references(field, found));
        }
        Value::Array(items) => items
            .iter()
            .for_each(|item| collect_references(item, found)),
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_documented_route_is_served_and_asks_for_the_token_it_says() {
    let test = TestApp::start().await;
    let client = test.client();
    let document = document(&client).await;
    let operations = operations(&document);
    assert!(operations.len() >= 65, "{}", operations.len());
    for (method, path, operation) in operations {
        let parts = path.split('/').map(|part| match part {
            "{code}" => "AAAAAAAAAAAAAAAAAAAAAAAA",
            _ if part.starts_with('{') => "019ab5a0-7c5e-7a51-9d0c-3a1f5b0c9e11",
            _ => part,
        });
        let at = parts.collect::<Vec<_>>().join("/");
        let mut request = client.request(method.parse().unwrap(), &at);
        if let Some(body) = operation.pointer("/requestBody/content/application~1json") {
            request = request.json(&body["example"]);
        }
        let reply = request.send().await;
        let status = reply.status.to_string();
        assert!(operation["responses"].get(&status).is_some(), "{reply}");
        if operation.get("security").is_some() {
            reply.problem(401, Code::Unauthenticated);
        } else {
            // What nobody made is not found; the route is.
            let made = path.contains("{code}") || path.contains("{key}");
            assert!(reply.status != 404 || made, "{reply}");
        }
    }
    // The example of a registration was taken: it is one that works.
    client
        .try_login("ada", "correct horse battery")
        .await
        .expect(200);
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_that_renders_it_needs_nothing_from_elsewhere() {
    let test = TestApp::start().await;
    let client = test.client();
    let redirect = client.get("/docs").await.expect(307);
    assert_eq!(redirect.header("location"), "/docs/");
    let page = client.get("/docs/").await.expect(200);
    assert!(page.header("content-type").starts_with("text/html"));
    let html = page.body.as_str().unwrap();
    let mut files = Vec::new();
    for attribute in ["src=\"", "href=\""] {
        files.extend(
            html.split(attribute)
                .skip(1)
                .map(|rest| rest.split('"').next().unwrap()),
        );
    }
    assert!(files.len() >= 3, "{html}");
    for file in files {
        assert!(!file.contains("//"), "{file} is elsewhere");
        let path = format!("/docs/{}", file.trim_start_matches("./"));
        client.get(&path).await.expect(200);
    }
    let setup = client.get("/docs/swagger-initializer.js").await.expect(200);
    let setup = setup.body.as_str().unwrap();
    assert!(setup.contains("/v1/openapi.json"), "{setup}");
    assert!(
        !setup.contains("http://") && !setup.contains("https://"),
        "{setup}"
    );
    let missing = client.get("/docs/nothing.js").await;
    missing.problem(404, Code::NotFound);
    let post = client.post("/docs/", &json!({})).await;
    post.problem(405, Code::MethodNotAllowed);
    test.app.stop().await;
}

/// A page of `docs/`.
fn page(name: &str) -> String {
    let path = format!("{}/../docs/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// What the rows of a page's tables name in their first column, between backquotes.
fn rows_of(page: &str) -> BTreeSet<&str> {
    page.lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .collect()
}

#[test]
fn every_problem_code_is_explained() {
    let page = page("codes.md");
    for code in Code::ALL {
        let row = format!("| `{code}` | {} |", code.status());
        assert!(page.contains(&row), "docs/codes.md has no row {row}");
    }
    let known: BTreeSet<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    let numbers = |name: &&str| name.parse::<u16>().is_err();
    let listed: BTreeSet<&str> = rows_of(&page).into_iter().filter(numbers).collect();
    let (_, rules) = page.split_once("## Rules of fields").unwrap();
    let rules = rows_of(rules);
    let strangers: Vec<&str> = listed
        .into_iter()
        .filter(|name| !known.contains(name) && !rules.contains(name))
        .collect();
    assert_eq!(strangers, [""; 0], "docs/codes.md has codes that are none");
}

#[test]
fn every_close_code_is_explained() {
    let page = page("codes.md");
    let codes = [
        CloseCode::Normal,
        CloseCode::GoingAway,
        CloseCode::ProtocolError,
        CloseCode::TooBig,
        CloseCode::Malformed,
        CloseCode::TokenExpired,
        CloseCode::SessionEnded,
        CloseCode::Silent,
        CloseCode::TooManySockets,
        CloseCode::RateLimited,
        CloseCode::SlowReader,
    ];
    for code in codes {
        // One that is missing above does not compile here.
        match code {
            CloseCode::Normal
            | CloseCode::GoingAway
            | CloseCode::ProtocolError
            | CloseCode::TooBig
            | CloseCode::Malformed
            | CloseCode::TokenExpired
            | CloseCode::SessionEnded
            | CloseCode::Silent
            | CloseCode::TooManySockets
            | CloseCode::RateLimited
            | CloseCode::SlowReader => {}
        }
        let row = format!("| `{}` | {} |", code.code(), code.reason());
        assert!(page.contains(&row), "docs/codes.md has no row {row}");
    }
}

/// The names of metrics in a source file.
fn metrics_in(path: &str) -> BTreeSet<String> {
    let path = format!("{}/../{path}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    text.split('"')
        .filter(|part| part.starts_with("warren_"))
        .map(ToOwned::to_owned)
        .collect()
}

#[test]
fn every_metric_is_explained_and_none_that_is_not_there() {
    let page = page("metrics.md");
    let listed: BTreeSet<String> = rows_of(&page)
        .into_iter()
        .map(|row| row.split('{').next().unwrap().to_owned())
        .collect();
    let mut known = BTreeSet::new();
    for source in [
        "api/src/metrics.rs",
        "ws-server/src/metrics.rs",
        "crates/platform/src/broker/publisher.rs",
        "presence/src/lib.rs",
    ] {
        known.extend(metrics_in(source));
    }
    assert_eq!(
        listed, known,
        "docs/metrics.md on the left, the sources on the right"
    );
}

#[test]
fn every_stable_field_of_the_log_is_explained() {
    let page = page("logging.md");
    let listed = rows_of(&page);
    for field in [
        "ts",
        "level",
        "service",
        "instance",
        "target",
        "message",
        "request_id",
        "user_id",
        "conversation_id",
        "message_id",
        "connection_id",
        "trace_id",
    ] {
        assert!(
            listed.contains(field),
            "docs/logging.md does not explain {field}"
        );
    }
}

#[test]
fn the_rules_that_fields_break_are_listed() {
    let page = page("codes.md");
    let listed = rows_of(&page);
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/src");
    let mut used = BTreeSet::new();
    let mut folders = vec![std::path::PathBuf::from(source)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let Ok(text) = std::fs::read_to_string(&path) else {
                continue;
            };
            // `Rule::new("code", …` and `ApiError::field("field", "code", …`.
            let rules = text.split("Rule::new(").skip(1);
            used.extend(rules.filter_map(|rest| Some(rest.split('"').nth(1)?.to_owned())));
            let fields = text.split("ApiError::field(\"").skip(1);
            used.extend(fields.filter_map(|rest| Some(rest.split('"').nth(2)?.to_owned())));
        }
    }
    used.retain(|rule| {
        !rule.is_empty() && rule.chars().all(|c| c.is_ascii_lowercase() || c == '_')
    });
    let missing: Vec<_> = used
        .iter()
        .filter(|rule| !listed.contains(rule.as_str()))
        .collect();
    assert!(
        missing.is_empty(),
        "docs/codes.md does not list {missing:?}"
    );
    assert!(used.contains("too_long"), "{used:?}");
}

#[test]
fn an_example_of_a_problem_is_one() {
    let page = page("codes.md");
    let example = page
        .split("```json")
        .nth(1)
        .unwrap()
        .split("```")
        .next()
        .unwrap();
    let problem: protocol::problem::Problem = serde_json::from_str(example).unwrap();
    assert_eq!(
        serde_json::to_value(&problem).unwrap(),
        serde_json::from_str::<Value>(example).unwrap()
    );
    assert_eq!(problem.title, problem.code.title());
    assert_eq!(json!(problem.status), json!(problem.code.status()));
}
