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
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use futures_util::FutureExt;
use platform::settings::{Setting, Settings, Url};

/// A peer that says nothing for that long is asked whether it is there.
const QUIET: Duration = Duration::from_secs(4);
/// Between two questions, and how many.
const PROBE: Duration = Duration::from_secs(2);
const PROBES: u32 = 3;
/// A peer that has not answered for that long is gone, and so is who is idle in a transaction. Not
/// before the last question: an answer gets lost, or is held back by the kernel, even on one machine.
const SILENCE: Duration = Duration::from_secs(QUIET.as_secs() + PROBES as u64 * PROBE.as_secs());
/// Connections that requests cannot take.
const RESERVED: usize = 2;

/// A connection, as the statements take it.
pub type Conn = AsyncPgConnection;
type Manager = AsyncDieselConnectionManager<AsyncPgConnection>;
type Pool = deadpool::managed::Pool<Manager>;
/// Why there is no connection.
pub type PoolError = deadpool::managed::PoolError<diesel_async::pooled_connection::PoolError>;
/// A connection that goes back to the pool.
pub type Pooled = deadpool::managed::Object<Manager>;

/// Where the database is.
#[derive(Clone, Debug)]
pub struct DatabaseConfig {
    /// `postgres://user:password@host:port/database`.
    pub url: Url,
    /// Connections of the pool; lanes, the outbox and revocations have their own.
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
                "Connections of the pool; the committer's lanes have one each, the outbox and revocations two each, beside it.",
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
    pool: Pool,
    reserved: Pool,
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
        Ok(Self {
            pool: pool(config, config.pool_size)?,
            reserved: pool(config, RESERVED)?,
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

    /// A connection for what must not wait for requests: whether a session has ended.
    ///
    /// # Errors
    /// If none is free in time, or the database cannot be reached.
    pub async fn reserved(&self) -> Result<Pooled, PoolError> {
        self.reserved.get().await
    }

    /// How long a statement of a lane can take; later, nobody is there.
    #[must_use]
    pub fn patience(&self) -> Duration {
        // An attempt is two statements at most.
        2 * self.config.statement_timeout + Duration::from_secs(1)
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

fn pool(config: &DatabaseConfig, size: usize) -> Result<Pool, deadpool::managed::BuildError> {
    let mut manager = ManagerConfig::<AsyncPgConnection>::default();
    // One that is known to be lost is left out, and one that is not yet shows at its next use, and the
    // request is repeated: no round trip to ask.
    manager.recycling_method = RecyclingMethod::Fast;
    let setup = config.clone();
    manager.custom_setup = Box::new(move |_url| {
        let config = setup.clone();
        async move { establish(&config, Purpose::Requests).await }.boxed()
    });
    let manager = Manager::new_with_config(config.url.expose(), manager);
    Pool::builder(manager)
        .max_size(size)
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
        .build()
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

/// Where to connect, so that a peer which is gone without a word is noticed in seconds: by default, the
/// kernel asks an idle one after two hours and believes in a busy one for a quarter of an hour.
fn target(url: &Url) -> Result<tokio_postgres::Config, tokio_postgres::Error> {
    let mut to: tokio_postgres::Config = url.expose().parse()?;
    to.keepalives_idle(QUIET)
        .keepalives_interval(PROBE)
        .keepalives_retries(PROBES)
        .tcp_user_timeout(SILENCE);
    Ok(to)
}

async fn connect(url: &Url) -> Result<Conn, ConnectionError> {
    let bad = |error: tokio_postgres::Error| ConnectionError::BadConnection(error.to_string());
    let to = target(url).map_err(bad)?;
    let (client, connection) = to.connect(tokio_postgres::NoTls).await.map_err(bad)?;
    AsyncPgConnection::try_from_client_and_connection(client, connection).await
}

async fn establish(config: &DatabaseConfig, purpose: Purpose) -> Result<Conn, ConnectionError> {
    let mut conn = tokio::time::timeout(config.pool_timeout, connect(&config.url))
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
    // Zero is no limit.
    let (statement_timeout, idle_timeout) = match purpose {
        Purpose::Migrating => (Duration::ZERO, Duration::ZERO),
        Purpose::Requests | Purpose::Writing => (config.statement_timeout, SILENCE),
    };
    // The server, too, must notice soon that nobody is there: it holds this side's locks.
    let settings = format!(
        "SET statement_timeout = {}; SET lock_timeout = {}; \
         SET idle_in_transaction_session_timeout = {}; SET jit = off; \
         SET default_text_search_config = 'pg_catalog.{}'; \
         SET tcp_keepalives_idle = {quiet}; SET tcp_keepalives_interval = {probe}; \
         SET tcp_keepalives_count = {PROBES}; SET tcp_user_timeout = '{silence}s'; {plans}",
        statement_timeout.as_millis(),
        config.lock_timeout.as_millis(),
        idle_timeout.as_millis(),
        config.search_language.0,
        quiet = QUIET.as_secs(),
        silence = SILENCE.as_secs(),
        probe = PROBE.as_secs(),
    );
    conn.batch_execute(&settings)
        .await
        .map_err(ConnectionError::CouldntSetupConfiguration)?;
    Ok(conn)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_idle_peer_may_leave_a_question_unanswered_and_is_given_up_after_the_last() {
        let url = Url::parse("postgres://warren@127.0.0.1/warren").unwrap();
        let to = target(&url).unwrap();
        let between = to.get_keepalives_interval().unwrap();
        let questions = to.get_keepalives_retries().unwrap();
        let over = *to.get_tcp_user_timeout().unwrap();
        assert!(questions > 1);
        assert_eq!(over, to.get_keepalives_idle() + between * questions);
    }
}
