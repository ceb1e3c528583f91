//! Times what people ask of a full database, one request after the other.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use protocol::ids::ClientId;
use protocol::sync::{Known, SyncRequest};
use serde_json::json;
use testkit::http::{Client, Reply, User};
use testkit::seed;

use super::{database, setting};

/// How often something is asked for.
struct Times {
    /// Not counted.
    warm_up: usize,
    /// Counted.
    requests: usize,
}

/// What everyone asks for all the time.
const OFTEN: Times = Times {
    warm_up: 20,
    requests: 200,
};
/// What changes something for ten thousand people, and is done now and then.
const RARELY: Times = Times {
    warm_up: 2,
    requests: 20,
};
/// What ends such a group.
const ONCE: Times = Times {
    warm_up: 0,
    requests: 5,
};

/// Figures over what they must be.
static MISSED: AtomicUsize = AtomicUsize::new(0);

pub async fn run() -> Result<(), String> {
    let database = database()?;
    let client = Client::anonymous(setting("WARREN_SEED_URL", "http://localhost:8081"));
    let heavy = client.login(&seed::username(1)).await;
    let member = client.login(&seed::username(77)).await;
    let group = format!("/v1/groups/{}", seed::group(1));
    let general = format!("/v1/conversations/{}", seed::channel(1, 0));
    let known = known(&heavy).await;
    let nothing = SyncRequest::default();
    let (heavy, member) = (&heavy.client, &member.client);

    println!(
        "{:44}{:>8}{:>8}{:>8}{:>8}",
        "milliseconds", "p50", "p95", "max", "must"
    );
    time("200 conversations, in two pages", 15, || async {
        let page = "/v1/conversations?limit=100";
        let (first, one) = took(heavy.get(page)).await;
        let cursor = first.body["next_cursor"].as_str().unwrap_or_default();
        one + took(heavy.get(&format!("{page}&cursor={cursor}"))).await.1
    })
    .await;
    time("joining the group of everybody", 25, || async {
        let leave = format!("{group}/leave");
        member.post(&leave, &json!({})).await.expect(204);
        took(member.post(&format!("{group}/join"), &json!({})))
            .await
            .1
    })
    .await;
    let members = format!("{group}/members?limit=100");
    time("a page of its members", 25, || async {
        took(member.get(&members)).await.1
    })
    .await;
    let named = format!("{members}&q=ad");
    time("its members by name", 25, || async {
        took(member.get(&named)).await.1
    })
    .await;
    let send = format!("{general}/messages");
    time("sending into its general", 25, || async {
        let message = json!({ "client_id": ClientId::new(), "body": "Is anybody there?" });
        took(member.post(&send, &message)).await.1
    })
    .await;
    time("its general, with what is unread", 25, || async {
        took(heavy.get(&general)).await.1
    })
    .await;
    // In the group of everybody, and in nothing else that the heavy user is in.
    let quiet = seed::user(99);
    for (name, query) in [
        ("a word of every fifth message", "meeting".to_owned()),
        ("a word of one message in 100", "hundredth".to_owned()),
        ("a word of one message in 1000", "thousandth".to_owned()),
        ("a word of fifty messages", "word7".to_owned()),
        ("a word of no message", "nowhere".to_owned()),
        (
            "a frequent word of who hardly writes",
            format!("meeting&from={quiet}"),
        ),
    ] {
        let search = format!("/v1/search?q={query}&limit=20");
        time(name, 50, || async { took(heavy.get(&search)).await.1 }).await;
    }
    for (name, word) in [
        ("the second page of a frequent word", "meeting"),
        ("the second page of one in 1000", "thousandth"),
    ] {
        let search = format!("/v1/search?q={word}&limit=20");
        let first = took(heavy.get(&search)).await.0;
        let cursor = first.body["next_cursor"]
            .as_str()
            .ok_or_else(|| format!("{word} has no second page"))?;
        let second = format!("{search}&cursor={cursor}");
        time(name, 50, || async { took(heavy.get(&second)).await.1 }).await;
    }
    time("sync, 200 known, five messages behind", 40, || async {
        took(heavy.post("/v1/sync", &known)).await.1
    })
    .await;
    time("sync from nothing", 40, || async {
        took(heavy.post("/v1/sync", &nothing)).await.1
    })
    .await;
    changes(heavy, member, &group, &database).await;
    match MISSED.load(Ordering::Relaxed) {
        0 => Ok(()),
        missed => Err(format!("{missed} of these take longer than they must")),
    }
}

