//! Writers of every kind at random, through servers that are killed at random: whatever the order,
//! the contract's promises hold. A failed run prints its seed; `WARREN_TEST_SEED` repeats its
//! choices, though not the machine's timing.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

use protocol::frame::{ClientFrame, ServerFrame};
use protocol::ids::{ClientId, ConversationId, UserId};
use protocol::message::Message;
use protocol::sync::Changes;
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{Rng, SeedableRng};
use reqwest::Method;
use serde_json::json;
use testkit::client::{Device, Replica};
use testkit::eventually;
use testkit::http::User;
use testkit::process::{Process, System};
use testkit::ws::Socket;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::PATIENT;
use crate::insistent::{Insistent, message};
use crate::ledger;
use crate::reader::{Reader, require_contiguous};

const SEED: &str = "WARREN_TEST_SEED";
const PEOPLE: [&str; 4] = ["ada", "bob", "eve", "dan"];
/// Writers of each person, who share an account but not an order.
const HANDS: usize = 2;
/// What each of them does.
const ACTIONS: usize = 60;
const KILLS: usize = 3;
/// Orders in which the events are applied again, for each person.
const ORDERS: u64 = 4;
const SOON: Duration = Duration::from_secs(30);
/// For all actions, over all kills.
const DEADLINE: Duration = Duration::from_secs(150);

/// A chat, and the highest `seq` that somebody was told of.
#[derive(Debug)]
struct Chat {
    id: ConversationId,
    between: [UserId; 2],
    seq: AtomicI64,
}

/// One of a person's hands.
struct Writer {
    user: UserId,
    client: Insistent,
    socket: Arc<Socket>,
    chats: Vec<Arc<Chat>>,
    rng: StdRng,
    acknowledged: Vec<Message>,
}

impl Writer {
    async fn work(mut self, done: Arc<AtomicUsize>) -> Vec<Message> {
        for _ in 0..ACTIONS {
            self.act().await;
            done.fetch_add(1, Ordering::Relaxed);
        }
        self.acknowledged
    }

    async fn act(&mut self) {
        let chats = self.chats.clone();
        let chat = chats.choose(&mut self.rng).expect("everybody has chats");
        match self.rng.random_range(0..100) {
            0..45 => self.send(chat).await,
            45..58 => self.say_read(chat).await,
            58..70 => self.say_read_by_frame(chat).await,
            70..75 => {
                self.see(Method::POST, &at(chat, "clear"), None, &[204])
                    .await
            }
            75..84 => self.change_view(chat).await,
            84..89 => self.block_for_a_moment(chat).await,
            89..93 => {
                let other = json!({ "user_id": other(chat, self.user) });
                self.see(
                    Method::POST,
                    "/v1/conversations",
                    Some(other),
                    &[200, 201, 403],
                )
                .await;
            }
            93..95 => self.see(Method::DELETE, &at(chat, ""), None, &[204]).await,
            _ => self.look_at_changes(chat).await,
        }
    }

    /// Some sends are sent to both servers at once, some again.
    async fn send(&mut self, chat: &Chat) {
        let body = format!("{:x}", self.rng.random::<u64>());
        let (path, content) = message(chat.id, ClientId::new(), &body);
        let mut answers = Vec::new();
        if self.rng.random_bool(0.3) {
            answers = self.client.everywhere(Method::POST, &path, &content).await;
        }
        for _ in 0..self.rng.random_range(1..=2) {
            let reply = self.client.call(Method::POST, &path, Some(&content)).await;
            answers.push(reply);
        }
        let made = answers.iter().filter(|reply| reply.status == 201).count();
        assert!(made <= 1, "one message was made {made} times");
        let mut messages = Vec::new();
        for reply in answers {
            match reply.status {
                200 | 201 => messages.push(reply.json::<Message>()),
                // The other one has blocked, or this one has; or a server was killed.
                403 | 503 => {}
                _ => panic!("{reply}"),
            }
        }
        let Some(first) = messages.first() else {
            return;
        };
        assert!(
            messages.iter().all(|message| message == first),
            "{messages:#?}"
        );
        chat.seq.fetch_max(first.seq, Ordering::Relaxed);
        self.acknowledged.push(first.clone());
    }

    async fn say_read(&mut self, chat: &Chat) {
        let Some(seq) = self.some_seq(chat) else {
            return;
        };
        let body = if self.rng.random() {
            json!({ "delivered_seq": seq })
        } else {
            json!({ "read_seq": seq })
        };
        self.see(Method::POST, &at(chat, "receipts"), Some(body), &[204])
            .await;
    }

