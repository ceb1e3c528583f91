//! The service put together: its state, its two ports, its tasks, and how it ends.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::{App as ActixApp, HttpRequest, HttpServer, middleware, web};
use anyhow::Context;
use platform::admin::{self, Readiness};
use platform::broker::publisher::Publisher;
use platform::metrics::PrometheusHandle;
use platform::shutdown::Stage;
use presence::Presence;

use crate::committer::Committer;
use crate::config::Config;
use crate::events::{Events, relay};
use crate::files::Files;
use crate::floors::Floors;
use crate::keys::Keys;
use crate::passwords::Passwords;
use crate::rate_limit::RateLimits;
use crate::revocations::Revocations;
use crate::store::Db;
use crate::{commands, observe, openapi, router, sweeper};

/// An idle connection stays open longer than nginx keeps one (60 s): were it the server that closed
/// it, a request could meet a connection that is just going away.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// What every handler can reach.
#[derive(Clone, Debug)]
pub struct State {
    /// The settings.
    pub config: Arc<Config>,
    /// The database.
    pub db: Db,
    /// The way of messages into it.
    pub committer: Committer,
    /// The way of events to the broker.
    pub events: Events,
    /// The lowest watermarks that are to be computed.
    pub floors: Floors,
    /// Who is online.
    pub presence: Presence,
    /// Access tokens.
    pub keys: Keys,
    /// Password hashes.
    pub passwords: Passwords,
    /// Sessions that have ended.
    pub revocations: Revocations,
    /// How often one may ask.
    pub limits: RateLimits,
    /// Bytes.
    pub files: Files,
}

impl State {
    /// The state of the application that serves a request.
    ///
    /// # Panics
    /// Never: `serve` gives it to every application.
    #[must_use]
    #[expect(
        clippy::expect_used,
        reason = "the application is built with its state"
    )]
    pub fn of(request: &HttpRequest) -> &Self {
        request
            .app_data::<web::Data<Self>>()
            .expect("the application has its state")
    }
}

/// A running service.
#[derive(Debug)]
pub struct App {
    /// Where the REST API listens.
    pub http: SocketAddr,
    /// Where the admin port listens.
    pub admin: SocketAddr,
    /// The state its handlers see.
    pub state: State,
    handles: [ServerHandle; 2],
    readiness: Readiness,
    stages: Vec<Stage>,
}

impl App {
    /// Starts everything. Dependencies may still be down: the service says so and waits.
    ///
    /// # Errors
    /// If the keys or the store of files cannot be used, or a port cannot be bound.
    #[expect(
        clippy::unused_async,
        reason = "it spawns, so it must run inside a runtime: a future does"
    )]
    pub async fn start(config: Config, metrics: PrometheusHandle) -> anyhow::Result<Self> {
        crate::metrics::describe();
        let [
            mut tasks,
            mut lanes,
            mut flooring,
            mut publishing,
            mut deleting,
        ] = ["tasks", "committer", "floors", "publisher", "outbox"].map(Stage::new);
        let db = Db::new(&config.database).context("database pool")?;
        let name = format!("api {}", config.log.instance_name());
        let (publisher, task) = Publisher::spawn(config.broker.clone(), name, publishing.token());
        publishing.add(task);
        let floors = Floors::default();
        let (events, task) = Events::start(db.clone(), publisher, floors.clone(), deleting.token());
        deleting.add(task);
        let looking =
            floors
                .clone()
                .run(db.clone(), events.clone(), config.floors, flooring.token());
        flooring.add(tokio::spawn(looking));
        let (committer, started) = Committer::start(config.committer, &db, &events, &lanes.token());
        started.into_iter().for_each(|lane| lanes.add(lane));
        let keys = Keys::open(config.keys.clone(), &config.token).context("signing keys")?;
        let state = State {
            db,
            committer,
            events,
            floors,
            presence: Presence::connect(config.presence.clone()),
            keys,
            passwords: Passwords::new().context("password hashing")?,
            revocations: Revocations::default(),
            limits: RateLimits::new(config.rate.clone()),
            files: Files::open(config.files.clone())?,
            config: Arc::new(config),
        };
        start_tasks(&state, &mut tasks);
        let readiness = readiness(&state);
        let config = &state.config;
        let admin_state = web::Data::new(state.clone());
        let (admin_server, admin) =
            admin::serve(&config.admin, metrics, readiness.clone(), move |service| {
                service
                    .app_data(admin_state.clone())
                    .configure(router::internal);
            })
            .with_context(|| format!("admin port {}", config.admin.bind))?;
        let (http_server, http) =
            serve_http(&state).with_context(|| format!("REST port {}", config.http.bind))?;
        let handles = [http_server.handle(), admin_server.handle()];
        tokio::spawn(http_server);
        tokio::spawn(admin_server);
        tracing::info!(%http, %admin, "the service has started");
        Ok(Self {
            http,
            admin,
            state,
            handles,
            readiness,
            stages: vec![tasks, lanes, flooring, publishing, deleting],
        })
    }

    /// Ends everything, in the order in which one part feeds the next: no new requests; those under
    /// way are answered; the lanes commit what they took; the floors it moved are computed; the
    /// events are confirmed or stay in the outbox; what was confirmed is deleted from it.
    pub async fn stop(self) {
        let [http, admin] = self.handles;
        let deadline = self.state.config.http.shutdown;
        self.readiness.drain();
        http.stop(true).await;
        for stage in self.stages {
            stage.stop(deadline).await;
        }
        admin.stop(true).await;
        tracing::info!("the service has ended");
    }
}

