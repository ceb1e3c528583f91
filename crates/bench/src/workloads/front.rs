//! Through nginx.

use anyhow::Result;

use crate::bench::Bench;
use crate::load::Pace;
use crate::people::Room;
use crate::report::{Bound, Report};
use crate::tally::Tally;
use crate::window::Window;

use super::{pairs, room};

pub async fn front(bench: &Bench) -> Result<Report> {
    bench.people.exist(room::MEMBERS).await?;
    let group = bench.people.room(1, room::MEMBERS).await?;
    let mut ended = Tally::default();
    let around = room_by(bench, &group, false, &mut ended).await?;
    let through = room_by(bench, &group, true, &mut ended).await?;
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
    let nginx = through.spent.cpu_of("nginx") * 1e6 / through.received().max(1) as f64;
    report.tell("room: of it nginx", nginx, "µs");
    around.tell_whole(&mut report, "room around nginx: ");
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
    window.tell_whole(&mut report, "pairs: ");
    report.tell("pairs: delivery p95", p95(&window)?, "ms");
    if let Some(sent) = window.sent.first() {
        report.tell("pairs: answer p95", sent.answer.ms(0.95), "ms");
    }
    report.tell(
        "pairs: server CPU per message",
        window.us_per_message(),
        "µs",
    );
    let nginx = window.us_per_message_of(window.spent.cpu_of("nginx"));
    report.tell("pairs: of it nginx", nginx, "µs");
    ended.add(crowd.leave().await?);
    room::tell_end(&ended, &mut report);
    Ok(report)
}

/// The room, around nginx or through it; `ended` gets what the end of its crowd shows.
async fn room_by(bench: &Bench, group: &Room, through: bool, ended: &mut Tally) -> Result<Window> {
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
    ended.add(crowd.leave().await?);
    Ok(window)
}