    async fn say_read_by_frame(&mut self, chat: &Chat) {
        let Some(seq) = self.some_seq(chat) else {
            return;
        };
        let (conversation_id, r#ref) = (chat.id, None);
        let frame = if self.rng.random() {
            ClientFrame::Delivered {
                conversation_id,
                seq,
                r#ref,
            }
        } else {
            ClientFrame::Read {
                conversation_id,
                seq,
                r#ref,
            }
        };
        self.socket.send(&frame).await;
    }

    async fn change_view(&mut self, chat: &Chat) {
        let flag: bool = self.rng.random();
        let seq = self.some_seq(chat);
        let body = match self.rng.random_range(0..4) {
            0 => json!({ "archived": flag }),
            1 => json!({ "pinned": flag, "pin_position": if flag { Some(3) } else { None } }),
            2 => json!({ "muted_until": flag.then_some("2100-01-01T00:00:00.000Z") }),
            _ => json!({ "unread_from_seq": seq.filter(|_| flag) }),
        };
        self.see(Method::PATCH, &at(chat, "me"), Some(body), &[200])
            .await;
    }

    async fn block_for_a_moment(&mut self, chat: &Chat) {
        let path = format!("/v1/blocks/{}", other(chat, self.user));
        for method in [Method::PUT, Method::DELETE] {
            self.see(method, &path, None, &[204]).await;
        }
    }

    async fn look_at_changes(&mut self, chat: &Chat) {
        let since = self.rng.random_range(0..=chat.seq.load(Ordering::Relaxed));
        let limit = self.rng.random_range(1..=100);
        let path = at(chat, &format!("changes?since={since}&limit={limit}"));
        let reply = self.client.call(Method::GET, &path, None).await;
        let changes: Changes = reply.expect(200).json();
        require_contiguous(&self.client, chat.id, since, &changes).await;
    }

    async fn see(
        &self,
        method: Method,
        path: &str,
        body: Option<serde_json::Value>,
        statuses: &[u16],
    ) {
        let reply = self.client.call(method, path, body.as_ref()).await;
        assert!(statuses.contains(&reply.status), "{reply}");
    }

    fn some_seq(&mut self, chat: &Chat) -> Option<i64> {
        let highest = chat.seq.load(Ordering::Relaxed);
        (highest > 0).then(|| self.rng.random_range(1..=highest))
    }
}

fn other(chat: &Chat, user: UserId) -> UserId {
    let [one, two] = chat.between;
    if user == one { two } else { one }
}

fn at(chat: &Chat, rest: &str) -> String {
    let path = format!("/v1/conversations/{}/{rest}", chat.id);
    path.trim_end_matches('/').to_owned()
}

/// One chat between any two.
async fn chats_of(people: &[User]) -> Vec<Arc<Chat>> {
    let mut chats = Vec::new();
    for (place, one) in people.iter().enumerate() {
        for two in people.iter().skip(place + 1) {
            let conversation = one.client.direct(two.id()).await;
            chats.push(Arc::new(Chat {
                id: conversation.shared.id,
                between: [one.id(), two.id()],
                seq: AtomicI64::new(0),
            }));
        }
    }
    chats
}

/// Syncs without a pause until it is stopped; then once more.
fn keep_reading(mut reader: Reader, stop: Arc<AtomicUsize>, all: usize) -> JoinHandle<Reader> {
    tokio::spawn(async move {
        while stop.load(Ordering::Relaxed) < all {
            reader.sync().await;
        }
        reader
    })
}

async fn require_no_deadlocks(process: &Process) {
    let metrics = process.metrics().await;
    let name = "warren_deadlocks_total";
    let found = metrics.lines().find(|line| line.starts_with(name));
    assert_eq!(
        found,
        Some("warren_deadlocks_total 0"),
        "{}",
        process.name()
    );
}

/// Kills a server at random and starts it again, at even distances of the whole work.
async fn kill_now_and_then(
    system: &mut System,
    rng: &mut StdRng,
    done: &AtomicUsize,
    all: usize,
    workers: &[JoinHandle<Vec<Message>>],
) {
    for kill in 1..=KILLS {
        let goal = all * kill / (KILLS + 1);
        eventually(DEADLINE, || async {
            let (reached, failed) = (done.load(Ordering::Relaxed), goal);
            // One that ended before the others is either quick or has failed.
            let ended = workers.iter().filter(|worker| worker.is_finished()).count();
            assert!(ended * ACTIONS <= reached, "a writer has failed");
            (reached >= goal).then_some(()).ok_or((reached, failed))
        })
        .await;
        let victim = rng.random_range(0..system.api.len());
        require_no_deadlocks(&system.api[victim]).await;
        system.api[victim].kill9();
        system.api[victim].restart().await;
    }
}

/// Receipts by frame are still on their way when the last action is done: this waits for them.
async fn require_agreement(mut reader: Reader, user: &User) {
    let end = Instant::now() + SOON;
    loop {
        reader.sync().await;
        let (held, fresh) = (reader.snapshot(), Device::fresh(user).await.snapshot());
        if held == fresh {
            return;
        }
        let name = user.username();
        assert!(Instant::now() < end, "{name}: {held:#?}\nfresh: {fresh:#?}");
    }
}

/// What a client held at first and all events since, in any order and with repeats, and one sync:
/// that must be what a fresh load shows.
async fn require_any_order_heals(old: &Device, socket: &Socket, user: &User, rng: &mut StdRng) {
    let fresh = Device::fresh(user).await.snapshot();
    let arrived = socket.arrived().into_iter();
    let frames: Vec<ServerFrame> = arrived.filter_map(|arrived| arrived.frame).collect();
    assert!(frames.len() > ACTIONS, "only {} events", frames.len());
    for order in 0..ORDERS {
        let mut shuffled: Vec<_> = frames.iter().chain(frames.iter().step_by(3)).collect();
        shuffled.shuffle(rng);
        // In some orders part of the events is lost, too.
        shuffled.truncate(shuffled.len() - shuffled.len() * order as usize / 8);
        let mut device = old.clone();
        for frame in shuffled {
            device.apply(frame).await;
        }
        device.sync().await;
        assert_eq!(
            device.snapshot(),
            fresh,
            "{}, order {order}",
            user.username()
        );
    }
}

#[tokio::test]
async fn random_writers_through_killed_servers_keep_every_promise() {
    let seed = std::env::var(SEED).map_or_else(
        |_unset| rand::random(),
        |seed| seed.parse().expect("a seed is a number"),
    );
    eprintln!("{SEED}={seed}");
    let mut rng = StdRng::seed_from_u64(seed);
    let builder = System::builder()
        .await
        .api(2)
        .ws(1)
        .set(PATIENT.0, PATIENT.1);
    let mut system = builder.start().await;
    let mut people = Vec::new();
    for name in PEOPLE {
        people.push(system.register(name).await);
    }
    let chats = chats_of(&people).await;
    let watch = ledger::watch_counters(&system.env).await;
    let mut sockets = Vec::new();
    let (mut olds, mut readers, mut workers) = (Vec::new(), Vec::new(), Vec::new());
    let done = Arc::<AtomicUsize>::default();
    let all = PEOPLE.len() * HANDS * ACTIONS;
    for (place, user) in people.iter().enumerate() {
        let socket = Arc::new(system.socket(0, user).await);
        olds.push(Device::fresh(user).await);
        let client = Insistent::new(&system, user, place);
        let reader = Reader::new(Replica::new(user.id()), client);
        readers.push(keep_reading(reader, done.clone(), all));
        let own = chats
            .iter()
            .filter(|chat| chat.between.contains(&user.id()));
        let own: Vec<_> = own.cloned().collect();
        for hand in 0..HANDS {
            let writer = Writer {
                user: user.id(),
                client: Insistent::new(&system, user, place + hand),
                socket: socket.clone(),
                chats: own.clone(),
                rng: StdRng::seed_from_u64(rng.random()),
                acknowledged: Vec::new(),
            };
            workers.push(tokio::spawn(writer.work(done.clone())));
        }
        sockets.push(socket);
    }
    kill_now_and_then(&mut system, &mut rng, &done, all, &workers).await;

    let mut acknowledged = Vec::new();
    for worker in workers {
        let of_one = worker.await.expect("a writer has failed");
        let mut last = std::collections::BTreeMap::new();
        for message in &of_one {
            let before = last.insert(message.conversation_id, message.seq);
            assert!(before < Some(message.seq), "the order of one writer");
        }
        acknowledged.extend(of_one);
    }
    let ids: BTreeSet<_> = acknowledged.iter().map(|message| message.id).collect();
    assert_eq!(ids.len(), acknowledged.len(), "an id was given twice");
    ledger::require_gapless(&system.env).await;
    ledger::require_at_least(&system.env, &acknowledged).await;
    ledger::outbox_empties(&system.env).await;
    for process in &system.api {
        require_no_deadlocks(process).await;
    }
    for (reader, user) in readers.into_iter().zip(&people) {
        let reader = reader.await.expect("a reader has failed");
        require_agreement(reader, user).await;
    }
    for ((old, socket), user) in olds.iter().zip(&sockets).zip(&people) {
        require_any_order_heals(old, socket, user, &mut rng).await;
        assert_eq!(socket.closed(), None);
    }
    assert!(!watch.is_finished(), "a counter fell: see above");
    watch.abort();
}
