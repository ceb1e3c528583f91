//! The process: what its parts share, and starting and ending them in order.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actix_http::{HttpService, Request, h1};
use actix_server::{Server, ServerHandle};
use actix_service::{IntoServiceFactory, ServiceFactoryExt, fn_service, map_config};
use actix_web::dev::AppConfig;
use actix_web::rt::net::TcpStream;
use anyhow::Context;
use arc_swap::ArcSwapOption;
use metrics_exporter_prometheus::PrometheusHandle;
use platform::admin::{self, Readiness};
use platform::broker::publisher::Publisher;
use platform::shutdown::CancellationToken;
use platform::token::Verifier;
use presence::Presence;
use serde::Serialize;
use tokio::task::JoinHandle;
use tokio_util::task::TaskTracker;

use crate::api_client::ApiClient;
use crate::bindings::Bindings;
use crate::commands::receipts::Post;
use crate::config::Config;
use crate::hub::{self, Worker};
use crate::keys::Keys;
use crate::last_seen::LastSeenLog;
use crate::online::Online;
use crate::rate::NewSockets;
use crate::roster::Roster;
use crate::routes::Routes;
use crate::watch::{self, Watches};
use crate::workers::Workers;
use crate::{broker, handshake, heartbeat, pages, revocations};

/// Connections the kernel keeps until a worker takes them: a reconnect storm's worth.
const BACKLOG: u32 = 4096;

/// What the parts of the process share.
#[derive(Debug)]
pub struct Shared {
    /// The settings.
    pub config: Config,
    /// This server's name in `hello` and in the logs.
    pub server_id: String,
    /// Reads access tokens.
    pub verifier: Verifier,
    /// Fetches new keys.
    pub keys: Keys,
    /// The database's epoch, when the API has said it.
    pub epoch: Arc<ArcSwapOption<String>>,
    /// Which keys the queue is bound with.
    pub bindings: Arc<Bindings>,
    /// Who is here.
    pub roster: Arc<Roster>,
    /// What to bind for whom.
    pub routes: Routes,
    /// The way to the hubs.
    pub workers: Arc<Workers>,
    /// Commands for the API.
    pub publisher: Publisher,
    /// Watermarks for the API.
    pub receipts: Post,
    /// Who comes.
    pub online: Online,
    /// Who leaves.
    pub last_seen: LastSeenLog,
    /// Who watches whom.
    pub watches: Watches,
    /// How many sockets a user may open.
    pub new_sockets: NewSockets,
    /// Every connection that asked for a socket, from its handshake to its end; no more are taken
    /// once the process is going away.
    pub connections: TaskTracker,
    /// It is known which sessions have ended.
    pub trusted: AtomicBool,
    /// The API answered when it was last asked.
    pub api_up: AtomicBool,
    /// The link that consumes is up.
    pub consuming: AtomicBool,
}

impl Shared {
    /// Whether the process is going away.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.connections.is_closed()
    }
}

/// A running ws-server.
#[derive(Debug)]
pub struct App {
    /// Where clients connect.
    pub address: SocketAddr,
    /// Where health and metrics are.
    pub admin_address: SocketAddr,
    shared: Arc<Shared>,
    readiness: Readiness,
    server: ServerHandle,
    admin: ServerHandle,
    serving: JoinHandle<std::io::Result<()>>,
    /// Ends what feeds the sockets.
    stop: CancellationToken,
    /// Ends what passes on the last words, after the sockets.
    stop_publishing: CancellationToken,
    publishing: JoinHandle<()>,
    departing: JoinHandle<()>,
    receipts: JoinHandle<()>,
}

/// The JSON of one of our own types.
///
/// # Panics
/// Never: they are plain data with string keys.
#[must_use]
pub fn encode(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("our own types are plain data")
}

impl App {
    /// Starts everything; dependencies that are away are waited for in the background.
    ///
    /// # Errors
    /// If an address cannot be bound.
    pub fn start(config: Config, metrics: PrometheusHandle) -> anyhow::Result<Self> {
        let stop = CancellationToken::new();
        let stop_publishing = CancellationToken::new();
        let server_id = config.log.instance_name();
        let api = Arc::new(ApiClient::new(&config.api).context("HTTP client")?);
        let verifier = Verifier::new(&config.token);
        let presence = Presence::connect(config.presence.clone());
        let epoch = Arc::<ArcSwapOption<String>>::default();
        let roster = Arc::<Roster>::default();
        let workers = Arc::new(Workers::new(
            config.delivery.hand_over,
            config.delivery.hand_over_patience,
        ));
        let (publisher, publishing) = Publisher::spawn(
            config.broker.clone(),
            format!("ws-server {server_id} publish"),
            stop_publishing.clone(),
        );
        let (last_seen, departing) =
            LastSeenLog::spawn(publisher.clone(), config.commands.last_seen, stop.clone());
        let (receipts, posting) = Post::spawn(
            publisher.clone(),
            config.commands.receipts_gather,
            stop.clone(),
        );
        let (watches, requests) = Watches::channel();
        let per_minute = config.socket.sockets_per_minute;
        let shared = Arc::new(Shared {
            keys: Keys::spawn(api.clone(), &config.api, verifier.clone(), stop.clone()),
            routes: Routes::spawn(api.clone(), epoch.clone(), stop.clone()),
            online: Online::spawn(
                presence.clone(),
                roster.clone(),
                config.watch.refresh,
                stop.clone(),
            ),
            new_sockets: NewSockets::new(config.http.rate_limits.then_some(per_minute)),
            bindings: Bindings::new(config.bindings.linger),
            server_id,
            verifier,
            epoch,
            roster: roster.clone(),
            workers: workers.clone(),
            publisher,
            receipts,
            last_seen,
            watches,
            connections: TaskTracker::new(),
            trusted: AtomicBool::new(true),
            api_up: AtomicBool::new(false),
            consuming: AtomicBool::new(false),
            config,
        });
        let watching = watch::Task {
            api: api.clone(),
            presence: presence.clone(),
            roster,
            workers,
            refresh: shared.config.watch.refresh,
            recheck: shared.config.watch.recheck,
        };
        tokio::spawn(watching.run(requests, stop.clone()));
        tokio::spawn(revocations::run(shared.clone(), api, stop.clone()));
        tokio::spawn(broker::run(shared.clone(), stop.clone()));
        let readiness = readiness(&shared, presence);
        let (admin, admin_address) =
            admin::serve(&shared.config.admin, metrics, readiness.clone(), |_| {})
                .context("admin port")?;
        let admin_handle = admin.handle();
        tokio::spawn(admin);
        let (server, address) = listen(&shared).context("HTTP port")?;
        let handle = server.handle();
        let serving = tokio::spawn(server);
        tracing::info!(%address, %admin_address, server_id = shared.server_id, "listening");
        Ok(Self {
            address,
            admin_address,
            shared,
            readiness,
            server: handle,
            admin: admin_handle,
            serving,
            stop,
            stop_publishing,
            publishing,
            departing,
            receipts: posting,
        })
    }

