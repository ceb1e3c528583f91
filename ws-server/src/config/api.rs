//! Where the API is, and how often it is asked.

use std::time::Duration;

use platform::settings::{Secret, Settings, Url};

/// Where the API is, and how often it is asked.
#[derive(Clone, Debug)]
pub struct ApiConfig {
    /// Addresses of the JWKS, tried in turn.
    pub jwks_urls: Vec<Url>,
    /// Admin ports of the API, tried in turn.
    pub internal_urls: Vec<Url>,
    /// What the internal routes ask for.
    pub credential: Secret,
    /// How long one answer may take.
    pub timeout: Duration,
    /// After so long without an answer the next address is asked too.
    pub patience: Duration,
    /// How often revocations are asked for.
    pub revocations: Duration,
    /// After so long without an answer, sockets are closed: one of them may be revoked.
    pub revocations_failure: Duration,
    /// How often keys are fetched again.
    pub jwks: Duration,
    /// An unknown key fetches them again at most so often.
    pub jwks_unknown: Duration,
}

impl ApiConfig {
    /// Declares and reads the settings.
    pub(super) fn read(settings: &mut Settings) -> Self {
        let config = Self {
            jwks_urls: settings.require(
                "WARREN_API_JWKS_URLS",
                "http://127.0.0.1:8081/.well-known/jwks.json",
                "Where the keys that verify access tokens are, tried in turn; separated by commas.",
            ),
            internal_urls: settings.require(
                "WARREN_API_INTERNAL_URLS",
                "http://127.0.0.1:9081",
                "The API's admin ports, tried in turn; separated by commas.",
            ),
            credential: settings.secret_file(
                "WARREN_INTERNAL_CREDENTIAL_FILE",
                16,
                "File with the credential of the API's internal routes.",
            ),
            timeout: settings.millis(
                "WARREN_API_TIMEOUT_MS",
                2_000,
                "How long one answer of the API may take, in milliseconds.",
            ),
            patience: settings.millis(
                "WARREN_API_PATIENCE_MS",
                400,
                "After how long without an answer the API's next address is asked too, in milliseconds.",
            ),
            revocations: settings.millis(
                "WARREN_WS_REVOCATIONS_MS",
                1_000,
                "How often ended sessions and removed members are asked for, in milliseconds.",
            ),
            revocations_failure: settings.millis(
                "WARREN_WS_REVOCATIONS_FAILURE_MS",
                15_000,
                "Without an answer for that long, sockets close with 1001, in milliseconds.",
            ),
            jwks: settings.millis(
                "WARREN_WS_JWKS_MS",
                300_000,
                "How often the keys are fetched again, in milliseconds.",
            ),
            jwks_unknown: settings.millis(
                "WARREN_WS_JWKS_UNKNOWN_MS",
                30_000,
                "A token with an unknown key fetches them again at most this often, in milliseconds.",
            ),
        };
        if config.jwks_urls.is_empty() {
            settings.refuse("WARREN_API_JWKS_URLS", "names no address");
        }
        if config.internal_urls.is_empty() {
            settings.refuse("WARREN_API_INTERNAL_URLS", "names no address");
        }
        config
    }
}
