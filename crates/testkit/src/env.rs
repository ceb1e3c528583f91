//! What one test has for itself on the shared servers.

mod schema;

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use diesel_async::{AsyncConnection, AsyncPgConnection};
use reqwest::Url;
use uuid::Uuid;

use crate::broker::Broker;
use crate::keys::Secrets;
use crate::proxy::Proxy;
use crate::services::{Services, services};
use crate::temp::TempDir;

/// Cleaning up takes milliseconds; this is for a server that hangs.
const CLEANUP_DEADLINE: Duration = Duration::from_secs(60);

/// Faults between the code under test and the servers.
#[derive(Debug)]
pub struct Faults {
    /// In front of PostgreSQL.
    pub database: Proxy,
    /// In front of RabbitMQ.
    pub broker: Proxy,
    /// In front of the first Memcached server.
    pub presence: Proxy,
}

/// A PostgreSQL schema, a RabbitMQ virtual host, a prefix of presence keys and a folder: nobody
/// else's, and gone when it is dropped, after a failed test too.
///
/// Advisory locks belong to the database, which tests share: code under test must derive their
/// numbers from its schema. Presence keys cannot be listed; they end by their own time to live.
#[derive(Debug)]
pub struct TestEnv {
    services: &'static Services,
    name: String,
    broker: Broker,
    faults: Option<Faults>,
    dir: TempDir,
    secrets: Secrets,
    closed: bool,
}

impl TestEnv {
    /// One whose addresses are the servers' own.
    pub async fn new() -> Self {
        Self::create(None).await
    }

    /// One whose addresses lead through [`faults`](Self::faults). The helpers of this type go
    /// around them.
    pub async fn with_faults() -> Self {
        let services = services().await;
        let first_presence = services.presence_servers.split(',').next();
        let faults = Faults {
            database: Proxy::to(address(&services.database_url, 5432).await).await,
            broker: Proxy::to(address(&services.broker_url, 5672).await).await,
            presence: Proxy::to(
                resolve(first_presence.expect("split gives at least one part")).await,
            )
            .await,
        };
        Self::create(Some(faults)).await
    }

    async fn create(faults: Option<Faults>) -> Self {
        let services = services().await;
        let name = format!("test_{}", Uuid::now_v7().simple());
        let dir = TempDir::new();
        let secrets = Secrets::create(&dir);
        // Made before what it owns, so that a failure halfway is cleaned up too.
        let env = Self {
            services,
            broker: Broker::new(&services.management_url, &name),
            name,
            faults,
            dir,
            secrets,
            closed: false,
        };
        let user = percent_decoded_user(&services.broker_url);
        tokio::join!(
            schema::create(&services.database_url, &env.name),
            env.broker.create_vhost(&user)
        );
        env
    }

    /// The name of its schema and of its virtual host.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// `WARREN_DATABASE_URL`: connections made with it live in the test's schema.
    #[must_use]
    pub fn database_url(&self) -> String {
        let faults = self.faults.as_ref();
        let proxy = faults.map(|faults| faults.database.address());
        schema::url(&through(&self.services.database_url, proxy), &self.name)
    }

    /// `WARREN_BROKER_URL`, with the test's virtual host.
    #[must_use]
    pub fn broker_url(&self) -> String {
        let faults = self.faults.as_ref();
        let proxy = faults.map(|faults| faults.broker.address());
        format!(
            "{}/{}",
            through(&self.services.broker_url, proxy).trim_end_matches('/'),
            self.name
        )
    }

    /// `WARREN_PRESENCE_SERVERS`.
    #[must_use]
    pub fn presence_servers(&self) -> String {
        match &self.faults {
            Some(faults) => faults.presence.address().to_string(),
            None => self.services.presence_servers.clone(),
        }
    }

    /// `WARREN_PRESENCE_PREFIX`.
    #[must_use]
    pub fn presence_prefix(&self) -> String {
        format!("{}:", self.name)
    }

    /// The faults of an environment made by [`with_faults`](Self::with_faults).
    #[must_use]
    pub fn faults(&self) -> &Faults {
        self.faults
            .as_ref()
            .expect("only TestEnv::with_faults puts proxies in front of the servers")
    }

