//! The way of an event through a ws-server: from the broker's message to its routes, into a frame,
//! and out to a thousand sockets.

#![allow(
    missing_docs,
    reason = "criterion_group! writes a function without any"
)]
#![allow(
    clippy::unwrap_used,
    reason = "a benchmark that panics says where it failed"
)]

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use lapin::BasicProperties;
use lapin::message::Delivery;
use lapin::types::{AMQPValue, FieldArray, FieldTable};
use protocol::ids::{GroupId, UserId};
use protocol::routing::{CC_HEADER, EVENTS_EXCHANGE, REQUEST_ID_HEADER, Route};
use ws_server::broker;
use ws_server::hub::bench::Room;
use ws_server::outbound::text_frame;

/// Sockets of one room.
const SOCKETS: usize = 1000;
/// Bytes of a frame with a message of 64 bytes, about.
const EVENT_BYTES: usize = 600;
/// Events that a tick gathers in a room with 332 messages a second.
const TICK: usize = 10;

fn fan_out(criterion: &mut Criterion) {
    // Another thread reads what is written here, as clients do.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let mut room = runtime.block_on(Room::new(SOCKETS)).unwrap();
    let text = "x".repeat(EVENT_BYTES);
    let mut group = criterion.benchmark_group("fan-out to 1000 sockets");
    group.sample_size(20);
    for events in [1, TICK] {
        let batch = room.batch(events, &text);
        group.throughput(Throughput::Elements((events * SOCKETS) as u64));
        group.bench_function(BenchmarkId::new("events", events), |bencher| {
            bencher.iter(|| assert_eq!(room.fan_out(&batch), events * SOCKETS));
        });
    }
    group.finish();
    assert_eq!(room.closed(), 0, "a client did not keep up");
}

fn framing(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("text_frame");
    for bytes in [66, EVENT_BYTES, 16 * 1024] {
        let payload = vec![b'x'; bytes];
        group.throughput(Throughput::Bytes(bytes as u64));
        group.bench_function(BenchmarkId::from_parameter(bytes), |bencher| {
            bencher.iter(|| text_frame(black_box(&payload)));
        });
    }
    group.finish();
}

fn routing(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("routes of a broker's message");
    let user = || Route::User(UserId::new());
    let pair = [user(), user()];
    let many: Vec<_> = std::iter::repeat_with(user).take(16).collect();
    for (name, routes) in [
        ("a group's", &[Route::Group(GroupId::new())][..]),
        ("a pair's", &pair),
        ("16 people's", &many),
    ] {
        let message = message(routes);
        group.bench_function(name, |bencher| {
            bencher.iter(|| broker::bench::read(black_box(&message)));
        });
    }
    group.finish();
}

/// What the API publishes for these.
fn message(routes: &[Route]) -> Delivery {
    let (first, others) = routes.split_first().unwrap();
    let mut headers = FieldTable::default();
    if !others.is_empty() {
        let keys = others
            .iter()
            .map(|route| AMQPValue::LongString(route.key().into()));
        headers.insert(
            CC_HEADER.into(),
            AMQPValue::FieldArray(FieldArray::from(keys.collect::<Vec<_>>())),
        );
    }
    headers.insert(
        REQUEST_ID_HEADER.into(),
        AMQPValue::LongString("01989f6e-7a4c-7000-8000-000000000000".into()),
    );
    let data = vec![b'x'; EVENT_BYTES];
    let mut delivery = Delivery::mock(1, EVENTS_EXCHANGE.into(), first.key().into(), false, data);
    delivery.properties = BasicProperties::default()
        .with_type("message.created".into())
        .with_message_id("01989f6e-7a4c-7000-8000-000000000001".into())
        .with_headers(headers);
    delivery
}

criterion_group!(benches, fan_out, framing, routing);
criterion_main!(benches);
