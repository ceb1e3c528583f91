//! The database's schema: made, undone, and as the code believes it to be.

use api::migrate;
use api::store::Db;
use testkit::TestEnv;

use crate::app;
use crate::cli::Cli;
use crate::rows;

fn db(env: &TestEnv) -> Db {
    Db::new(&app::config(env, &[]).database).unwrap()
}

const TABLES: &str = "SELECT table_name::text AS line FROM information_schema.tables \
                      WHERE table_schema = current_schema() AND table_name NOT LIKE '\\_\\_diesel%' ORDER BY 1";
const FUNCTIONS: &str = "SELECT proname::text AS line FROM pg_proc \
                         WHERE pronamespace = current_schema()::regnamespace AND proname NOT LIKE 'diesel\\_%' ORDER BY 1";
/// Everything that a migration can leave behind or forget.
const SHAPE: &str = "SELECT concat_ws(' ', table_name, column_name, udt_name, is_nullable, column_default) AS line \
                     FROM information_schema.columns WHERE table_schema = current_schema() \
                     UNION ALL SELECT replace(indexdef, current_schema() || '.', '') FROM pg_indexes WHERE schemaname = current_schema() \
                     UNION ALL SELECT conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint \
                         WHERE connamespace = current_schema()::regnamespace \
                     UNION ALL SELECT proname || md5(prosrc) FROM pg_proc WHERE pronamespace = current_schema()::regnamespace \
                     ORDER BY 1";

#[tokio::test(flavor = "multi_thread")]
async fn migrations_go_up_and_down_and_up_again() {
    let env = TestEnv::new().await;
    let db = db(&env);
    let up = migrate::up(&db).await.unwrap();
    assert!(!up.is_empty());
    let shape = rows::lines(&env, SHAPE).await;
    let down = migrate::down(&db).await.unwrap();
    assert_eq!(
        down.iter().rev().collect::<Vec<_>>(),
        up.iter().collect::<Vec<_>>()
    );
    assert_eq!(rows::lines(&env, TABLES).await, [""; 0]);
    assert_eq!(rows::lines(&env, FUNCTIONS).await, [""; 0]);
    assert_eq!(migrate::up(&db).await.unwrap(), up);
    assert_eq!(rows::lines(&env, SHAPE).await, shape);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_migrate_finds_nothing_to_do() {
    let env = TestEnv::new().await;
    let cli = Cli::on(&env);
    let first = cli.run(&["migrate"]).await.success();
    let count: usize = first.split(' ').next().unwrap().parse().unwrap();
    assert!(count >= 3, "{first}");
    let second = cli.run(&["migrate"]).await.success();
    assert_eq!(second.trim(), "0 migrations run");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_several_that_migrate_at_once_one_does_it() {
    let env = TestEnv::new().await;
    let cli = Cli::on(&env);
    let runs = (0..3).map(|_| cli.run(&["migrate"]));
    let mut said: Vec<String> = futures_util::future::join_all(runs)
        .await
        .into_iter()
        .map(|ended| ended.success().trim().to_owned())
        .collect();
    said.sort();
    assert_eq!(said[..2], ["0 migrations run", "0 migrations run"]);
    assert_ne!(said[2], "0 migrations run");
}

/// `table column type` of each column that the code declares.
fn declared() -> Vec<String> {
    let source = include_str!("../../src/schema.rs");
    let mut columns = Vec::new();
    let mut table = "";
    for line in source.lines().map(str::trim) {
        if let Some((name, rest)) = line.split_once(" (")
            && rest.ends_with('{')
        {
            table = name;
        } else if let Some((name, kind)) = line.split_once(" -> ") {
            let kind = kind.trim_end_matches(',');
            let (kind, nullable) = match kind.strip_prefix("Nullable<") {
                Some(inner) => (inner.trim_end_matches('>'), "YES"),
                None => (kind, "NO"),
            };
            columns.push(format!("{table} {name} {} {nullable}", kind.to_lowercase()));
        }
    }
    columns.sort();
    columns
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tables_are_what_the_query_builder_takes_them_for() {
    let env = TestEnv::new().await;
    migrate::up(&db(&env)).await.unwrap();
    let declared = declared();
    assert!(declared.len() > 20, "{declared:?}");
    let tables: std::collections::BTreeSet<&str> = declared
        .iter()
        .map(|column| column.split(' ').next().unwrap())
        .collect();
    for table in tables {
        let query = format!(
            "SELECT concat_ws(' ', table_name, column_name, replace(udt_name, 'character varying', 'text'), is_nullable) AS line \
             FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = '{table}'"
        );
        let mut real = rows::lines(&env, &query).await;
        real.sort();
        let own: Vec<&String> = declared
            .iter()
            .filter(|column| column.split(' ').next() == Some(table))
            .collect();
        assert_eq!(own, real.iter().collect::<Vec<_>>(), "{table}");
    }
}
