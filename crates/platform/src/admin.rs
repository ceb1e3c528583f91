//! The admin port of a process: `/healthz`, `/readyz`, `/metrics`, and what a service adds.
//!
//! It listens on an address of its own, which the front door never reaches.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::web::{self, ServiceConfig};
use actix_web::{App, HttpResponse, HttpServer};
use futures_util::future::join_all;
use metrics_exporter_prometheus::PrometheusHandle;

use crate::settings::Settings;

/// A dependency that has not answered by then is down.
const CHECK_DEADLINE: Duration = Duration::from_secs(2);

/// Where the admin port listens.
#[derive(Clone, Debug)]
pub struct AdminConfig {
    /// Address and port.
    pub bind: SocketAddr,
}

impl AdminConfig {
    /// Declares and reads the settings.
    pub fn read(settings: &mut Settings, default: &str) -> Self {
        Self {
            bind: settings.get(
                "WARREN_ADMIN_BIND",
                default,
                "Where the admin port listens: health, metrics and internal routes. Never expose it.",
            ),
        }
    }
}

type CheckFuture = Pin<Box<dyn Future<Output = Result<(), String>> + Send>>;
type Check = Box<dyn Fn() -> CheckFuture + Send + Sync>;

/// Whether a process can serve: each of its dependencies answers, and it does not drain.
#[derive(Clone, Default)]
pub struct Readiness {
    checks: Arc<BTreeMap<&'static str, Check>>,
    draining: Arc<AtomicBool>,
}

impl std::fmt::Debug for Readiness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.checks.keys()).finish()
    }
}

/// Collects the dependencies of a process.
#[derive(Default)]
pub struct ReadinessBuilder(BTreeMap<&'static str, Check>);

impl std::fmt::Debug for ReadinessBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl ReadinessBuilder {
    /// Adds a dependency; `check` says why it does not answer.
    #[must_use]
    pub fn check<F>(
        mut self,
        name: &'static str,
        check: impl Fn() -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<(), String>> + Send + 'static,
    {
        self.0.insert(name, Box::new(move || Box::pin(check())));
        self
    }

    /// The finished list.
    #[must_use]
    pub fn build(self) -> Readiness {
        Readiness {
            checks: Arc::new(self.0),
            draining: Arc::default(),
        }
    }
}

impl Readiness {
    /// An empty list to add to.
    #[must_use]
    pub fn builder() -> ReadinessBuilder {
        ReadinessBuilder::default()
    }

    /// From now on the process is not ready: it is going away.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// Asks every dependency at once; the faults by name.
    pub async fn faults(&self) -> BTreeMap<&'static str, String> {
        let asked = self.checks.iter().map(|(name, check)| async move {
            let answer = tokio::time::timeout(CHECK_DEADLINE, check()).await;
            let fault = answer
                .unwrap_or_else(|_elapsed| Err("does not answer".to_owned()))
                .err();
            fault.map(|fault| (*name, fault))
        });
        let mut faults: BTreeMap<_, _> = join_all(asked).await.into_iter().flatten().collect();
        if self.draining.load(Ordering::Relaxed) {
            faults.insert("process", "draining".to_owned());
        }
        faults
    }
}

/// Starts the admin port. `routes` adds what the service offers its peers.
///
/// # Errors
/// If the address cannot be bound.
pub fn serve(
    config: &AdminConfig,
    metrics: PrometheusHandle,
    readiness: Readiness,
    routes: impl Fn(&mut ServiceConfig) + Clone + Send + 'static,
) -> std::io::Result<(Server, SocketAddr)> {
    let server = HttpServer::new(move || {
        App::new()
            .app_data(web::Data::new(metrics.clone()))
            .app_data(web::Data::new(readiness.clone()))
            .route("/healthz", web::get().to(HttpResponse::Ok))
            .route("/readyz", web::get().to(get_readyz))
            .route("/metrics", web::get().to(get_metrics))
            .configure(routes.clone())
    })
    .workers(1)
    .disable_signals()
    .shutdown_timeout(1)
    .bind(config.bind)?;
    let address = server.addrs().first().copied().unwrap_or(config.bind);
    Ok((server.run(), address))
}

async fn get_readyz(readiness: web::Data<Readiness>) -> HttpResponse {
    let faults = readiness.faults().await;
    if faults.is_empty() {
        return HttpResponse::Ok().json(serde_json::json!({ "status": "ready" }));
    }
    HttpResponse::ServiceUnavailable()
        .json(serde_json::json!({ "status": "unready", "faults": faults }))
}

async fn get_metrics(metrics: web::Data<PrometheusHandle>) -> HttpResponse {
    metrics.run_upkeep();
    HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4; charset=utf-8")
        .body(metrics.render())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_dependency_that_does_not_answer_is_named() {
        let readiness = Readiness::builder()
            .check("database", || async { Ok(()) })
            .check("broker", || async { Err("connection refused".to_owned()) })
            .build();
        let faults = readiness.faults().await;
        assert_eq!(
            faults,
            BTreeMap::from([("broker", "connection refused".to_owned())])
        );
    }

    #[tokio::test]
    async fn a_process_that_drains_is_not_ready() {
        let readiness = Readiness::builder().build();
        assert!(readiness.faults().await.is_empty());
        readiness.drain();
        assert_eq!(
            readiness.faults().await.keys().copied().collect::<Vec<_>>(),
            ["process"]
        );
    }
}
