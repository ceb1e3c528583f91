//! What the service asks of a full database: no statement walks through a large table.
//!
//! Everything that a client or a ws-server can ask is asked, over one connection, which keeps each
//! statement prepared; then each is explained as it is planned for any values. A route that is not
//! asked for here fails the test, and so does SQL of the sources that nobody has prepared.

mod loops;
mod members;
mod pieces;
mod walk;
mod ways;

use std::collections::BTreeSet;
use std::time::Duration;

use api::domain::account::NewPassword;
use api::passwords::Passwords;
use api::store::{Conn, Db};
use api::{migrate, router};
use diesel::sql_types::{Integer, Json, Text};
use diesel::{QueryableByName, sql_query};
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use serde_json::Value;
use testkit::TestEnv;
use testkit::http::PASSWORD;
use testkit::seed::{self, Size};

use crate::app::{self, TestApp};
use crate::rows;

/// Enough that a planner who finds no index reads everything.
const SIZE: Size = Size {
    users: 6000,
    groups: 300,
    messages: 60_000,
};
/// Sessions of a service that has stopped are gone by then.
const ENDED: Duration = Duration::from_secs(20);
/// The outbox is a queue: it is read from its beginning, and is short or the broker is away.
const QUEUE: &str = "outbox";
/// SQL that the connection which is looked at does not prepare: its file, what is in it, and why.
const ELSEWHERE: [(&str, &str, &str); 8] = [
    (
        "outbox.rs",
        "outbox",
        "the relay and the deleter have connections of their own",
    ),
    (
        "messages/commit.rs",
        "FROM commit_",
        "the lanes have connections of their own",
    ),
    (
        "messages/commit.rs",
        "x.request_hash",
        "a lane looks for what it has committed before",
    ),
    ("search.rs", "WITH batch AS", "`api reindex` is a command"),
    (
        "accounts.rs",
        "registration_invites",
        "registration is open",
    ),
    ("rate.rs", "INSERT INTO rate_windows", "nothing is limited"),
    (
        "attachments.rs",
        "DELETE FROM attachments",
        "no file is old enough",
    ),
    (
        "pictures.rs",
        "DELETE FROM unshown_pictures",
        "no picture is old enough",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn no_statement_walks_through_a_large_table() {
    let settings = [
        // One connection has prepared everything.
        ("WARREN_DATABASE_POOL_SIZE", "1"),
        // What is looked at now and then is looked at all the time.
        ("WARREN_RECEIPTS_FLOORS_EVERY_MS", "20"),
    ];
    let env = TestEnv::new().await;
    fill(&env, SIZE).await;
    let large: BTreeSet<String> = rows::lines(
        &env,
        "SELECT relname::text AS line FROM pg_class \
         WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r' AND reltuples >= 1000",
    )
    .await
    .into_iter()
    .collect();
    for table in [
        "users",
        "messages",
        "members",
        "conversations",
        "group_members",
        "contacts",
    ] {
        assert!(large.contains(table), "{table} is not large: {large:?}");
    }
    let before = scans(&env, &large).await;

    let test = TestApp::on(env, &settings).await;
    let asked = walk::everything(&test).await;
    let routes: BTreeSet<&str> = router::table().iter().map(|endpoint| endpoint.id).collect();
    let missing: Vec<_> = routes.iter().filter(|id| !asked.contains(**id)).collect();
    assert!(missing.is_empty(), "nobody asked for {missing:?}");

    let db = &test.app.state.db;
    let mut conn = db.get().await.unwrap();
    let statements = prepared(&mut conn).await;
    assert!(
        statements.len() > 80,
        "only {} statements",
        statements.len()
    );
    ways::require_indexes(&mut conn, &statements).await;
    let mut all: Vec<_> = known(&statements).collect();
    let mut faults = whole_reads(&mut conn, &statements, &large).await;
    // Held together, so that they are two.
    let mut reserved = [db.reserved().await.unwrap(), db.reserved().await.unwrap()];
    for conn in &mut reserved {
        let statements = prepared(conn).await;
        all.extend(known(&statements));
        faults.extend(whole_reads(conn, &statements, &large).await);
    }
    require_all_sql(&all);
    assert!(faults.is_empty(), "read as a whole:\n{faults:#?}");
    members::require_each_alone(&mut conn, &statements).await;
    drop((conn, reserved));
    let TestApp { app, env } = test;
    app.stop().await;
    // The statements inside the commit functions are not explained; but they have run too.
    assert_eq!(scans(&env, &large).await, before);
}

async fn fill(env: &TestEnv, size: Size) {
    let database = Db::new(&app::config(env, &[]).database).unwrap();
    migrate::up(&database).await.unwrap();
    let password = NewPassword::parse(PASSWORD).unwrap();
    let hash = Passwords::new().unwrap().hash(password).await.unwrap();
    seed::seed(&env.database_url(), size, &hash).await;
}

#[derive(Debug, QueryableByName)]
struct Prepared {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    statement: String,
    #[diesel(sql_type = Integer)]
    parameters: i32,
}

/// The reading and writing statements that a connection has prepared.
async fn prepared(conn: &mut Conn) -> Vec<Prepared> {
    sql_query(
        "SELECT name, statement, cardinality(parameter_types) AS parameters FROM pg_prepared_statements \
         WHERE statement NOT LIKE '%pg_prepared_statements%' AND statement ~* '^\\s*(SELECT|WITH|INSERT|UPDATE|DELETE)'",
    )
    .load(conn)
    .await
    .unwrap()
}

#[derive(QueryableByName)]
struct Plan {
    #[diesel(sql_type = Json, column_name = "QUERY PLAN")]
    plan: Value,
}

async fn explain(conn: &mut Conn, statement: &Prepared) -> Value {
    let nothing = vec!["NULL"; usize::try_from(statement.parameters).unwrap()].join(", ");
    let arguments = if nothing.is_empty() {
        nothing
    } else {
        format!("({nothing})")
    };
    let query = format!(
        "EXPLAIN (FORMAT JSON) EXECUTE \"{}\"{arguments}",
        statement.name
    );
    let plan: Result<Plan, _> = sql_query(query).get_result(conn).await;
    plan.unwrap_or_else(|error| panic!("{}: {error}", statement.statement))
        .plan
}

/// Tables that these statements read as a whole, and the statements.
async fn whole_reads(
    conn: &mut Conn,
    statements: &[Prepared],
    large: &BTreeSet<String>,
) -> Vec<(String, String)> {
    let mut faults = Vec::new();
    conn.batch_execute("SET plan_cache_mode = force_generic_plan")
        .await
        .unwrap();
    for statement in statements {
        let read = whole_tables(&explain(conn, statement).await, Indexes::LookedUp);
        let read = read.intersection(large);
        faults.extend(read.map(|table| (table.clone(), statement.statement.clone())));
    }
    // What is small here is large elsewhere: there is an index for every statement. Which part of a
    // small one is read is no matter, and not planned with care.
    conn.batch_execute("DISCARD PLANS; SET enable_seqscan = off")
        .await
        .unwrap();
    for statement in statements {
        let mut read = whole_tables(&explain(conn, statement).await, Indexes::Any);
        read.remove(QUEUE);
        faults.extend(
            read.into_iter()
                .map(|table| (table, statement.statement.clone())),
        );
    }
    faults
}

fn known(statements: &[Prepared]) -> impl Iterator<Item = String> {
    statements
        .iter()
        .map(|one| pieces::unnumbered(&one.statement))
}

/// What is explained is everything that the sources have.
fn require_all_sql(known: &[String]) {
    let store = concat!(env!("CARGO_MANIFEST_DIR"), "/src/store");
    let mut missing = pieces::of(store.as_ref());
    assert!(missing.len() > 150, "only {} pieces of SQL", missing.len());
    missing.retain(|piece| {
        let elsewhere = ELSEWHERE
            .iter()
            .any(|(file, part, _why)| piece.file == *file && piece.text.contains(part));
        !elsewhere && !known.iter().any(|known| known.contains(&piece.text))
    });
    assert!(missing.is_empty(), "nobody has prepared {missing:#?}");
}

/// The tables that a plan reads from their beginning to their end, or by an index without a
/// condition. In the order of an index and up to a limit is neither.
fn whole_tables(plan: &Value, indexes: Indexes) -> BTreeSet<String> {
    let mut tables = BTreeSet::new();
    walk_plan(&plan[0]["Plan"], indexes, false, &mut tables);
    tables
}

/// What is asked of a scan by an index.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Indexes {
    /// That it looks something up: an index can be walked from end to end like a table.
    LookedUp,
    /// Nothing.
    Any,
}

/// `limited`: whoever asks for this node's rows stops when it has enough.
fn walk_plan(node: &Value, indexes: Indexes, limited: bool, tables: &mut BTreeSet<String>) {
    let text = |name: &str| node[name].as_str().unwrap_or_default();
    let parts = || node["Plans"].as_array().into_iter().flatten();
    let whole = match text("Node Type") {
        "Seq Scan" => true,
        _ if indexes == Indexes::Any => false,
        "Index Scan" | "Index Only Scan" => node["Index Cond"].is_null() && !limited,
        "Bitmap Heap Scan" => parts()
            .any(|part| part["Node Type"] == "Bitmap Index Scan" && part["Index Cond"].is_null()),
        _ => false,
    };
    if whole {
        tables.insert(text("Relation Name").to_owned());
    }
    for part in parts() {
        let limited = match (text("Node Type"), part["Parent Relationship"].as_str()) {
            (_, Some("InitPlan" | "SubPlan" | "Inner")) => false,
            ("Limit", _) => true,
            // These pass on what they get; all others want all of it first.
            (
                "LockRows" | "Nested Loop" | "Subquery Scan" | "Result" | "Incremental Sort"
                | "Append" | "Merge Append" | "Unique",
                _,
            ) => limited,
            _ => false,
        };
        walk_plan(part, indexes, limited, tables);
    }
}

/// How often each table has been read as a whole so far. A session has told all it did when it has
/// ended: the service is not running.
async fn scans(env: &TestEnv, tables: &BTreeSet<String>) -> Vec<String> {
    let others = "SELECT count(*) AS n FROM pg_stat_activity \
                  WHERE application_name = current_schema() AND pid <> pg_backend_pid()";
    testkit::eventually(ENDED, || async {
        match rows::number(env, others).await {
            0 => Ok(()),
            left => Err(format!("{left} sessions")),
        }
    })
    .await;
    let query = "SELECT relname || ' ' || seq_scan AS line FROM pg_stat_user_tables \
                 WHERE schemaname = current_schema() ORDER BY 1";
    let mut lines = rows::lines(env, query).await;
    lines.retain(|line| {
        line.split(' ')
            .next()
            .is_some_and(|table| tables.contains(table))
    });
    lines
}
