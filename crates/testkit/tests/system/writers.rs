//! Writers of every kind at random, through servers that are killed at random: whatever the order,
//! the contract's promises hold. A failed run prints its seed; `WARREN_TEST_SEED` repeats its
//! choices, though not the machine's timing.

mod writer;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use protocol::conversation::{ConversationKind, View};
use protocol::frame::ServerFrame;
use protocol::ids::ConversationId;
use protocol::message::Message;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use testkit::client::{Device, Replica, Snapshot};
use testkit::eventually;
use testkit::http::User;
use testkit::process::{Process, System};
use testkit::ws::Socket;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use self::writer::{Chat, Place, Writer};
use crate::PATIENT;
use crate::insistent::Insistent;
use crate::ledger;
use crate::reader::Reader;

const SEED: &str = "WARREN_TEST_SEED";
const PEOPLE: [&str; 4] = ["ada", "bob", "eve", "dan"];
/// Writers of each person, who share an account but not an order.
const HANDS: usize = 2;
/// What each of them does.
const ACTIONS: usize = 60;
const KILLS: usize = 3;
/// The sweeper works beside them, on files that nobody has sent for longer than a send takes.
const SWEEPER: [(&str, u32); 3] = [
    ("WARREN_AUTH_SWEEP_EVERY_MS", 100),
    ("WARREN_FILES_UNHELD_LIFE_MS", 2000),
    ("WARREN_FILES_GRACE_MS", 2000),
];
/// Orders in which the events are applied again, for each person.
const ORDERS: u64 = 4;
const SOON: Duration = Duration::from_secs(30);
/// For all actions, over all kills.
const DEADLINE: Duration = Duration::from_secs(150);

fn chat(id: ConversationId, place: Place) -> Arc<Chat> {
    Arc::new(Chat {
        id,
        place,
        seq: AtomicI64::new(0),
        messages: Mutex::default(),
    })
}

/// One chat between any two, and the channels of a group of all, which is the first one's.
async fn chats_of(people: &[User]) -> Vec<Arc<Chat>> {
    let mut chats = Vec::new();
    for (place, one) in people.iter().enumerate() {
        for two in people.iter().skip(place + 1) {
            let conversation = one.client.direct(two.id()).await;
            let between = Place::Direct([one.id(), two.id()]);
            chats.push(chat(conversation.shared.id, between));
        }
    }
    let owner = &people[0].client;
    let group = owner.public_group("everyone").await;
    let channel = Place::Channel(group.shared.id);
    chats.push(chat(group.channels[0].id, channel));
    for guest in &people[1..] {
        guest.client.join(group.shared.id).await;
    }
    let talk = owner.channel(group.shared.id, "talk").await;
    chats.push(chat(talk.shared.id, channel));
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

/// A killed server may have left the lowest watermarks of a channel too low, until the next movement
/// there: this is it.
async fn last_words(owner: &User, chats: &[Arc<Chat>]) -> Vec<Message> {
    let channels = chats
        .iter()
        .filter(|chat| matches!(chat.place, Place::Channel(_)));
    let mut sent = Vec::new();
    for channel in channels {
        sent.push(owner.client.send(channel.id, "that was all").await);
    }
    sent
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

/// Requires that each revision since an old snapshot was told, of one's direct chats, and of channels
/// if one was in them all the time: `rev` has no gaps.
async fn require_every_revision_told(old: &Device, socket: &Socket, user: &User, stayed: bool) {
    let mut told: BTreeMap<ConversationId, BTreeSet<i64>> = BTreeMap::new();
    for frame in socket.arrived().into_iter().filter_map(|one| one.frame) {
        if let ServerFrame::MessageCreated {
            conversation_id,
            rev,
            ..
        }
        | ServerFrame::MessageUpdated {
            conversation_id,
            rev,
            ..
        }
        | ServerFrame::MessageDeleted {
            conversation_id,
            rev,
            ..
        } = frame
        {
            told.entry(conversation_id).or_default().insert(rev);
        }
    }
    let all = old.snapshot().into_values().map(|room| room.shared);
    for chat in all.filter(|chat| stayed || chat.kind == ConversationKind::Direct) {
        let rev = user.client.conversation(chat.id).await.shared.rev;
        let told = told.remove(&chat.id).unwrap_or_default();
        let missing: Vec<i64> = (chat.rev + 1..=rev)
            .filter(|rev| !told.contains(rev))
            .collect();
        assert!(missing.is_empty(), "{} up to {rev}: {missing:?}", chat.id);
    }
}

/// Requires that the server counts as unread what a client does that holds every message.
async fn require_same_counts(user: &User, fresh: &BTreeMap<ConversationId, Snapshot>) {
    for (id, held) in fresh {
        let told = user.client.conversation(*id).await.me;
        let counts = |me: &View| (me.unread, me.mentions);
        let name = user.username();
        assert_eq!(counts(&told), counts(&held.me), "{name} in {id}: {held:#?}");
    }
}

/// What a client held at first and all events since, in any order and with repeats, and one sync:
/// that must be what a fresh load shows.
async fn require_any_order_heals(old: &Device, socket: &Socket, user: &User, rng: &mut StdRng) {
    let fresh = Device::fresh(user).await.snapshot();
    require_same_counts(user, &fresh).await;
    let arrived = socket.arrived().into_iter();
    // Being told to sync would heal too early.
    let events = arrived.filter_map(|arrived| arrived.frame);
    let frames: Vec<ServerFrame> = events
        .filter(|frame| !matches!(frame, ServerFrame::Ready { .. }))
        .collect();
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
    let mut builder = System::builder().await.api(2).ws(1);
    for (name, value) in [PATIENT].into_iter().chain(SWEEPER) {
        builder = builder.set(name, value);
    }
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
        let own = chats.iter().filter(|chat| chat.concerns(user.id()));
        let own: Vec<_> = own.cloned().collect();
        let files = Arc::default();
        for hand in 0..HANDS {
            let guests = people.iter().skip(1).filter(|_| place == 0);
            let writer = Writer {
                user: user.id(),
                guests: guests.map(User::id).collect(),
                client: Insistent::new(&system, user, place + hand),
                socket: socket.clone(),
                chats: own.clone(),
                files: Arc::clone(&files),
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
    acknowledged.extend(last_words(&people[0], &chats).await);
    let ids: BTreeSet<_> = acknowledged.iter().map(|message| message.id).collect();
    assert_eq!(ids.len(), acknowledged.len(), "an id was given twice");
    ledger::require_one_timeline(&system.env).await;
    ledger::require_at_least(&system.env, &acknowledged).await;
    ledger::require_files_held_once(&system.env).await;
    ledger::outbox_empties(&system.env).await;
    ledger::floors_settle(&system.env).await;
    for process in &system.api {
        require_no_deadlocks(process).await;
    }
    for (reader, user) in readers.into_iter().zip(&people) {
        let reader = reader.await.expect("a reader has failed");
        require_agreement(reader, user).await;
    }
    for (place, ((old, socket), user)) in olds.iter().zip(&sockets).zip(&people).enumerate() {
        // The group's owner is never removed, and does not leave.
        require_every_revision_told(old, socket, user, place == 0).await;
        require_any_order_heals(old, socket, user, &mut rng).await;
        assert_eq!(socket.closed(), None);
    }
    assert!(!watch.is_finished(), "a counter fell: see above");
    watch.abort();
}