fn start_tasks(state: &State, stage: &mut Stage) {
    let config = &state.config;
    let (db, events, stop) = (state.db.clone(), state.events.clone(), stage.token());
    let every = config.auth.revocations_every;
    stage.add(tokio::spawn(relay::run(
        db.clone(),
        events,
        config.relay,
        stop.clone(),
    )));
    stage.add(tokio::spawn(state.revocations.clone().watch(
        db,
        every,
        stop.clone(),
    )));
    stage.add(tokio::spawn(state.keys.clone().watch(stop.clone())));
    stage.add(tokio::spawn(sweeper::run(state.clone(), stop.clone())));
    for worker in commands::start(state, &stop) {
        stage.add(worker);
    }
}

fn readiness(state: &State) -> Readiness {
    let (db, events, presence, revocations) = (
        state.db.clone(),
        state.events.clone(),
        state.presence.clone(),
        state.revocations.clone(),
    );
    Readiness::builder()
        .need("postgres", move || {
            let db = db.clone();
            async move { db.ping().await.map_err(|error| error.to_string()) }
        })
        .check("rabbitmq", move || {
            let up = events.is_up();
            async move {
                if up {
                    Ok(())
                } else {
                    Err("not connected".to_owned())
                }
            }
        })
        .check("memcached", move || {
            let presence = presence.clone();
            async move { presence.ping().await }
        })
        .need("revocations", move || {
            let loaded = revocations.is_loaded();
            async move {
                if loaded {
                    Ok(())
                } else {
                    Err("not read yet".to_owned())
                }
            }
        })
        .build()
}

fn serve_http(state: &State) -> std::io::Result<(actix_web::dev::Server, SocketAddr)> {
    let http = state.config.http.clone();
    let data = web::Data::new(state.clone());
    let document = openapi::shared();
    let mut server = HttpServer::new(move || {
        ActixApp::new()
            .app_data(data.clone())
            .wrap(middleware::Compress::default())
            .wrap(middleware::from_fn(observe::request))
            .configure(|service| router::public(service, &document))
    })
    .disable_signals()
    .client_request_timeout(http.client_timeout)
    .keep_alive(KEEP_ALIVE)
    .shutdown_timeout(http.shutdown.as_secs().max(1))
    .tcp_nodelay(true);
    if http.workers > 0 {
        server = server.workers(http.workers);
    }
    let server = server.bind(http.bind)?;
    let address = server.addrs().first().copied().unwrap_or(http.bind);
    Ok((server.run(), address))
}
