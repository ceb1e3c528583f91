//! A double of the API: keys, tokens and the internal routes, from what a test says is true.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpResponse, HttpServer, web};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use protocol::ids::{GroupId, SessionId, UserId};
use protocol::internal::{
    MemberRef, REVOCATIONS_PATH, ROUTES_PATH, RevocationsResponse, RoutesRequest, RoutesResponse,
    SessionRef, UserRoutes, VISIBLE_PATH, Visible, VisibleRequest, VisibleResponse, VisibleUser,
};
use serde_json::json;
use testkit::TestEnv;
use testkit::keys::SigningKeyFile;
use tokio::sync::OwnedMutexGuard;

/// What the database would say.
#[derive(Debug, Default)]
pub struct Truth {
    pub groups: HashMap<UserId, HashSet<GroupId>>,
    pub ended: HashSet<SessionId>,
    pub hidden: HashSet<UserId>,
    /// Who may see whom.
    pub visible: HashMap<UserId, HashSet<UserId>>,
    /// What the list of revocations holds.
    pub revoked: Vec<SessionRef>,
    pub removed: Vec<MemberRef>,
    /// Keys the JWKS lists: name and public key.
    pub keys: Vec<(String, [u8; 32])>,
}

#[derive(Debug, Default)]
struct Shared {
    truth: Mutex<Truth>,
    /// Answers the internal routes with this status instead, unless 0.
    status: AtomicU16,
    routes_calls: AtomicUsize,
    routes_pairs: AtomicUsize,
    jwks_calls: AtomicUsize,
    visible_calls: AtomicUsize,
    /// Held while the keys are not given.
    jwks_gate: Arc<tokio::sync::Mutex<()>>,
}

/// The double.
#[derive(Debug)]
pub struct Api {
    pub url: String,
    shared: Arc<Shared>,
    handle: ServerHandle,
}

/// Someone signed in.
#[derive(Clone, Debug)]
pub struct Person {
    pub user_id: UserId,
    pub session_id: SessionId,
    pub token: String,
}

impl Person {
    pub fn session(&self) -> SessionRef {
        SessionRef {
            user_id: self.user_id,
            session_id: self.session_id,
        }
    }
}

impl Api {
    pub fn start(env: &TestEnv) -> Self {
        let shared = Arc::<Shared>::default();
        let key = &env.secrets().signing_key;
        shared
            .truth
            .lock()
            .unwrap()
            .keys
            .push((key.kid.clone(), key.public_key()));
        let state = web::Data::from(shared.clone());
        let server = HttpServer::new(move || {
            App::new()
                .app_data(state.clone())
                .app_data(web::JsonConfig::default().limit(8 << 20))
                .route("/.well-known/jwks.json", web::get().to(jwks))
                .route(ROUTES_PATH, web::post().to(routes))
                .route(REVOCATIONS_PATH, web::get().to(revocations))
                .route(VISIBLE_PATH, web::post().to(visible))
        })
        .workers(1)
        .disable_signals()
        .bind(("127.0.0.1", 0))
        .unwrap();
        let url = format!("http://{}", server.addrs()[0]);
        let server = server.run();
        let handle = server.handle();
        tokio::spawn(server);
        Self {
            url,
            shared,
            handle,
        }
    }

    /// Changes what is true.
    pub fn now(&self, change: impl FnOnce(&mut Truth)) {
        change(&mut self.shared.truth.lock().unwrap());
    }

    /// The internal routes answer with this status; 0 is their own answer.
    pub fn answer(&self, status: u16) {
        self.shared.status.store(status, Ordering::SeqCst);
    }

    pub fn routes_calls(&self) -> (usize, usize) {
        (
            self.shared.routes_calls.load(Ordering::SeqCst),
            self.shared.routes_pairs.load(Ordering::SeqCst),
        )
    }

    pub fn jwks_calls(&self) -> usize {
        self.shared.jwks_calls.load(Ordering::SeqCst)
    }

    pub fn visible_calls(&self) -> usize {
        self.shared.visible_calls.load(Ordering::SeqCst)
    }

    /// Whoever asks for the keys waits until the guard is dropped.
    pub async fn hold_keys(&self) -> OwnedMutexGuard<()> {
        self.shared.jwks_gate.clone().lock_owned().await
    }

    pub fn join(&self, person: &Person, group: GroupId) {
        self.now(|truth| {
            truth
                .groups
                .entry(person.user_id)
                .or_default()
                .insert(group);
        });
    }

