//! The service in this process, on ports of its own, against real servers.

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::time::Duration;

use api::app::App;
use api::config::Config;
use api::migrate;
use api::store::Db;
use platform::metrics::PrometheusHandle;
use platform::settings::Settings;
use testkit::TestEnv;
use testkit::http::{Client, User};

/// A metrics recorder belongs to the process, which the tests share.
fn recorder() -> PrometheusHandle {
    static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();
    RECORDER
        .get_or_init(|| platform::metrics::install().unwrap())
        .clone()
}

/// A migrated schema and a running service.
pub struct TestApp {
    pub app: App,
    pub env: TestEnv,
}

impl TestApp {
    /// With short intervals and without rate limits.
    pub async fn start() -> Self {
        Self::with(&[]).await
    }

    /// With these settings over them.
    pub async fn with(settings: &[(&str, &str)]) -> Self {
        Self::on(TestEnv::new().await, settings).await
    }

    /// On an environment that may have faults in front of its servers.
    pub async fn on(env: TestEnv, settings: &[(&str, &str)]) -> Self {
        let config = config(&env, settings);
        migrate::up(&Db::new(&config.database).unwrap())
            .await
            .unwrap();
        let app = App::start(config, recorder()).await.unwrap();
        ready(&app).await;
        Self { app, env }
    }

    /// A second service on the same servers.
    pub async fn another(&self, settings: &[(&str, &str)]) -> App {
        App::start(config(&self.env, settings), recorder())
            .await
            .unwrap()
    }

    /// Where the REST API is.
    pub fn base(&self) -> String {
        format!("http://{}", self.app.http)
    }

    /// Where the admin port is.
    pub fn admin(&self) -> String {
        format!("http://{}", self.app.admin)
    }

    /// A caller without a token.
    pub fn client(&self) -> Client {
        Client::anonymous(self.base())
    }

    /// A new user.
    pub async fn user(&self, name: &str) -> User {
        self.client().register(name).await
    }
}

/// Waits until a service has everything that it needs.
pub async fn ready(app: &App) {
    testkit::eventually(Duration::from_secs(20), || async {
        let admin = Client::anonymous(format!("http://{}", app.admin));
        let readyz = admin.get("/readyz").await;
        if readyz.status == 200 {
            Ok(())
        } else {
            Err(readyz.body.to_string())
        }
    })
    .await;
}

/// The settings of a service on `env`, with short intervals.
pub fn config(env: &TestEnv, settings: &[(&str, &str)]) -> Config {
    let secrets = env.secrets();
    let mut pairs: BTreeMap<String, String> = [
        ("WARREN_HTTP_BIND", "127.0.0.1:0".to_owned()),
        ("WARREN_HTTP_WORKERS", "1".to_owned()),
        ("WARREN_ADMIN_BIND", "127.0.0.1:0".to_owned()),
        ("WARREN_DATABASE_URL", env.database_url()),
        ("WARREN_DATABASE_POOL_SIZE", "6".to_owned()),
        ("WARREN_BROKER_URL", env.broker_url()),
        ("WARREN_PRESENCE_SERVERS", env.presence_servers()),
        ("WARREN_PRESENCE_PREFIX", env.presence_prefix()),
        (
            "WARREN_AUTH_KEYS_DIR",
            secrets.keys_dir.display().to_string(),
        ),
        (
            "WARREN_AUTH_REFRESH_SECRET_FILE",
            secrets.refresh_secret_file.display().to_string(),
        ),
        (
            "WARREN_INTERNAL_CREDENTIAL_FILE",
            secrets.internal_credential_file.display().to_string(),
        ),
        (
            "WARREN_FILES_SIGNING_SECRET_FILE",
            secrets.files_secret_file.display().to_string(),
        ),
        ("WARREN_FILES_LOCATION", env.files_location()),
        ("WARREN_AUTH_REVOCATIONS_EVERY_MS", "100".to_owned()),
        ("WARREN_OUTBOX_RELAY_EVERY_MS", "100".to_owned()),
        ("WARREN_RATE_LIMITS", "off".to_owned()),
        // A test machine may be slower than a client should wait for.
        ("WARREN_DATABASE_POOL_TIMEOUT_MS", "30000".to_owned()),
        ("WARREN_DATABASE_LOCK_TIMEOUT_MS", "30000".to_owned()),
        ("WARREN_DATABASE_STATEMENT_TIMEOUT_MS", "30000".to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into();
    pairs.extend(
        settings
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
    );
    let mut reader = Settings::from_pairs(pairs);
    let config = Config::read(&mut reader);
    reader.finish().unwrap();
    config
}
