//! Questions to the API: its keys and its internal routes, at several addresses tried in turn.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use platform::settings::{Secret, Url};
use protocol::account::JwkSet;
use protocol::internal::{
    REVOCATIONS_PATH, ROUTES_PATH, RevocationsResponse, RoutesRequest, RoutesResponse, SessionRef,
    VISIBLE_PATH, VisibleRequest, VisibleResponse, Watcher,
};
use reqwest::StatusCode;
use serde::de::DeserializeOwned;

use crate::config::ApiConfig;

/// Why nobody answered.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// No address answers.
    #[error("the API cannot be reached")]
    Unreachable(#[source] reqwest::Error),
    /// The API lives, but cannot answer now: its database is down.
    #[error("the API answers 503")]
    Unavailable,
    /// Another status than was expected.
    #[error("the API answers {0}")]
    Status(StatusCode),
    /// An answer of another shape than the routes promise.
    #[error("the API's answer does not fit the question")]
    Mismatch,
    /// There is no address to ask.
    #[error("no address of the API is configured")]
    NoAddress,
}

impl ApiError {
    /// How much it tells: of the errors of several addresses the most telling one is reported.
    const fn rank(&self) -> u8 {
        match self {
            Self::NoAddress => 0,
            Self::Unavailable => 1,
            Self::Unreachable(_) => 2,
            Self::Status(_) | Self::Mismatch => 3,
        }
    }
}

/// Asks the API.
#[derive(Debug)]
pub struct ApiClient {
    http: reqwest::Client,
    credential: Secret,
    jwks: Addresses,
    internal: Addresses,
}

impl ApiClient {
    /// A client for these addresses.
    ///
    /// # Errors
    /// If the HTTP client cannot be made.
    pub fn new(config: &ApiConfig) -> reqwest::Result<Self> {
        let http = reqwest::Client::builder()
            .timeout(config.timeout)
            .connect_timeout(config.timeout)
            .user_agent("warren-ws-server")
            .build()?;
        Ok(Self {
            http,
            credential: config.credential.clone(),
            jwks: Addresses::new(&config.jwks_urls, config.patience),
            internal: Addresses::new(&config.internal_urls, config.patience),
        })
    }

    /// The keys that verify access tokens.
    ///
    /// # Errors
    /// If no address answers.
    pub async fn keys(&self) -> Result<JwkSet, ApiError> {
        self.jwks.ask(|url| self.http.get(url)).await
    }

    /// What to bind for these sessions, in their order, and the database's epoch.
    ///
    /// # Errors
    /// If no address answers, or not for each session.
    pub async fn routes(&self, sessions: Vec<SessionRef>) -> Result<RoutesResponse, ApiError> {
        let request = RoutesRequest { sessions };
        let response: RoutesResponse = self
            .internal
            .ask(|url| {
                self.http
                    .post(format!("{url}{ROUTES_PATH}"))
                    .bearer_auth(self.credential.expose())
                    .json(&request)
            })
            .await?;
        let fits = response.routes.len() == request.sessions.len()
            && response
                .routes
                .iter()
                .zip(&request.sessions)
                .all(|(route, asked)| {
                    route.user_id == asked.user_id && route.session_id == asked.session_id
                });
        if fits {
            Ok(response)
        } else {
            Err(ApiError::Mismatch)
        }
    }

    /// What was revoked since `cursor`.
    ///
    /// # Errors
    /// If no address answers.
    pub async fn revocations(&self, cursor: Option<&str>) -> Result<RevocationsResponse, ApiError> {
        self.internal
            .ask(|url| {
                let request = self
                    .http
                    .get(format!("{url}{REVOCATIONS_PATH}"))
                    .bearer_auth(self.credential.expose());
                match cursor {
                    Some(cursor) => request.query(&[("since", cursor)]),
                    None => request,
                }
            })
            .await
    }

    /// Whom each of these watchers may see, in their order.
    ///
    /// # Errors
    /// If no address answers, or not for each watcher.
    pub async fn visible(&self, watchers: Vec<Watcher>) -> Result<VisibleResponse, ApiError> {
        let request = VisibleRequest { watchers };
        let response: VisibleResponse = self
            .internal
            .ask(|url| {
                self.http
                    .post(format!("{url}{VISIBLE_PATH}"))
                    .bearer_auth(self.credential.expose())
                    .json(&request)
            })
            .await?;
        let fits = response.watchers.len() == request.watchers.len()
            && response
                .watchers
                .iter()
                .zip(&request.watchers)
                .all(|(visible, asked)| visible.user_id == asked.user_id);
        if fits {
            Ok(response)
        } else {
            Err(ApiError::Mismatch)
        }
    }
}

/// Several addresses of one service: the one that answered last is asked first, and the next one too
/// when it fails or is silent for a while. One that hangs costs that while, and once.
#[derive(Debug)]
struct Addresses {
    urls: Vec<String>,
    patience: Duration,
    first: AtomicUsize,
}

impl Addresses {
    fn new(urls: &[Url], patience: Duration) -> Self {
        Self {
            urls: urls
                .iter()
                .map(|url| url.expose().trim_end_matches('/').to_owned())
                .collect(),
            patience,
            first: AtomicUsize::new(0),
        }
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        request: impl Fn(&str) -> reqwest::RequestBuilder,
    ) -> Result<T, ApiError> {
        let (count, first) = (self.urls.len(), self.first.load(Ordering::Relaxed));
        let mut others = (0..count).map(|offset| (first + offset) % count);
        let mut asked = FuturesUnordered::new();
        let mut worst = ApiError::NoAddress;
        loop {
            if let Some(index) = others.next()
                && let Some(url) = self.urls.get(index)
            {
                let answer = answer(request(url));
                asked.push(async move { (index, answer.await) });
            }
            let answered = asked.next();
            let answered = if others.len() == 0 {
                answered.await
            } else {
                match tokio::time::timeout(self.patience, answered).await {
                    Ok(answered) => answered,
                    Err(_silent) => continue,
                }
            };
            match answered {
                Some((index, Ok(answer))) => {
                    self.first.store(index, Ordering::Relaxed);
                    return Ok(answer);
                }
                Some((_, Err(error))) if error.rank() > worst.rank() => worst = error,
                Some(_) => {}
                None => return Err(worst),
            }
        }
    }
}

async fn answer<T: DeserializeOwned>(request: reqwest::RequestBuilder) -> Result<T, ApiError> {
    let response = request.send().await.map_err(ApiError::Unreachable)?;
    match response.status() {
        StatusCode::OK => response.json().await.map_err(ApiError::Unreachable),
        StatusCode::SERVICE_UNAVAILABLE => Err(ApiError::Unavailable),
        status => Err(ApiError::Status(status)),
    }
}