    pub fn leave(&self, person: &Person, group: GroupId) {
        self.now(|truth| {
            truth
                .groups
                .entry(person.user_id)
                .or_default()
                .remove(&group);
            truth.removed.push(MemberRef {
                user_id: person.user_id,
                group_id: group,
            });
        });
    }

    pub fn end(&self, person: &Person) {
        self.now(|truth| {
            truth.ended.insert(person.session_id);
            truth.revoked.push(person.session());
        });
    }

    pub async fn stop(self) {
        self.handle.stop(false).await;
    }
}

/// Claims that are all right.
pub fn claims(user_id: UserId, session_id: SessionId, lives_secs: i64) -> serde_json::Value {
    let now = chrono::Utc::now().timestamp();
    json!({
        "iss": "warren",
        "aud": "warren",
        "sub": user_id,
        "sid": session_id,
        "iat": now,
        "exp": now + lives_secs,
    })
}

/// Someone new, signed in with this key.
pub fn person(key: &SigningKeyFile) -> Person {
    let (user_id, session_id) = (UserId::new(), SessionId::new());
    Person {
        user_id,
        session_id,
        token: key.token(&claims(user_id, session_id, 900)),
    }
}

async fn jwks(shared: web::Data<Shared>) -> HttpResponse {
    shared.jwks_calls.fetch_add(1, Ordering::SeqCst);
    drop(shared.jwks_gate.lock().await);
    let keys: Vec<_> = shared
        .truth
        .lock()
        .unwrap()
        .keys
        .iter()
        .map(|(kid, public)| {
            json!({
                "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA",
                "kid": kid, "x": URL_SAFE_NO_PAD.encode(public),
            })
        })
        .collect();
    HttpResponse::Ok().json(json!({ "keys": keys }))
}

impl Shared {
    fn refusal(&self) -> Option<HttpResponse> {
        let status = self.status.load(Ordering::SeqCst);
        let status = actix_web::http::StatusCode::from_u16(status).ok()?;
        Some(HttpResponse::build(status).finish())
    }
}

async fn routes(shared: web::Data<Shared>, request: web::Json<RoutesRequest>) -> HttpResponse {
    if let Some(refusal) = shared.refusal() {
        return refusal;
    }
    shared.routes_calls.fetch_add(1, Ordering::SeqCst);
    shared
        .routes_pairs
        .fetch_add(request.sessions.len(), Ordering::SeqCst);
    let truth = shared.truth.lock().unwrap();
    let routes = request
        .sessions
        .iter()
        .map(|session| UserRoutes {
            user_id: session.user_id,
            session_id: session.session_id,
            ended: truth.ended.contains(&session.session_id),
            groups: truth
                .groups
                .get(&session.user_id)
                .into_iter()
                .flatten()
                .copied()
                .collect(),
            hide_presence: truth.hidden.contains(&session.user_id),
        })
        .collect();
    HttpResponse::Ok().json(RoutesResponse {
        epoch: "e1".to_owned(),
        routes,
    })
}

async fn revocations(shared: web::Data<Shared>) -> HttpResponse {
    if let Some(refusal) = shared.refusal() {
        return refusal;
    }
    let truth = shared.truth.lock().unwrap();
    // Answers overlap, as the API's do.
    HttpResponse::Ok().json(RevocationsResponse {
        epoch: "e1".to_owned(),
        cursor: "c+1&2".to_owned(),
        sessions: truth.revoked.clone(),
        members: truth.removed.clone(),
    })
}

async fn visible(shared: web::Data<Shared>, request: web::Json<VisibleRequest>) -> HttpResponse {
    shared.visible_calls.fetch_add(1, Ordering::SeqCst);
    if let Some(refusal) = shared.refusal() {
        return refusal;
    }
    let truth = shared.truth.lock().unwrap();
    let watchers = request
        .watchers
        .iter()
        .map(|watcher| Visible {
            user_id: watcher.user_id,
            users: watcher
                .user_ids
                .iter()
                .filter(|user| {
                    truth
                        .visible
                        .get(&watcher.user_id)
                        .is_some_and(|seen| seen.contains(user))
                })
                .map(|user_id| VisibleUser {
                    user_id: *user_id,
                    last_seen_at: None,
                })
                .collect(),
        })
        .collect();
    HttpResponse::Ok().json(VisibleResponse { watchers })
}
