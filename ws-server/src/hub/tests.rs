//! The rule of writing, with times of the tests' own and real sockets.

use actix_web::rt::net::TcpStream;
use protocol::frame::CloseCode;
use protocol::ids::{ConnectionId, GroupId, SessionId, UserId};
use protocol::internal::SessionRef;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

use super::*;
use crate::bindings::Bindings;
use crate::connection::NewSocket;
use crate::outbound::{Bounds, text_frame};
use crate::rate::Bucket;
use crate::settle::Membership;
use crate::workers::Delivery;

fn config() -> DeliveryConfig {
    DeliveryConfig {
        idle: Duration::from_millis(10),
        tick: Duration::from_millis(30),
        queue_bytes: 100_000,
        queue_frames: 100,
        hand_over: 1,
        hand_over_patience: Duration::ZERO,
    }
}

/// A socket of the hub, and its client's end.
async fn join(hub: &mut Hub, route: Route) -> (Rc<Socket>, TcpStream) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap())
        .await
        .unwrap();
    let (io, _) = listener.accept().await.unwrap();
    io.writable().await.unwrap();
    let session = SessionRef {
        user_id: UserId::new(),
        session_id: SessionId::new(),
    };
    let now = Instant::now();
    let new = NewSocket {
        io,
        session,
        expires_at: now + Duration::from_secs(900),
        bounds: Bounds {
            bytes: config().queue_bytes,
            frames: config().queue_frames,
        },
        bucket: Bucket::new(None, now),
        membership: Membership::new(
            Bindings::new(Duration::ZERO).hold(Route::User(session.user_id)),
        ),
    };
    let socket = hub.join(|slot| {
        let address = SocketAddress {
            worker: 0,
            slot,
            id: ConnectionId::new(),
        };
        Socket::new(address, new)
    });
    hub.add_route(route, &socket);
    (socket, client)
}

fn batch(routes: &[Route], texts: &[&str]) -> Batch {
    Batch {
        received_at: std::time::Instant::now(),
        deliveries: texts
            .iter()
            .map(|text| Delivery {
                routes: routes.to_vec(),
                frame: text_frame(text.as_bytes()),
                kind: "test".to_owned(),
                message_id: None,
                request_id: None,
            })
            .collect(),
    }
}

/// One turn of the hub's loop, at a moment of the test's own.
fn turn(hub: &mut Hub, batch: Option<&Batch>, now: Instant) -> usize {
    let busy = hub.is_busy();
    let queued = batch.map_or(0, |batch| hub.deliver(batch, now, now));
    hub.turn(now, busy);
    hub.flush_slice(now);
    hub.schedule(now);
    queued
}

async fn read(client: &mut TcpStream, texts: &[&str]) {
    let want: Vec<u8> = texts
        .iter()
        .flat_map(|text| text_frame(text.as_bytes()).to_vec())
        .collect();
    let mut got = vec![0; want.len()];
    client.read_exact(&mut got).await.unwrap();
    assert_eq!(got, want);
}

fn nothing(client: &TcpStream) {
    let error = client.try_read(&mut [0; 1]).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
}

fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

fn group() -> Route {
    Route::Group(GroupId::new())
}

#[tokio::test]
async fn who_is_idle_gets_a_frame_at_once_and_who_is_busy_at_the_tick() {
    let mut hub = Hub::new(&config(), Arc::default());
    let route = group();
    let (_socket, mut client) = join(&mut hub, route).await;
    let start = Instant::now() + ms(1_000);
    turn(&mut hub, Some(&batch(&[route], &["1"])), start);
    read(&mut client, &["1"]).await;
    assert_eq!(hub.tick_at, None);
    // Within 10 ms of the last write: not before the tick, 30 ms after it.
    turn(&mut hub, Some(&batch(&[route], &["2"])), start + ms(5));
    turn(&mut hub, Some(&batch(&[route], &["3"])), start + ms(20));
    assert_eq!(hub.tick_at, Some(start + ms(30)));
    turn(&mut hub, None, start + ms(29));
    nothing(&client);
    turn(&mut hub, None, start + ms(30));
    read(&mut client, &["2", "3"]).await;
    // Quiet again for 10 ms: at once.
    turn(&mut hub, Some(&batch(&[route], &["4"])), start + ms(40));
    read(&mut client, &["4"]).await;
}