    /// A folder of the test's own.
    #[must_use]
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Writes a file into the folder, readable by this user alone.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> std::path::PathBuf {
        self.dir.write(name, content)
    }

    /// `WARREN_FILES_LOCATION`: a folder of the test's own.
    #[must_use]
    pub fn files_location(&self) -> String {
        format!("file://{}", self.dir().join("files").display())
    }

    /// The files of secrets that the services read.
    #[must_use]
    pub fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// A connection of the test's own to its schema, never through a proxy.
    pub async fn sql(&self) -> AsyncPgConnection {
        let url = schema::url(&self.services.database_url, &self.name);
        AsyncPgConnection::establish(&url)
            .await
            .unwrap_or_else(|error| panic!("PostgreSQL does not answer: {error}"))
    }

    /// The address of some virtual host, never through a proxy.
    #[must_use]
    pub fn amqp_url_of(&self, vhost: &str) -> String {
        format!("{}/{vhost}", self.services.broker_url)
    }

    /// A connection of the test's own to its virtual host, never through a proxy.
    pub async fn amqp(&self) -> lapin::Connection {
        let url = self.amqp_url_of(&self.name);
        let properties = lapin::ConnectionProperties::default().with_connection_name("test".into());
        lapin::Connection::connect(&url, properties)
            .await
            .unwrap_or_else(|error| panic!("RabbitMQ does not answer: {error}"))
    }

    /// The virtual host through the management API.
    #[must_use]
    pub fn broker(&self) -> &Broker {
        &self.broker
    }

    /// Removes everything now, and says so if that fails. Dropping does the same.
    pub async fn close(mut self) {
        self.closed = true;
        clean(&self.services.database_url, &self.name, &self.broker)
            .await
            .unwrap_or_else(|fault| panic!("{} stays behind: {fault}", self.name));
    }
}

impl Drop for TestEnv {
    fn drop(&mut self) {
        if self.closed {
            return;
        }
        let database_url = self.services.database_url.clone();
        let name = self.name.clone();
        let management_url = self.services.management_url.clone();
        // A destructor cannot await, and the test's runtime may be the thread it runs on.
        let cleaned = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .map_err(|error| error.to_string())?;
            runtime.block_on(async {
                let broker = Broker::new(&management_url, &name);
                tokio::time::timeout(CLEANUP_DEADLINE, clean(&database_url, &name, &broker))
                    .await
                    .unwrap_or_else(|_elapsed| Err(format!("not within {CLEANUP_DEADLINE:?}")))
            })
        })
        .join()
        .unwrap_or_else(|_panic| Err("the clean-up panicked".to_owned()));
        if let Err(fault) = cleaned {
            let message = format!("{} stays behind: {fault}", self.name);
            // A second panic while unwinding would abort the whole test process.
            if std::thread::panicking() {
                eprintln!("{message}");
            } else {
                panic!("{message}");
            }
        }
    }
}

async fn clean(database_url: &str, name: &str, broker: &Broker) -> Result<(), String> {
    let (schema, vhost) = tokio::join!(schema::drop(database_url, name), broker.delete_vhost());
    schema.and(vhost)
}

/// The same URL with another host and port.
fn through(url: &str, proxy: Option<SocketAddr>) -> String {
    let Some(proxy) = proxy else {
        return url.to_owned();
    };
    let mut url = Url::parse(url).unwrap();
    url.set_host(Some(&proxy.ip().to_string())).unwrap();
    url.set_port(Some(proxy.port())).unwrap();
    url.to_string()
}

async fn address(url: &str, default_port: u16) -> SocketAddr {
    let url = Url::parse(url).unwrap();
    let host = url.host_str().unwrap_or("127.0.0.1");
    resolve(&format!("{host}:{}", url.port().unwrap_or(default_port))).await
}

async fn resolve(address: &str) -> SocketAddr {
    tokio::net::lookup_host(address)
        .await
        .unwrap_or_else(|error| panic!("{address}: {error}"))
        .find(SocketAddr::is_ipv4)
        .unwrap_or_else(|| panic!("{address} has no IPv4 address"))
}

/// The user of a broker URL; test servers have plain names.
fn percent_decoded_user(url: &str) -> String {
    Url::parse(url).unwrap().username().to_owned()
}
