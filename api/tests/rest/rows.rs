//! The database's side of a change.

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
    let rows: Vec<Line> = sql_query(query).load(&mut env.sql().await).await.unwrap();
    rows.into_iter().map(|row| row.line).collect()
}

/// Changes rows behind the service's back.
pub async fn change(env: &TestEnv, query: &str) -> usize {
    sql_query(query)
        .execute(&mut env.sql().await)
        .await
        .unwrap()
}
