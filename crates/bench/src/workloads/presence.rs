//! Ten thousand people online: polls, and a ws-server that dies.

use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use hyper::Method;
use serde_json::Value;

use crate::bench::Bench;
use crate::http::Api;
use crate::people::People;
use crate::report::{Bound, Report};
use crate::tally::{Tally, Times};
use crate::usage;

/// People online.
const ONLINE: u32 = 10_000;
/// People whom one poll asks about.
const CONTACTS: u32 = 200;
/// Who polls the fellows of a group: one of those who are in the other workloads' groups.
const FELLOW: u32 = 500;
/// The contract's.
const OFFLINE_WITHIN: Duration = Duration::from_secs(15);

pub async fn presence(bench: &Bench) -> Result<Report> {
    bench.people.exist(ONLINE).await?;
    // Whose presence may be seen: an address book's people, and who shares no more than a group, which
    // is looked up last.
    let (contacts, fellows) = (2..2 + CONTACTS, FELLOW + 1..FELLOW + 1 + CONTACTS);
    bench.people.contacts(1, contacts.start, CONTACTS).await?;
    bench.people.room(FELLOW, CONTACTS + 1).await?;
    let mut crowd = bench.crowd()?;
    let seats = (2..=ONLINE).map(|person| bench.seat(person, 0, Vec::new()));
    crowd.join(seats.collect(), 500.0).await?;
    // The watcher sits on the server that stays.
    let mut watcher = bench.seat(1, 0, Vec::new());
    watcher.address = *bench.options.sockets.first().context("no ws-server")?;
    watcher.watches = contacts.clone().map(People::id).collect();
    crowd.join(vec![watcher], 500.0).await?;

    let apis = bench.apis();
    let api = apis.first().context("no API")?;
    let of_contacts = Poll::new(bench, api, 1, contacts.clone());
    let of_fellows = Poll::new(bench, api, FELLOW, fellows);
    let deadline = Instant::now() + Duration::from_secs(30);
    while of_contacts.online().await? + of_fellows.online().await? < 2 * CONTACTS as usize {
        ensure!(Instant::now() < deadline, "not everybody is online");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    crowd.collect().await?;
    let meter = bench.meter()?;
    let [mut polls, mut fellows_polls] = <[Times; 2]>::default();
    let until = Instant::now() + bench.length();
    while Instant::now() < until {
        for (poll, times) in [
            (&of_contacts, &mut polls),
            (&of_fellows, &mut fellows_polls),
        ] {
            let began = Instant::now();
            poll.online().await?;
            times.record_duration(began.elapsed());
        }
    }
    let mut spent = meter.stop();
    let online_tally = crowd.collect().await?;
    let lost = online_tally.connections_lost();
    spent.reads_late = online_tally.lateness;
    let mut report = bench.report(
        "presence",
        format!(
            "{ONLINE} people online, polls of {CONTACTS} contacts, in turn with polls of {CONTACTS} fellows of a group; then kill -9 of a ws-server"
        ),
    );
    report.tell("poll p50", polls.ms(0.5), "ms");
    report.require("poll p95", polls.ms(0.95), "ms", Bound::AtMost(3.0));
    report.tell(
        "poll p95 of fellows of a group",
        fellows_polls.ms(0.95),
        "ms",
    );
    let count = polls.count() + fellows_polls.count();
    let per_poll = spent.cpu_of("api") * 1e6 / count as f64;
    report.tell("api CPU per poll", per_poll, "µs");
    report.require_none("connections lost before", lost);

    // Who is on the server that dies comes back nowhere else.
    let processes = usage::processes(&bench.options.run_dir)?;
    let victim = processes
        .iter()
        .rev()
        .find(|process| process.name.starts_with("ws-server"));
    let victim = victim.context("no ws-server")?;
    let status = std::process::Command::new("kill")
        .args(["-9", &victim.pid.to_string()])
        .status()?;
    ensure!(status.success(), "{} cannot be killed", victim.name);
    let killed = Instant::now();
    let dies = bench.options.sockets.last();
    let gone = contacts
        .filter(|person| Some(&bench.server_of(*person)) == dies)
        .count();
    let mut polled = None;
    let mut pushed = Tally::default();
    while killed.elapsed() < 2 * OFFLINE_WITHIN && (polled.is_none() || pushed.offline.len() < gone)
    {
        if polled.is_none() && of_contacts.online().await? == CONTACTS as usize - gone {
            polled = Some(killed.elapsed());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        pushed.add(crowd.collect().await?);
    }
    let last_push = pushed
        .offline
        .iter()
        .max()
        .map(|at| bench.since(killed, *at));
    let most = Bound::AtMost(OFFLINE_WITHIN.as_secs_f64());
    let seconds = |time: Option<Duration>| time.map_or(f64::INFINITY, |time| time.as_secs_f64());
    report.require("offline by poll after", seconds(polled), "s", most);
    report.require(
        "offline by push, the last of them after",
        seconds(last_push),
        "s",
        most,
    );
    report.require_all("offline by push", pushed.offline.len() as u64, gone as u64);
    spent.tell(&mut report);
    // Not `leave`: half of them wait for a server that is not there any more.
    drop(crowd);
    Ok(report)
}

/// One person's question about others.
struct Poll<'a> {
    api: &'a Api,
    path: String,
    token: Arc<str>,
}

impl<'a> Poll<'a> {
    fn new(bench: &Bench, api: &'a Api, watcher: u32, watched: Range<u32>) -> Self {
        let ids: Vec<String> = watched
            .map(|person| People::id(person).to_string())
            .collect();
        Self {
            api,
            path: format!("/v1/presence?user_ids={}", ids.join(",")),
            token: bench.people.token(watcher),
        }
    }

    /// How many of them are online.
    async fn online(&self) -> Result<usize> {
        let call = self.api.call(Method::GET, &self.path, &self.token, None);
        let value: Value = serde_json::from_slice(&call.await?.body)?;
        let presences = value["presences"].as_array().context("presences")?;
        ensure!(
            presences.len() == CONTACTS as usize,
            "{} presences",
            presences.len()
        );
        let online = presences
            .iter()
            .filter(|presence| presence["status"] == "online");
        Ok(online.count())
    }
}
