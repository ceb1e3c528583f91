//! The servers of this test process: from local binaries, named by the environment, or containers.

mod docker;
mod local;

use std::collections::HashMap;

use tokio::sync::OnceCell;

/// `local` (default), `env` or `docker`.
const MODE: &str = "WARREN_TEST_SERVICES";

const DATABASE: &str = "WARREN_TEST_DATABASE_URL";
const BROKER: &str = "WARREN_TEST_BROKER_URL";
const MANAGEMENT: &str = "WARREN_TEST_BROKER_MANAGEMENT_URL";
const PRESENCE: &str = "WARREN_TEST_PRESENCE_SERVERS";

/// Extensions the migrations ask for. They belong to the whole database: made by one test in its
/// own schema, they would be missing in all others and vanish with that test.
const EXTENSIONS: [&str; 2] = ["btree_gin", "pg_trgm"];

/// Where PostgreSQL, RabbitMQ and Memcached are.
///
/// They live as long as the test process, and end with it however it ends: their keeper is a child
/// process that waits for the end of its stdin.
#[derive(Debug)]
pub struct Services {
    /// `postgres://user:password@host:port/database`.
    pub database_url: String,
    /// `amqp://user:password@host:port`, without a virtual host.
    pub broker_url: String,
    /// `http://user:password@host:port` of the broker's management API.
    pub management_url: String,
    /// `host:port,host:port` of the Memcached servers.
    pub presence_servers: String,
    /// Held, not used: the end of this process closes its stdin.
    _keeper: Option<std::process::Child>,
}

impl Services {
    fn from_lines(
        lines: &HashMap<String, String>,
        keeper: Option<std::process::Child>,
        source: &str,
    ) -> Self {
        let get = |name: &str| {
            lines
                .get(name)
                .cloned()
                .unwrap_or_else(|| panic!("{name} is missing in {source}"))
        };
        Self {
            database_url: get(DATABASE),
            broker_url: get(BROKER).trim_end_matches('/').to_owned(),
            management_url: get(MANAGEMENT).trim_end_matches('/').to_owned(),
            presence_servers: get(PRESENCE),
            _keeper: keeper,
        }
    }

    async fn prepare(&self) {
        use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
        let mut sql = AsyncPgConnection::establish(&self.database_url)
            .await
            .unwrap_or_else(|error| panic!("PostgreSQL does not answer: {error}"));
        // Several test processes may share the server, and CREATE EXTENSION races with itself.
        let mut script = String::from("BEGIN; SELECT pg_advisory_xact_lock(7366461);");
        for extension in EXTENSIONS {
            script += &format!("CREATE EXTENSION IF NOT EXISTS {extension} SCHEMA public;");
        }
        script += "COMMIT;";
        sql.batch_execute(&script).await.unwrap();
    }
}

/// The servers of this test process, started by the first call.
///
/// # Panics
/// If they cannot be started or reached; the message says what to do.
pub async fn services() -> &'static Services {
    static SERVICES: OnceCell<Services> = OnceCell::const_new();
    SERVICES
        .get_or_init(|| async {
            let mode = std::env::var(MODE).unwrap_or_else(|_unset| "local".to_owned());
            let services = match mode.as_str() {
                "local" => local::start().await,
                "env" => Services::from_lines(
                    &std::env::vars().collect(),
                    None,
                    "the environment, which WARREN_TEST_SERVICES=env asks for",
                ),
                "docker" => docker::start().await,
                other => panic!("{MODE}={other}: it is local, env or docker"),
            };
            services.prepare().await;
            services
        })
        .await
}
