//! The admin port of a process: `/healthz`, `/startz`, `/readyz`, `/metrics`, and what a service adds.
//!
//! It listens on an address of its own, which the front door never reaches. `/healthz`: the process
//! lives. `/startz`: it has found what it cannot begin without. `/readyz`: every dependency answers.

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

/// One thing that a process depends on.
struct Dependency {
    /// Without it the process cannot begin to serve.
    needed: bool,
    check: Check,
}

/// Whether a process can serve: each of its dependencies answers, and it does not drain.
#[derive(Clone, Default)]
pub struct Readiness {
    dependencies: Arc<BTreeMap<&'static str, Dependency>>,
    started: Arc<AtomicBool>,
    draining: Arc<AtomicBool>,
}

impl std::fmt::Debug for Readiness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.dependencies.keys()).finish()
    }
}

/// Collects the dependencies of a process.
#[derive(Default)]
pub struct ReadinessBuilder(BTreeMap<&'static str, Dependency>);

impl std::fmt::Debug for ReadinessBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl ReadinessBuilder {
    /// Adds a dependency without which the process serves less; `check` says why it does not answer.
    #[must_use]
    pub fn check<F>(self, name: &'static str, check: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<(), String>> + Send + 'static,
    {
        self.add(name, false, check)
    }

    /// Adds one without which it cannot begin.
    #[must_use]
    pub fn need<F>(self, name: &'static str, check: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<(), String>> + Send + 'static,
    {
        self.add(name, true, check)
    }

    fn add<F>(
        mut self,
        name: &'static str,
        needed: bool,
        check: impl Fn() -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<(), String>> + Send + 'static,
    {
        let check: Check = Box::new(move || Box::pin(check()));
        self.0.insert(name, Dependency { needed, check });
        self
    }

    /// The finished list.
    #[must_use]
    pub fn build(self) -> Readiness {
        Readiness {
            dependencies: Arc::new(self.0),
            ..Readiness::default()
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
        let mut faults = self.ask(|_| true).await;
        if self.draining.load(Ordering::Relaxed) {
            faults.insert("process", "draining".to_owned());
        }
        faults
    }

    /// What the process still needs to begin. Once it has begun, nothing for as long as it lives: to
    /// start it anew would bring no dependency back.
    pub async fn start_faults(&self) -> BTreeMap<&'static str, String> {
        if self.started.load(Ordering::Relaxed) {
            return BTreeMap::new();
        }
        let faults = self.ask(|dependency| dependency.needed).await;
        if faults.is_empty() {
            self.started.store(true, Ordering::Relaxed);
        }
        faults
    }

    async fn ask(&self, whom: impl Fn(&Dependency) -> bool) -> BTreeMap<&'static str, String> {
        let chosen = self.dependencies.iter().filter(|(_, each)| whom(each));
        let asked = chosen.map(|(name, dependency)| async move {
            let answer = tokio::time::timeout(CHECK_DEADLINE, (dependency.check)()).await;
            let fault = answer
                .unwrap_or_else(|_elapsed| Err("does not answer".to_owned()))
                .err();
            fault.map(|fault| (*name, fault))
        });
        join_all(asked).await.into_iter().flatten().collect()
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
    tokio::spawn(crate::metrics::sort(metrics.clone()));
    let server = HttpServer::new(move || {
        App::new()
            .app_data(web::Data::new(metrics.clone()))
            .app_data(web::Data::new(readiness.clone()))
            .route("/healthz", web::get().to(HttpResponse::Ok))
            .route("/startz", web::get().to(get_startz))
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

async fn get_startz(readiness: web::Data<Readiness>) -> HttpResponse {
    answer("started", "starting", &readiness.start_faults().await)
}

async fn get_readyz(readiness: web::Data<Readiness>) -> HttpResponse {
    answer("ready", "unready", &readiness.faults().await)
}

fn answer(well: &str, unwell: &str, faults: &BTreeMap<&'static str, String>) -> HttpResponse {
    if faults.is_empty() {
        return HttpResponse::Ok().json(serde_json::json!({ "status": well }));
    }
    HttpResponse::ServiceUnavailable()
        .json(serde_json::json!({ "status": unwell, "faults": faults }))
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
    async fn a_process_begins_with_what_it_needs_and_never_begins_again() {
        let up = Arc::new(AtomicBool::new(false));
        let database = up.clone();
        let readiness = Readiness::builder()
            .need("database", move || {
                let up = database.load(Ordering::Relaxed);
                async move { if up { Ok(()) } else { Err("away".to_owned()) } }
            })
            .check("broker", || async { Err("away".to_owned()) })
            .build();
        let away = BTreeMap::from([("database", "away".to_owned())]);
        assert_eq!(readiness.start_faults().await, away);
        up.store(true, Ordering::Relaxed);
        assert_eq!(readiness.start_faults().await, BTreeMap::new());
        up.store(false, Ordering::Relaxed);
        readiness.drain();
        assert_eq!(readiness.start_faults().await, BTreeMap::new());
        assert_eq!(readiness.faults().await.len(), 3);
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
