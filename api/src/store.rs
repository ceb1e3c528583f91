//! The database: the pool, and one file for each subject's statements.
//!
//! The functions take a connection, so that the caller owns the transaction. They hold no rules:
//! those are in `domain` and `policy`.

pub mod accounts;
pub mod attachments;
pub mod audience;
pub mod blocks;
pub mod changes;
pub mod contacts;
pub mod conversations;
pub mod epoch;
pub mod floors;
pub mod friend_requests;
pub mod friends;
pub mod groups;
pub mod messages;
pub mod outbox;
pub mod pictures;
pub mod rate;
pub mod receipts;
pub mod search;
pub mod sessions;
pub mod sql;
pub mod views;
pub mod visibility;

use std::time::Duration;

use deadpool::managed::{Hook, HookError};
use diesel::ConnectionError;
use diesel_async::pooled_connection::{
    AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod,
};
use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use futures_util::FutureExt;
use platform::settings::{Setting, Settings, Url};

/// A connection, as the statements take it.
pub type Conn = AsyncPgConnection;
type Manager = AsyncDieselConnectionManager<AsyncPgConnection>;
/// Why there is no connection.
pub type PoolError = deadpool::managed::PoolError<diesel_async::pooled_connection::PoolError>;
/// A connection that goes back to the pool.
pub type Pooled = deadpool::managed::Object<Manager>;

/// Where the database is.
#[derive(Clone, Debug)]
pub struct DatabaseConfig {
    /// `postgres://user:password@host:port/database`.
    pub url: Url,
    /// Connections of the pool; the committer's lanes and the relay have their own.
    pub pool_size: usize,
    /// How long a request waits for a connection.
    pub pool_timeout: Duration,
    /// How long a statement may take.
    pub statement_timeout: Duration,
    /// How long a statement waits for a lock.
    pub lock_timeout: Duration,
    /// The language of what people write, for their searches.
    pub search_language: SearchLanguage,
}

/// The name of one of the server's text search configurations.
#[derive(Clone, Debug)]
pub struct SearchLanguage(String);

impl Setting for SearchLanguage {
    fn parse(text: &str) -> Result<Self, String> {
        let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if text.is_empty() || !text.chars().all(is_name) {
            return Err("must be a name of a-z, 0-9 and _".to_owned());
        }
        Ok(Self(text.to_owned()))
    }
}

impl DatabaseConfig {
    /// Declares and reads the settings.
    pub fn read(settings: &mut Settings) -> Self {
        Self {
            url: settings.require(
                "WARREN_DATABASE_URL",
                "postgres://warren:password@127.0.0.1:5432/warren",
                "PostgreSQL, with user, password and database.",
            ),
            pool_size: settings.get(
                "WARREN_DATABASE_POOL_SIZE",
                "16",
                "Connections of the pool; the committer's lanes and the relay have their own.",
            ),
            pool_timeout: settings.millis(
                "WARREN_DATABASE_POOL_TIMEOUT_MS",
                2_000,
                "How long a request waits for a connection, in milliseconds; then 503.",
            ),
            statement_timeout: settings.millis(
                "WARREN_DATABASE_STATEMENT_TIMEOUT_MS",
                5_000,
                "How long a statement may take, in milliseconds; then 503.",
            ),
            lock_timeout: settings.millis(
                "WARREN_DATABASE_LOCK_TIMEOUT_MS",
                1_000,
                "How long a statement waits for a lock, in milliseconds; then 503.",
            ),
            search_language: settings.get(
                "WARREN_SEARCH_LANGUAGE",
                "simple",
                "PostgreSQL's text search configuration for new messages and searches, such as `english` (`\\dF` in psql lists them). After a change, `api reindex` reads the old messages again.",
            ),
        }
    }
}

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Anything a request asks. Its statements are few and go by index whatever the values
    /// (`tests/rest/plans.rs`): planned once, not at each execution, which took as long as running.
    Requests,
    /// Writing messages and events: always the same few statements, which must keep the plans that
    /// go by index even when the tables were empty or bloated when they were planned.
    Writing,
    /// Changing the schema, which may take as long as it needs.
    Migrating,
}

