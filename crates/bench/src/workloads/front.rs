//! Through nginx.

use anyhow::Result;

use crate::bench::Bench;
use crate::load::Pace;
use crate::report::{Bound, Report};
use crate::window::Window;

use super::{pairs, room};

pub async fn front(bench: &Bench) -> Result<Report> {
    bench.people.exist(room::MEMBERS).await?;
    let group = bench.people.room(1, room::MEMBERS).await?;
    let around = room_by(bench, &group, false).await?;
    let through = room_by(bench, &group, true).await?;
    let mut report = bench.report("front", "room, then pairs, through nginx".to_owned());
    let p95 = |window: &Window| window.deliveries(0).map(|of| of.times.ms(0.95));
    report.tell("room: delivery p95 around nginx", p95(&around)?, "ms");
    report.require(
        "room: delivery p95",
        p95(&through)?,
        "ms",
        Bound::AtMost(80.0),
    );
    report.tell(
        "room: server CPU per delivery around nginx",
        around.us_per_delivery(),
        "µs",
    );
    report.tell(
        "room: server CPU per delivery",
        through.us_per_delivery(),
        "µs",
    );
    let nginx = through.cpu_of("nginx") * 1e6 / through.received().max(1) as f64;
    report.tell("room: of it nginx", nginx, "µs");
    through.tell(&mut report);

    let chats = bench.people.pairs(1, pairs::PAIRS).await?;
    let mut crowd = bench.crowd()?;
    bench
        .seat_pairs_on(&mut crowd, &chats, &[bench.options.front])
        .await?;
    let streams = vec![pairs::stream(bench, &chats, Pace::Open(pairs::RATE), 2)];
    let window = bench
        .window_through(&crowd, streams, &[bench.options.front])
        .await?;
    let share = window.received() as f64 * 100.0 / window.expected().max(1) as f64;
    report.require("pairs: arrived", share, "%", Bound::AtLeast(100.0));
    report.tell("pairs: delivery p95", p95(&window)?, "ms");
    if let Some(sent) = window.sent.first() {
        report.tell("pairs: answer p95", sent.answer.ms(0.95), "ms");
    }
    report.tell(
        "pairs: server CPU per message",
        window.us_per_message(),
        "µs",
    );
    let nginx = window.cpu_of("nginx") * 1e6 / window.acknowledged().max(1) as f64;
    report.tell("pairs: of it nginx", nginx, "µs");
    room::end(crowd, &mut report).await?;
    Ok(report)
}

async fn room_by(bench: &Bench, group: &crate::people::Room, through: bool) -> Result<Window> {
    let ledger = bench.people.ledger(group.conversation_id).await?;
    let mut crowd = bench.crowd()?;
    let seats = group.members.clone().map(|person| {
        let mut seat = bench.seat(person, 0, vec![(group.conversation_id, ledger.clone())]);
        if through {
            seat.address = bench.options.front;
        }
        seat
    });
    crowd.join(seats.collect(), 500.0).await?;
    let streams = vec![room::stream(bench, group, room::BUSY)];
    let window = if through {
        bench
            .window_through(&crowd, streams, &[bench.options.front])
            .await?
    } else {
        bench.window(&crowd, streams).await?
    };
    crowd.leave().await?;
    Ok(window)
}