/// What an owner does to a group of everybody.
async fn changes(owner: &Client, member: &Client, group: &str, database: &str) {
    time("removing somebody from it", 25, || async {
        let kick = format!("{group}/members/{}", seed::user(77));
        let took = took(owner.delete(&kick)).await.1;
        let join = format!("{group}/join");
        member.post(&join, &json!({})).await.expect(200);
        took
    })
    .await;
    let round = Cell::new(0);
    let next = || {
        round.set(round.get() + 1);
        round.get()
    };
    for (name, field) in [
        ("a new name for it", "name"),
        ("a new description", "description"),
    ] {
        time_of(RARELY, name, 1500, || async {
            let change = json!({ field: format!("Everybody {}", next()) });
            took(owner.patch(group, &change)).await.1
        })
        .await;
    }
    let channels = format!("{group}/channels");
    let make = async || took(owner.post(&channels, &json!({ "name": "one more" }))).await;
    let remove = async |made: Reply| {
        let id = made.body["id"].as_str().unwrap_or_default();
        took(owner.delete(&format!("/v1/channels/{id}"))).await.1
    };
    time_of(RARELY, "a new channel in it", 500, || async {
        let (made, took) = make().await;
        remove(made).await;
        took
    })
    .await;
    time_of(RARELY, "the end of a channel", 25, || async {
        remove(make().await.0).await
    })
    .await;
    time_of(ONCE, "the end of such a group", 3000, || async {
        let crowd = seed::crowd(database).await;
        took(owner.delete(&format!("/v1/groups/{crowd}"))).await.1
    })
    .await;
}

/// A request that must succeed, and its time.
async fn took(request: impl Future<Output = Reply>) -> (Reply, Duration) {
    let began = Instant::now();
    let reply = request.await;
    let took = began.elapsed();
    assert!(
        (200..300).contains(&reply.status),
        "{reply} (is the system without rate limits?)"
    );
    (reply, took)
}

async fn time<F: Future<Output = Duration>>(name: &str, must_ms: u32, request: impl Fn() -> F) {
    time_of(OFTEN, name, must_ms, request).await;
}

async fn time_of<F: Future<Output = Duration>>(
    Times { warm_up, requests }: Times,
    name: &str,
    must_ms: u32,
    request: impl Fn() -> F,
) {
    let mut times = Vec::with_capacity(requests);
    for count in 0..warm_up + requests {
        let took = request().await;
        if count >= warm_up {
            times.push(took);
        }
    }
    times.sort_unstable();
    let at = |share: usize| {
        times[(times.len() * share / 100).min(times.len() - 1)].as_secs_f64() * 1000.0
    };
    let (p50, p95, max) = (at(50), at(95), at(100));
    let missed = p95 > f64::from(must_ms);
    MISSED.fetch_add(usize::from(missed), Ordering::Relaxed);
    let mark = if missed { "  MISSED" } else { "" };
    println!("{name:44}{p50:>8.1}{p95:>8.1}{max:>8.1}{must_ms:>8}{mark}");
}

/// What a client knows that was away for five messages in each conversation.
async fn known(user: &User) -> SyncRequest {
    let mut request = SyncRequest::default();
    for conversation in user.client.sync(&request).await.conversations {
        let known = Known {
            rev: (conversation.shared.rev - 5).max(0),
            me_version: conversation.me.version,
            view: Some(conversation.view),
        };
        request.known.insert(conversation.shared.id, known);
    }
    request
}
