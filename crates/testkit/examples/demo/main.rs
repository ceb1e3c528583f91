//! Two people talk over two WebSocket servers of a running system, and their ticks turn.
//!
//! `make demo`, after `make up`. Settings: `WARREN_DEMO_URL` (the front door) and `WARREN_DEMO_WS`
//! (the two WebSocket servers, separated by a comma).

#![allow(clippy::print_stdout, reason = "printing is what a demo is for")]

mod person;
mod screen;

use std::process::ExitCode;
use std::time::Instant;

use protocol::frame::{ClientFrame, ServerFrame};
use protocol::message::Message;
use protocol::presence::Status;
use testkit::http::Client;
use tokio::time::sleep;

use person::{GLANCE, Person, SOON, register};
use screen::{BOLD, DIM, GREEN, show, since};

const FRONT_DOOR: &str = "http://localhost:8080";
const WS_SERVERS: &str = "ws://localhost:8091/ws,ws://localhost:8092/ws";

#[tokio::main]
async fn main() -> ExitCode {
    match play().await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(reason) => {
            eprintln!("{reason}");
            ExitCode::FAILURE
        }
    }
}

/// Plays it; whether nothing was lost, doubled or moved.
async fn play() -> Result<bool, String> {
    let setting = |name, default: &str| std::env::var(name).unwrap_or(default.to_owned());
    let front = Client::anonymous(setting("WARREN_DEMO_URL", FRONT_DOOR));
    let servers = setting("WARREN_DEMO_WS", WS_SERVERS);
    let two = servers.split_once(',');
    let (first, second) = two.ok_or("WARREN_DEMO_WS names two servers: ws://…/ws,ws://…/ws")?;
    let ada = register(&front, "ada").await?;
    let bob = register(&front, "bob").await?;
    let chat = ada.client.direct(bob.id()).await.shared.id;

    let mut ada = Person::connect(ada, first).await;
    show(BOLD, &format!("\n  {} is at {},", ada.name(), ada.server));
    let mut bob = meet(&ada, bob, second).await;
    show(DIM, "\n\n  ✓ on disk   ✓✓ delivered   ✓✓ read\n");
    let mut sent = Vec::new();
    sent.push(ada.say(&bob, chat, "Hello! Which server are you on?").await);
    bob.begin_to_type(&ada, chat).await;
    let answer = format!("On {}. And you are on {}.", bob.server, ada.server);
    sent.push(bob.say(&ada, chat, &answer).await);
    sent.push(ada.say(&bob, chat, "Mine may go down any moment.").await);

    ada.device.follow(&ada.socket).await;
    // Without a goodbye, as when a server is killed.
    ada.socket.reset();
    show(DIM, &format!("\n\n  {} loses {} …", ada.name(), ada.server));
    for body in ["Are you still there?", "I just keep writing."] {
        sent.push(bob.write(chat, body).await);
        sleep(GLANCE).await;
    }
    let start = Instant::now();
    ada.reconnect(second).await;
    let back = format!("\n  {} is back, at {},", ada.name(), ada.server);
    show(DIM, &format!("{back} in sync after {}\n", since(start)));
    sent.push(ada.say(&bob, chat, "I am, and have read it all.").await);

    let mut faults = [0; 3];
    for person in [&mut ada, &mut bob] {
        // Until the client shows what the database holds, read anew over REST.
        let (socket, user) = (&person.socket, &person.user);
        person.device.converge(socket, user, SOON).await;
        let found = compare(&person.device.snapshot()[&chat].messages, &sent);
        faults
            .iter_mut()
            .zip(found)
            .for_each(|(sum, one)| *sum += one);
    }
    let (count, [lost, doubled, moved]) = (sent.len(), faults);
    let sum = format!("{count} messages, {lost} lost, {doubled} doubled, {moved} out of order");
    show(
        GREEN,
        &format!("\n\n  {sum}: both clients equal the database.\n"),
    );
    println!();
    Ok(faults == [0; 3])
}

/// Bob connects, and Ada sees him come online.
async fn meet(ada: &Person, bob: testkit::http::User, ws_url: &str) -> Person {
    let id = bob.id();
    let watch = ClientFrame::PresenceSubscribe {
        user_ids: vec![id],
        r#ref: None,
    };
    ada.socket.send(&watch).await;
    let start = Instant::now();
    let bob = Person::connect(bob, ws_url).await;
    show(BOLD, &format!("{} at {}", bob.name(), bob.server));
    let online = |frame: &ServerFrame| {
        matches!(frame, ServerFrame::Presence { user_id, status: Status::Online, .. }
            if *user_id == id)
    };
    ada.socket.expect_event(online, SOON).await;
    let (who, whom) = (ada.name(), bob.name());
    show(
        DIM,
        &format!("\n  {who} sees {whom} online after {}", since(start)),
    );
    bob
}

/// How many messages a client lacks, holds more than once, and holds in another place.
fn compare(held: &[Message], sent: &[Message]) -> [usize; 3] {
    let times = |of: &Message| {
        held.iter()
            .filter(|one| one.client_id == of.client_id)
            .count()
    };
    let lost = sent.iter().filter(|message| times(message) == 0).count();
    let doubled = sent.iter().filter(|message| times(message) > 1).count();
    let in_place = held.iter().zip(sent).filter(|(held, sent)| held == sent);
    [lost, doubled, sent.len().max(held.len()) - in_place.count()]
}
