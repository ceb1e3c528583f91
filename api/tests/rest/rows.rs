//! The database's side of a change.

use api::store::Conn;
use diesel::sql_types::{BigInt, Text};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use testkit::TestEnv;

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// What a query that gives one `bigint n` gives.
pub async fn number(env: &TestEnv, query: &str) -> i64 {
    let row: Number = sql_query(query)
        .get_result(&mut env.sql().await)
        .await
        .unwrap();
    row.n
}

/// What a query that gives `text line` gives, row by row.
pub async fn lines(env: &TestEnv, query: &str) -> Vec<String> {
    lines_on(&mut env.sql().await, query).await
}

/// The same on a connection of the service.
pub async fn lines_on(conn: &mut Conn, query: &str) -> Vec<String> {
    let rows: Vec<Line> = sql_query(query).load(conn).await.unwrap();
    rows.into_iter().map(|row| row.line).collect()
}

/// How the database would answer a query that begins with `EXPLAIN`.
pub async fn plan(env: &TestEnv, explain: &str) -> String {
    #[derive(QueryableByName)]
    struct Step {
        #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
        step: String,
    }
    let steps: Vec<Step> = sql_query(explain).load(&mut env.sql().await).await.unwrap();
    let steps = steps.into_iter().map(|row| row.step);
    steps.collect::<Vec<_>>().join("\n")
}

/// Changes rows behind the service's back.
pub async fn change(env: &TestEnv, query: &str) -> usize {
    sql_query(query)
        .execute(&mut env.sql().await)
        .await
        .unwrap()
}
