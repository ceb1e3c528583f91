//! A deploy as people see it: every process is replaced, one after the other, behind nginx and under
//! load, and nobody notices more than a reconnect.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use protocol::frame::ReadyReason;
use testkit::client::Device;
use testkit::http::User;
use testkit::process::{FrontDoor, Process, System};
use testkit::ws::{Connect, Socket};
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::PATIENT;
use crate::insistent::Insistent;
use crate::ledger;
use crate::load::Load;

const SOON: Duration = Duration::from_secs(20);
/// Over how long a ws-server sends its sockets away, and by when it is gone.
const SPREAD_MS: u32 = 1_500;
const DRAIN_DEADLINE_MS: u32 = 10_000;
/// Messages acknowledged between two replacements.
const BETWEEN: usize = 40;
/// Everybody is in the group, and in a direct chat with their neighbour.
const PEOPLE: usize = 6;

/// A client that only listens, and goes where the front door sends it.
#[derive(Debug)]
struct Listener {
    user: User,
    url: String,
    socket: Socket,
    device: Device,
    moves: usize,
}

impl Listener {
    async fn start(front: &FrontDoor, user: User) -> Self {
        let url = front.ws_url();
        let socket = connect(&url, &user).await;
        let device = Device::fresh(&user).await;
        Self {
            user,
            url,
            socket,
            device,
            moves: 0,
        }
    }

    /// Applies what arrives, until it is told to stop.
    async fn listen(mut self, stop: Arc<AtomicBool>) -> Self {
        while !stop.load(Ordering::Relaxed) {
            self.device.follow(&self.socket).await;
            if let Some(closed) = self.socket.closed() {
                assert_eq!(closed.code, 1001, "{}", closed.reason);
                // What had arrived by then counts.
                self.device.follow(&self.socket).await;
                self.socket = connect(&self.url, &self.user).await;
                self.device.moved();
                self.device.sync().await;
                self.moves += 1;
            }
            sleep(Duration::from_millis(20)).await;
        }
        self
    }
}

/// The first try must succeed: a server that goes away is the front door's to know, not the client's.
async fn connect(url: &str, user: &User) -> Socket {
    let connecting = Connect::to(url).bearer(&user.access_token).open().await;
    let socket = connecting.unwrap_or_else(|refused| panic!("the front door refused: {refused:?}"));
    socket.expect_hello().await;
    // Bound first, read after: what is asked before would leave a gap.
    socket.expect_ready(ReadyReason::Connected).await;
    socket
}

async fn replace(process: &mut Process) {
    process.terminate();
    let status = process.wait_exit(SOON).await;
    assert!(status.success(), "{status}\n{}", process.logs());
    process.restart().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn replacing_every_process_under_load_fails_no_request_and_leaves_no_hole() {
    let builder = System::builder().await.api(2).ws(2);
    let builder = builder
        .set(PATIENT.0, PATIENT.1)
        .set("WARREN_WS_DRAIN_SPREAD_MS", SPREAD_MS)
        .set("WARREN_WS_DRAIN_DEADLINE_MS", DRAIN_DEADLINE_MS);
    let mut system = builder.start().await;
    let front = FrontDoor::start(&system).await;
    let names: Vec<String> = (0..PEOPLE).map(|n| format!("person{n}")).collect();
    let users = join_all(names.iter().map(|name| system.register(name))).await;
    let users: Vec<User> = users.iter().map(|user| user.at(front.url())).collect();
    let group = users[0].client.public_group("everybody").await;
    join_all(
        users[1..]
            .iter()
            .map(|user| user.client.join(group.shared.id)),
    )
    .await;
    let general = group.channels[0].id;
    let mut senders = Vec::new();
    for (n, user) in users.iter().enumerate() {
        let neighbour = users[(n + 1) % PEOPLE].id();
        let direct = user.client.direct(neighbour).await.shared.id;
        let chat = if n % 2 == 0 { general } else { direct };
        senders.push((Insistent::through(&front, user), chat));
    }
    let stop = Arc::<AtomicBool>::default();
    let listening = users
        .iter()
        .map(|user| Listener::start(&front, user.clone()));
    let listening = join_all(listening).await;
    let listening: Vec<JoinHandle<Listener>> = listening
        .into_iter()
        .map(|listener| tokio::spawn(listener.listen(stop.clone())))
        .collect();

    let load = Load::start(senders.iter().cloned());
    load.go_on_for(BETWEEN).await;
    for process in system.api.iter_mut().chain(&mut system.ws) {
        replace(process).await;
        load.go_on_for(BETWEEN).await;
    }
    let sent = load.stop().await;

    for (sender, _) in &senders {
        let tally = sender.tally();
        let tries = [&tally.refused, &tally.broken, &tally.done_unanswered];
        let tries = tries.map(|count| count.load(Ordering::Relaxed));
        assert_eq!(
            tries, [0; 3],
            "sends refused, broken, and done without an answer"
        );
    }
    let failed = |record: &serde_json::Value| record["status"].as_u64() >= Some(500);
    let requests = front.logs().records();
    let failed: Vec<_> = requests.iter().filter(|record| failed(record)).collect();
    assert_eq!(failed, Vec::<&serde_json::Value>::new());
    let sent: Vec<_> = sent.into_iter().flatten().collect();
    ledger::require_at_least(&system.env, &sent).await;
    ledger::require_one_timeline(&system.env).await;
    ledger::outbox_empties(&system.env).await;
    stop.store(true, Ordering::Relaxed);
    for listener in listening {
        let Listener {
            user,
            socket,
            mut device,
            moves,
            ..
        } = listener.await.expect("a listener has failed");
        assert!(moves > 0, "{} was never sent away", user.username());
        device.converge(&socket, &user, SOON).await;
    }
}