#[tokio::test]
async fn a_flow_of_a_ticks_pace_that_came_out_of_step_waits_once() {
    let mut hub = Hub::new(&config(), Arc::default());
    let route = group();
    let (socket, mut client) = join(&mut hub, route).await;
    let start = Instant::now() + ms(1_000);
    turn(&mut hub, Some(&batch(&[route], &["1"])), start);
    read(&mut client, &["1"]).await;
    turn(&mut hub, Some(&batch(&[route], &["2"])), start + ms(5));
    nothing(&client);
    turn(&mut hub, None, start + ms(30));
    read(&mut client, &["2"]).await;
    // That tick was for a single frame.
    turn(&mut hub, Some(&batch(&[route], &["3"])), start + ms(33));
    assert_eq!(hub.tick_at, None);
    read(&mut client, &["3"]).await;
    // Where several gather, they go on gathering.
    let both = batch(&[route], &["4", "5"]);
    turn(&mut hub, Some(&both), start + ms(36));
    turn(&mut hub, None, start + ms(63));
    read(&mut client, &["4", "5"]).await;
    turn(&mut hub, Some(&batch(&[route], &["6"])), start + ms(66));
    nothing(&client);
    // What waited went along with a reply: the tick finds nothing, and is no write either.
    hub.write(&socket, start + ms(67));
    read(&mut client, &["6"]).await;
    turn(&mut hub, None, start + ms(93));
    turn(&mut hub, Some(&batch(&[route], &["7"])), start + ms(96));
    assert_eq!(hub.tick_at, None);
    read(&mut client, &["7"]).await;
}

#[tokio::test]
async fn at_a_steady_flow_one_tick_follows_the_other() {
    let mut hub = Hub::new(&config(), Arc::default());
    let route = group();
    let (socket, _client) = join(&mut hub, route).await;
    let start = Instant::now() + ms(1_000);
    let mut writes = Vec::new();
    for at in 0..300 {
        let now = start + ms(at);
        turn(&mut hub, Some(&batch(&[route], &["x"])), now);
        if socket.flushed_at.get() == now {
            writes.push(at);
        }
    }
    assert_eq!(writes, [0, 30, 60, 90, 120, 150, 180, 210, 240, 270]);
}

#[tokio::test]
async fn many_sockets_are_written_to_in_slices() {
    let mut hub = Hub::new(&config(), Arc::default());
    let route = group();
    let mut sockets = Vec::new();
    for _ in 0..SLICE * 2 + 1 {
        sockets.push(join(&mut hub, route).await);
    }
    let now = Instant::now() + ms(1_000);
    let written = |at: Instant| {
        sockets
            .iter()
            .filter(|(socket, _)| socket.flushed_at.get() == at)
            .count()
    };
    assert_eq!(
        turn(&mut hub, Some(&batch(&[route], &["x"])), now),
        sockets.len()
    );
    assert_eq!(written(now), SLICE);
    turn(&mut hub, None, now);
    assert_eq!(written(now), SLICE * 2);
    turn(&mut hub, None, now);
    assert_eq!(written(now), sockets.len());
    assert!(!hub.is_busy());
}