    /// Sends every socket away, one after the other, and ends; no later than its deadline.
    pub async fn drain(self) {
        let deadline = self.shared.config.drain.deadline;
        self.readiness.drain();
        self.shared.connections.close();
        tracing::info!(users = self.shared.roster.len(), "draining");
        let everyone = self.shared.connections.wait();
        if tokio::time::timeout(deadline, everyone).await.is_err() {
            tracing::warn!(
                users = self.shared.roster.len(),
                "the drain's deadline is over"
            );
        }
        self.end().await;
    }

    /// Ends at once: sockets are dropped.
    pub async fn end(self) {
        self.server.stop(false).await;
        // First who still speaks, then the way they speak through.
        self.stop.cancel();
        settle(self.receipts, "receipts").await;
        settle(self.departing, "last seen").await;
        self.stop_publishing.cancel();
        settle(self.publishing, "publisher").await;
        settle(self.serving, "server").await;
        self.admin.stop(false).await;
        tracing::info!("ended");
    }
}

/// How long one part may take to end.
const PART_DEADLINE: Duration = Duration::from_secs(3);

async fn settle<T>(part: JoinHandle<T>, name: &'static str) {
    match tokio::time::timeout(PART_DEADLINE, part).await {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => tracing::error!(%error, part = name, "a part failed"),
        Err(_elapsed) => tracing::warn!(part = name, "a part does not end"),
    }
}

fn readiness(shared: &Arc<Shared>, presence: Presence) -> Readiness {
    let flag = |up: bool, fault: &str| if up { Ok(()) } else { Err(fault.to_owned()) };
    let (broker, api, keys) = (shared.clone(), shared.clone(), shared.clone());
    Readiness::builder()
        .check("broker", move || {
            let up = broker.consuming.load(Ordering::Acquire) && broker.publisher.is_up();
            async move { flag(up, "the link is down") }
        })
        .need("api", move || {
            let up = api.api_up.load(Ordering::Acquire);
            async move { flag(up, "it does not answer") }
        })
        .need("keys", move || {
            let known = keys.verifier.has_keys();
            async move { flag(known, "no key is known") }
        })
        .check("presence", move || {
            let presence = presence.clone();
            async move { presence.ping().await }
        })
        .build()
}

/// Listens with one hub for each worker thread. WebSocket upgrades leave the HTTP server at once;
/// everything else is answered by ordinary routes.
fn listen(shared: &Arc<Shared>) -> anyhow::Result<(Server, SocketAddr)> {
    let config = &shared.config.http;
    let listener = TcpListener::bind(config.bind)?;
    let address = listener.local_addr()?;
    let shared = shared.clone();
    let factory = move || {
        let inbox = shared.workers.register();
        let worker = Worker::new(shared.clone(), &inbox);
        actix_web::rt::spawn(hub::run(worker.clone(), inbox));
        actix_web::rt::spawn(heartbeat::run(worker.clone()));
        type Upgrade = (Request, actix_codec::Framed<TcpStream, h1::Codec>);
        let upgrade = fn_service(move |(request, io): Upgrade| {
            // The server has room for this future twice in the task of each connection: what it
            // holds is on the heap, and the handshake makes room for the life after it.
            let handshake = Box::pin(handshake::serve(worker.clone(), request, io));
            async move {
                if let Some(life) = handshake.await {
                    life.await;
                }
                Ok::<_, actix_http::Error>(())
            }
        });
        let pages = pages::app()
            .into_factory()
            .map_err(|error: actix_web::Error| error.error_response());
        HttpService::build()
            .tcp_nodelay(true)
            .upgrade(upgrade)
            .finish(map_config(pages, |()| AppConfig::default()))
            .tcp()
    };
    let server = Server::build()
        .workers(config.workers)
        // The server takes it for each of its threads.
        .max_concurrent_connections(config.max_connections.div_ceil(config.workers))
        .backlog(BACKLOG)
        .disable_signals()
        .shutdown_timeout(1)
        .listen("ws", listener, factory)?
        .run();
    Ok((server, address))
}