/// The database.
#[derive(Clone)]
pub struct Db {
    pool: deadpool::managed::Pool<Manager>,
    config: DatabaseConfig,
}

impl std::fmt::Debug for Db {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Db")
            .field("status", &self.pool.status())
            .finish()
    }
}

impl Db {
    /// A pool that connects when it is first asked.
    ///
    /// # Errors
    /// If the pool cannot be built on this runtime.
    pub fn new(config: &DatabaseConfig) -> Result<Self, deadpool::managed::BuildError> {
        let mut manager = ManagerConfig::<AsyncPgConnection>::default();
        // A lost connection shows at its next use, and the request is repeated: no round trip to ask.
        manager.recycling_method = RecyclingMethod::Fast;
        let setup = config.clone();
        manager.custom_setup = Box::new(move |_url| {
            let config = setup.clone();
            async move { establish(&config, Purpose::Requests).await }.boxed()
        });
        let manager = Manager::new_with_config(config.url.expose(), manager);
        let pool = deadpool::managed::Pool::builder(manager)
            .max_size(config.pool_size)
            .wait_timeout(Some(config.pool_timeout))
            .create_timeout(Some(config.pool_timeout))
            .post_recycle(Hook::async_fn(|conn, metrics| {
                async move {
                    let renewed = renew_plans(conn, metrics.recycle_count).await;
                    renewed.map_err(|error| HookError::message(error.to_string()))
                }
                .boxed()
            }))
            .runtime(deadpool::Runtime::Tokio1)
            .build()?;
        Ok(Self {
            pool,
            config: config.clone(),
        })
    }

    /// A connection of the pool.
    ///
    /// # Errors
    /// If none is free in time, or the database cannot be reached.
    pub async fn get(&self) -> Result<Pooled, PoolError> {
        self.pool.get().await
    }

    /// Asks the database whether it answers.
    ///
    /// # Errors
    /// If it does not.
    pub async fn ping(&self) -> Result<(), crate::error::ApiError> {
        self.get().await?.batch_execute("SELECT 1").await?;
        Ok(())
    }

    /// A connection of one's own.
    ///
    /// # Errors
    /// If the database cannot be reached.
    pub async fn connect(&self, purpose: Purpose) -> Result<Conn, ConnectionError> {
        establish(&self.config, purpose).await
    }
}

/// Lets a connection plan its statements anew after 1, 2, 4, 8 … uses.
///
/// Plans are generic and kept. The first are made when the tables may be empty, and go by whichever
/// index: a commit then reads every message of a conversation to find a `client_id`. Nothing else
/// ends such a plan before the first ANALYZE.
///
/// # Errors
/// If the connection is lost.
pub async fn renew_plans(conn: &mut Conn, uses: usize) -> diesel::QueryResult<()> {
    if uses.is_power_of_two() {
        conn.batch_execute("DISCARD PLANS").await?;
    }
    Ok(())
}

async fn establish(config: &DatabaseConfig, purpose: Purpose) -> Result<Conn, ConnectionError> {
    let connecting = AsyncPgConnection::establish(config.url.expose());
    let mut conn = tokio::time::timeout(config.pool_timeout, connecting)
        .await
        .map_err(|_elapsed| ConnectionError::BadConnection("no answer in time".to_owned()))??;
    let plans = match purpose {
        Purpose::Migrating => "",
        Purpose::Requests => "SET plan_cache_mode = force_generic_plan;",
        Purpose::Writing => {
            "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; \
             SET enable_hashjoin = off; SET enable_mergejoin = off;"
        }
    };
    let statement_timeout = match purpose {
        Purpose::Migrating => Duration::ZERO,
        Purpose::Requests | Purpose::Writing => config.statement_timeout,
    };
    let settings = format!(
        "SET statement_timeout = {}; SET lock_timeout = {}; SET jit = off; \
         SET default_text_search_config = 'pg_catalog.{}'; {plans}",
        statement_timeout.as_millis(),
        config.lock_timeout.as_millis(),
        config.search_language.0,
    );
    conn.batch_execute(&settings)
        .await
        .map_err(ConnectionError::CouldntSetupConfiguration)?;
    Ok(conn)
}