#[tokio::test]
async fn a_quiet_chat_does_not_wait_behind_a_busy_room_nor_keeps_it_waiting() {
    let mut hub = Hub::new(&config(), Arc::default());
    let (room, chat) = (group(), group());
    let mut members = Vec::new();
    for _ in 0..SLICE * 2 {
        members.push(join(&mut hub, room).await);
    }
    let mut quiet = Vec::new();
    for _ in 0..SLICE {
        quiet.push(join(&mut hub, chat).await);
    }
    let start = Instant::now() + ms(1_000);
    turn(&mut hub, Some(&batch(&[room], &["1"])), start);
    while hub.is_busy() {
        turn(&mut hub, None, start);
    }
    turn(&mut hub, Some(&batch(&[room], &["2", "2"])), start + ms(1));
    // At the tick the whole room is due, and then the chat.
    let tick = start + ms(30);
    let written = |sockets: &[(Rc<Socket>, TcpStream)]| {
        let at_tick = |(socket, _): &&(Rc<Socket>, _)| socket.flushed_at.get() == tick;
        sockets.iter().filter(at_tick).count()
    };
    turn(&mut hub, Some(&batch(&[chat], &["3"])), tick);
    assert_eq!((written(&quiet), written(&members)), (SLICE / 2, SLICE / 2));
    turn(&mut hub, None, tick);
    assert_eq!((written(&quiet), written(&members)), (SLICE, SLICE));
    turn(&mut hub, None, tick);
    assert_eq!(written(&members), SLICE * 2);
    assert!(!hub.is_busy());
}

#[tokio::test]
async fn two_routes_to_one_socket_make_one_frame() {
    let mut hub = Hub::new(&config(), Arc::default());
    let (first, second) = (group(), group());
    let (socket, mut client) = join(&mut hub, first).await;
    hub.add_route(second, &socket);
    let now = Instant::now() + ms(1_000);
    let routes = [first, second, first];
    assert_eq!(turn(&mut hub, Some(&batch(&routes, &["1", "2"])), now), 2);
    read(&mut client, &["1", "2"]).await;
}

#[tokio::test]
async fn a_place_is_used_again_and_nothing_of_the_old_socket_reaches_the_new_one() {
    let mut hub = Hub::new(&config(), Arc::default());
    let (old_route, new_route) = (group(), group());
    let (old, _old_client) = join(&mut hub, old_route).await;
    let address = old.address;
    let start = Instant::now() + ms(1_000);
    turn(&mut hub, Some(&batch(&[old_route], &["1"])), start);
    turn(&mut hub, Some(&batch(&[old_route], &["2"])), start + ms(1));
    hub.remove_route(old_route, &old);
    hub.leave(&old);
    hub.leave(&old);
    let (new, mut client) = join(&mut hub, new_route).await;
    assert_eq!(new.address.slot, address.slot);
    assert!(hub.find(address).is_none());
    turn(&mut hub, Some(&batch(&[old_route], &["3"])), start + ms(31));
    turn(
        &mut hub,
        Some(&batch(&[new_route], &["4"])),
        start + ms(100),
    );
    read(&mut client, &["4"]).await;
    nothing(&client);
    assert_eq!(hub.sockets().len(), 1);
}

#[tokio::test]
async fn a_socket_that_takes_no_more_is_closed_and_the_others_are_not() {
    let mut hub = Hub::new(&config(), Arc::default());
    let route = group();
    let (slow, _unread) = join(&mut hub, route).await;
    let (quick, mut client) = join(&mut hub, route).await;
    let text = "x".repeat(50_000);
    let mut now = Instant::now() + ms(1_000);
    for _ in 0..1_000 {
        if slow.closing().is_some() {
            break;
        }
        now += ms(50);
        turn(&mut hub, Some(&batch(&[route], &[&text])), now);
        read(&mut client, &[&text]).await;
    }
    assert_eq!(
        slow.closing().map(|closing| closing.code),
        Some(CloseCode::SlowReader)
    );
    assert!(quick.closing().is_none());
}

#[tokio::test]
async fn a_route_is_taken_for_while_a_socket_has_it() {
    let interests = Arc::new(Interests::default());
    let mut hub = Hub::new(&config(), interests.clone());
    let route = group();
    let events = batch(&[route], &["1"]).deliveries;
    assert!(!interests.concern(&events));
    let (first, _first_client) = join(&mut hub, route).await;
    let (second, _second_client) = join(&mut hub, route).await;
    hub.remove_route(route, &first);
    assert!(interests.concern(&events));
    hub.remove_route(route, &second);
    assert!(!interests.concern(&events));
}
