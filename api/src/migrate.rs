//! Running the migrations, which are compiled in.

use anyhow::anyhow;
use diesel_async::SimpleAsyncConnection;
use diesel_async::async_connection_wrapper::AsyncConnectionWrapper;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::store::{Conn, Db, Purpose};

/// Every migration of this build.
pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../migrations");

/// Brings the database to this build's schema; the names of the migrations that were run.
///
/// # Errors
/// If the database cannot be reached or a migration fails.
pub async fn up(db: &Db) -> anyhow::Result<Vec<String>> {
    run(connect(db).await?, |harness| {
        harness
            .run_pending_migrations(MIGRATIONS)
            .map(|run| names(&run))
    })
    .await
}

/// Undoes every migration, newest first.
///
/// # Errors
/// If the database cannot be reached or a migration fails.
pub async fn down(db: &Db) -> anyhow::Result<Vec<String>> {
    run(connect(db).await?, |harness| {
        harness
            .revert_all_migrations(MIGRATIONS)
            .map(|run| names(&run))
    })
    .await
}

/// A connection that holds the migrations' lock: of two that start at once, one waits and finds
/// nothing left to do.
async fn connect(db: &Db) -> anyhow::Result<Conn> {
    let mut conn = db.connect(Purpose::Migrating).await?;
    conn.batch_execute(
        "SET lock_timeout = 0; \
         SELECT pg_advisory_lock(hashtextextended('warren migrations ' || current_schema(), 0)); \
         RESET lock_timeout;",
    )
    .await?;
    Ok(conn)
}

type Harness = AsyncConnectionWrapper<Conn>;
type MigrationResult = diesel::migration::Result<Vec<String>>;

fn names(versions: &[diesel::migration::MigrationVersion<'_>]) -> Vec<String> {
    versions.iter().map(ToString::to_string).collect()
}

/// The harness blocks: it gets a thread of its own.
async fn run(
    conn: Conn,
    work: impl FnOnce(&mut Harness) -> MigrationResult + Send + 'static,
) -> anyhow::Result<Vec<String>> {
    tokio::task::spawn_blocking(move || {
        work(&mut AsyncConnectionWrapper::from(conn)).map_err(|error| anyhow!(error))
    })
    .await?
}
