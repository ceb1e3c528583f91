//! A schema of a test's own.

use std::time::Duration;

use diesel::sql_types::Text;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use tokio::time::sleep;

/// Tries to drop a schema, each ending the sessions that are in its way.
const DROP_TRIES: u32 = 20;

pub(super) async fn create(database_url: &str, name: &str) {
    let mut sql = AsyncPgConnection::establish(database_url)
        .await
        .unwrap_or_else(|error| panic!("PostgreSQL does not answer: {error}"));
    sql.batch_execute(&format!("CREATE SCHEMA {name}"))
        .await
        .unwrap();
}

/// The URL whose connections find their tables in the schema, and are known by its name.
pub(super) fn url(database_url: &str, name: &str) -> String {
    let separator = if database_url.contains('?') { '&' } else { '?' };
    // `-c search_path=<name>,public`, escaped; public holds the extensions.
    format!(
        "{database_url}{separator}options=-c%20search_path%3D{name}%2Cpublic&application_name={name}"
    )
}

/// Ends the sessions that use the schema, then drops it; gone already is fine.
pub(super) async fn drop(database_url: &str, name: &str) -> Result<(), String> {
    let mut sql = AsyncPgConnection::establish(database_url)
        .await
        .map_err(|error| error.to_string())?;
    // In its own schema nobody but the code under test holds locks, and that has ended or will not
    // mind: a pool of it may still connect anew, so try again.
    sql.batch_execute("SET lock_timeout = '500ms'; SET client_min_messages = 'error'")
        .await
        .map_err(|error| error.to_string())?;
    let mut fault = String::new();
    for _ in 0..DROP_TRIES {
        end_sessions(&mut sql, name).await?;
        match sql
            .batch_execute(&format!("DROP SCHEMA IF EXISTS {name} CASCADE"))
            .await
        {
            Ok(()) => return Ok(()),
            Err(error) => fault = error.to_string(),
        }
        sleep(Duration::from_millis(20)).await;
    }
    Err(format!("dropping the schema: {fault}"))
}

async fn end_sessions(sql: &mut AsyncPgConnection, name: &str) -> Result<(), String> {
    diesel::sql_query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE pid <> pg_backend_pid() AND (application_name = $1 OR pid IN (
             SELECT l.pid FROM pg_locks l
             JOIN pg_class c ON c.oid = l.relation
             JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE n.nspname = $1
               AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())))",
    )
    .bind::<Text, _>(name)
    .execute(sql)
    .await
    .map_err(|error| error.to_string())?;
    Ok(())
}
