//! A bucket of a server that speaks S3, over an HTTP client of our own.
//!
//! The library's client is reqwest, and its features are those of every crate that is built with
//! this one: with TLS in it, whoever makes a client would have to choose a provider of cryptography
//! first. This one is given its provider here, and is nobody else's.

use std::sync::Arc;
use std::time::Duration;

use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector as Tcp;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::client::{
    ClientOptions, HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest,
    HttpRequestBody, HttpResponse, HttpResponseBody, HttpService,
};
use object_store::{BackoffConfig, RetryConfig};
use rustls::{ClientConfig, RootCertStore};

use super::config::S3Config;

/// How long the server may take to take a part and to begin its answer.
const ANSWER: Duration = Duration::from_secs(30);
/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(5);
/// An idle connection is closed before a server would close it in the middle of a request.
const IDLE: Duration = Duration::from_secs(15);
/// A request is repeated so often, within so long: somebody waits for it.
const RETRIES: usize = 3;
const RETRY_TIMEOUT: Duration = Duration::from_secs(10);

/// Opens a bucket. It is not asked yet.
///
/// # Errors
/// If the settings do not fit each other.
pub fn open(name: &str, config: &S3Config) -> object_store::Result<AmazonS3> {
    let plain = config.endpoint.starts_with("http://");
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(name)
        .with_region(&config.region)
        .with_allow_http(plain)
        .with_http_connector(Connector { plain })
        .with_retry(RetryConfig {
            backoff: BackoffConfig::default(),
            max_retries: RETRIES,
            retry_timeout: RETRY_TIMEOUT,
        });
    if !config.endpoint.is_empty() {
        builder = builder.with_endpoint(config.endpoint.trim_end_matches('/'));
    }
    if !config.access_key_id.is_empty() {
        builder = builder.with_access_key_id(&config.access_key_id);
    }
    if let Some(secret) = &config.secret_key {
        builder = builder.with_secret_access_key(secret.expose());
    }
    builder.build()
}

#[derive(Debug)]
struct Connector {
    plain: bool,
}

impl HttpConnector for Connector {
    fn connect(&self, _options: &ClientOptions) -> object_store::Result<HttpClient> {
        let mut tcp = Tcp::new();
        tcp.enforce_http(false);
        tcp.set_connect_timeout(Some(CONNECT));
        tcp.set_nodelay(true);
        let tls = tls(self.plain).map_err(|source| object_store::Error::Generic {
            store: "S3",
            source,
        })?;
        let builder = HttpsConnectorBuilder::new().with_tls_config(tls);
        let connector = builder.https_or_http().enable_http1().wrap_connector(tcp);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .build(connector);
        Ok(HttpClient::new(Service(client)))
    }
}

/// TLS that trusts whom this machine trusts; nobody where it is not spoken.
fn tls(plain: bool) -> Result<ClientConfig, Box<dyn std::error::Error + Send + Sync>> {
    let mut roots = RootCertStore::empty();
    if !plain {
        let found = rustls_native_certs::load_native_certs();
        roots.add_parsable_certificates(found.certs);
        if roots.is_empty() {
            return Err("this machine trusts no certificate authority".into());
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

#[derive(Debug)]
struct Service(Client<HttpsConnector<Tcp>, HttpRequestBody>);

#[async_trait::async_trait]
impl HttpService for Service {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let answer = tokio::time::timeout(ANSWER, self.0.request(request)).await;
        let answer = answer.map_err(|elapsed| HttpError::new(HttpErrorKind::Timeout, elapsed))?;
        let answer = answer.map_err(|error| {
            let kind = if error.is_connect() {
                HttpErrorKind::Connect
            } else {
                HttpErrorKind::Request
            };
            HttpError::new(kind, error)
        })?;
        let (head, body) = answer.into_parts();
        let interrupted = |error| HttpError::new(HttpErrorKind::Interrupted, error);
        let body = http_body_util::BodyExt::map_err(body, interrupted);
        Ok(HttpResponse::from_parts(head, HttpResponseBody::new(body)))
    }
}
