//! A busy room and quiet chats on the same servers.

use anyhow::Result;

use crate::bench::Bench;
use crate::load::Pace;
use crate::report::{Bound, Report};

use super::{pairs, room};

/// Messages a second in the direct chats.
const RATE: f64 = 50.0;

pub async fn fair(bench: &Bench) -> Result<Report> {
    bench.people.exist(room::MEMBERS + 2 * pairs::PAIRS).await?;
    let chats = bench.people.pairs(room::MEMBERS + 1, pairs::PAIRS).await?;
    // A chat's frame is not to wait in the generator for a room's to be read.
    let mut crowd = bench.crowd_of(2)?;
    bench
        .seat_pairs_on(&mut crowd, &chats, &bench.options.sockets)
        .await?;
    let quiet = bench
        .window(
            &crowd,
            vec![pairs::stream(bench, &chats, Pace::Open(RATE), 2)],
        )
        .await?;

    let group = bench.people.room(1, room::MEMBERS).await?;
    bench.seat_room(&mut crowd, &group, 1).await?;
    let streams = vec![
        pairs::stream(bench, &chats, Pace::Open(RATE), 2),
        room::stream(bench, &group, room::BUSY),
    ];
    let busy = bench.window(&crowd, streams).await?;

    let what = format!(
        "room, and on the same ws-servers {} direct chats with {RATE} messages/s",
        pairs::PAIRS
    );
    let mut report = bench.report("fair", what);
    let alone = &quiet.deliveries(0)?.times;
    let beside = &busy.deliveries(0)?.times;
    report.tell("pairs' delivery p50 alone", alone.ms(0.5), "ms");
    report.tell("pairs' delivery p95 alone", alone.ms(0.95), "ms");
    report.tell("pairs' delivery p50", beside.ms(0.5), "ms");
    report.require(
        "pairs' delivery p95",
        beside.ms(0.95),
        "ms",
        Bound::AtMost(2.0 * alone.ms(0.95)),
    );
    report.tell(
        "room's delivery p95",
        busy.deliveries(1)?.times.ms(0.95),
        "ms",
    );
    if let Some(sent) = busy.sent.first() {
        report.tell("pairs' answer p95", sent.answer.ms(0.95), "ms");
    }
    quiet.tell_whole(&mut report, "pairs alone: ");
    busy.tell(&mut report);
    room::end(crowd, &mut report).await?;
    Ok(report)
}
