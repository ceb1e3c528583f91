//! Settings, as the operator meets them.

use testkit::TestEnv;

use crate::cli::Cli;

/// What a page holds between its markers for a service.
fn section<'a>(page: &'a str, service: &str) -> &'a str {
    let begin = format!("<!-- {service} config -->\n");
    let end = format!("<!-- end of {service} config -->");
    let (_, rest) = page.split_once(&begin).unwrap();
    rest.split_once(&end).unwrap().0
}

fn page() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/configuration.md");
    std::fs::read_to_string(path).unwrap()
}

#[tokio::test]
async fn the_page_of_settings_is_what_the_binary_says() {
    let printed = Cli::with(&[]).run(&["config"]).await.success();
    let page = page();
    assert_eq!(
        section(&page, "api").trim(),
        printed.trim(),
        "put the output of `api config` between the markers of docs/configuration.md"
    );
}

#[tokio::test]
async fn every_fault_is_told_at_once_and_no_secret() {
    let env = TestEnv::new().await;
    let short = env.write("short", "hunter2");
    let file = env.write(
        "warren.toml",
        "[http]\nbind = \"nowhere\"\n[rate]\nlimits = \"hunter3\"\n",
    );
    let ended = Cli::with(&[
        ("WARREN_CONFIG_FILE", file.to_str().unwrap()),
        ("WARREN_HTTP_WORKERS", "many"),
        ("WARREN_AUTH_REGISTRATION", "perhaps"),
        ("WARREN_LOG_FILTER", "api=loud"),
        ("WARREN_HTTP_TRUSTED_PROXIES", "10.0.0.0/8,everyone"),
        ("WARREN_RATE_MESSAGES_PER_S", "0"),
        ("WARREN_AUTH_REFRESH_SECRET_FILE", short.to_str().unwrap()),
        ("WARREN_INTERNAL_CREDENTIAL_FILE", "/no/such/file"),
        ("WARREN_DATABASE_URL", "hunter4"),
    ])
    .run(&["serve"])
    .await;
    let told = ended.failure(64);
    for name in [
        "WARREN_HTTP_BIND",
        "WARREN_HTTP_WORKERS",
        "WARREN_RATE_LIMITS",
        "WARREN_AUTH_REGISTRATION",
        "WARREN_LOG_FILTER",
        "WARREN_HTTP_TRUSTED_PROXIES",
        "WARREN_RATE_MESSAGES_PER_S",
        "WARREN_AUTH_REFRESH_SECRET_FILE",
        "WARREN_INTERNAL_CREDENTIAL_FILE",
        "WARREN_DATABASE_URL",
        "WARREN_BROKER_URL",
        "WARREN_AUTH_KEYS_DIR",
    ] {
        assert!(told.contains(&format!("\n  {name}: ")), "{name} in {told}");
    }
    for secret in ["hunter2", "hunter4"] {
        assert!(!told.contains(secret), "{secret} in {told}");
    }
}

#[tokio::test]
async fn a_broken_file_is_told_without_its_lines() {
    let env = TestEnv::new().await;
    let file = env.write(
        "warren.toml",
        "[database]\nurl = \"postgres://warren:hunter2@db/warren\n",
    );
    let ended = Cli::with(&[("WARREN_CONFIG_FILE", file.to_str().unwrap())]);
    let told = ended.run(&["serve"]).await.failure(64);
    assert!(told.contains("WARREN_CONFIG_FILE: "), "{told}");
    assert!(told.contains("line 2"), "{told}");
    assert!(!told.contains("hunter2"), "{told}");
    let missing = Cli::with(&[("WARREN_CONFIG_FILE", "/no/such/file")]);
    let told = missing.run(&["serve"]).await.failure(64);
    assert!(told.contains("WARREN_CONFIG_FILE: /no/such/file"), "{told}");
}

#[tokio::test]
async fn a_command_asks_only_for_what_it_needs() {
    let told = Cli::with(&[]).run(&["user", "list"]).await.failure(64);
    assert!(told.contains("WARREN_DATABASE_URL"), "{told}");
    assert!(!told.contains("WARREN_BROKER_URL"), "{told}");
    let document = Cli::with(&[]).run(&["openapi"]).await.success();
    let document: serde_json::Value = serde_json::from_str(&document).unwrap();
    assert!(document["openapi"].is_string());
    // A mistake on the command line is clap's own 2.
    Cli::with(&[]).run(&["serv"]).await.failure(2);
}

#[tokio::test]
async fn a_database_that_is_not_there_is_a_clear_end() {
    let url = "postgres://warren:hunter2@127.0.0.1:1/warren";
    let cli = Cli::with(&[("WARREN_DATABASE_URL", url)]);
    for arguments in [&["migrate"][..], &["user", "list"]] {
        let told = cli.run(arguments).await.failure(1);
        assert!(!told.contains("hunter2"), "{told}");
        assert!(!told.contains("panicked"), "{told}");
        assert!(told.lines().count() <= 3, "{told}");
    }
}
