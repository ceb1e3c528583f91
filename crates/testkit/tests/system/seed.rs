//! The seed, as `make seed` runs it, smaller.

use std::process::{Command, Stdio};

use diesel::sql_types::Text;
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use testkit::TestEnv;
use testkit::process::System;
use testkit::seed;

use crate::programs;

/// What backups are proved by: a line for each fault.
const FAULTS: &str = include_str!("../../../../infra/backup/sql/faults.sql");
/// How much is in each table that the seed fills.
const AMOUNTS: &str = "SELECT format('%s %s', t.relname, (xpath('/row/n/text()', query_to_xml( \
    format('SELECT count(*) AS n FROM %I', t.relname), false, true, '')))[1]) AS line \
    FROM pg_class t WHERE t.relnamespace = current_schema()::regnamespace AND t.relkind = 'r' \
    AND t.relname NOT IN ('sessions', 'outbox', 'rate_windows') ORDER BY 1";

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

async fn lines(env: &TestEnv, query: &str) -> Vec<String> {
    let rows: Vec<Line> = sql_query(query)
        .load(&mut env.sql().await)
        .await
        .expect("the query is right");
    rows.into_iter().map(|row| row.line).collect()
}

/// Runs `seed fill`; what it says.
async fn fill(system: &System) -> String {
    let mut command = Command::new(programs::example("seed"));
    command
        .arg("fill")
        .stdin(Stdio::null())
        .env("WARREN_SEED_DATABASE", system.env.database_url())
        .env(
            "WARREN_SEED_URL",
            format!("http://{}", system.api[0].http()),
        )
        .env("WARREN_SEED_USERS", "200")
        .env("WARREN_SEED_GROUPS", "100")
        .env("WARREN_SEED_MESSAGES", "5000");
    let output = tokio::task::spawn_blocking(move || command.output());
    let output = output.await.expect("it waits").expect("it runs");
    let faults = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}\n{faults}", output.status);
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[tokio::test]
async fn the_seed_makes_a_whole_database_of_the_shape_it_promises_and_only_once() {
    let system = System::builder().await.ws(0).start().await;
    let said = fill(&system).await;
    assert!(
        said.contains("200 people, 100 groups and 5000 messages"),
        "{said}"
    );
    let env = &system.env;
    let whole = format!(
        "SELECT line FROM ({}) f (line)",
        FAULTS.trim_end().trim_end_matches(';')
    );
    assert_eq!(lines(env, &whole).await, [""; 0]);

    let (heavy, everybody) = (
        system.client(0).login(&seed::username(1)).await,
        seed::group(1),
    );
    let group = heavy.client.group(everybody).await.shared;
    assert_eq!((group.member_count, group.owner_id), (200, heavy.id()));
    let halls = heavy.client.group(seed::group(2)).await;
    assert_eq!((halls.shared.member_count, halls.channels.len()), (50, 100));
    let mine = heavy.client.get("/v1/groups").await.expect(200);
    assert_eq!(mine.body["items"].as_array().map(Vec::len), Some(2));
    // 96 direct chats, the hundred channels and the four of everybody.
    let conversations = "SELECT count(*)::text AS line FROM members WHERE user_id = ";
    let conversations = format!("{conversations}'{}'", heavy.id());
    assert_eq!(lines(env, &conversations).await, ["200"]);
    // A fifth of all messages in one room; every floor is held by somebody.
    let hall = heavy.client.conversation(seed::channel(1, 0)).await;
    assert_eq!(hall.shared.last_seq, 1000);
    assert!(hall.receipts.read_seq < 1000, "{:?}", hall.receipts);
    let floors = "SELECT format('%s of %s', count(*), (SELECT count(*) FROM conversations WHERE kind = 2)) AS line \
        FROM receipt_floors f WHERE (delivered_seq, read_seq) = (SELECT min(delivered_seq), min(public_read_seq) \
        FROM members m WHERE m.conversation_id = f.conversation_id)";
    let floors = lines(env, floors).await.remove(0);
    let (right, channels) = floors.split_once(" of ").expect("as it is written");
    assert_eq!(right, channels);

    let before = lines(env, AMOUNTS).await;
    assert!(before.iter().any(|line| line == "users 201"), "{before:?}");
    let said = fill(&system).await;
    assert!(said.contains("the seed is there"), "{said}");
    assert_eq!(lines(env, AMOUNTS).await, before);
}
