//! Times what people ask of a full database, one request after the other.

use std::time::{Duration, Instant};

use protocol::ids::ClientId;
use protocol::sync::{Known, SyncRequest};
use serde_json::json;
use testkit::http::{Client, Reply, User};
use testkit::seed;

use super::setting;

/// Requests of a kind that are not counted, and that are.
const WARM_UP: usize = 20;
const REQUESTS: usize = 200;

pub async fn run() -> Result<(), String> {
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
    Ok(())
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

async fn time<F: Future<Output = Duration>>(name: &str, must: u128, request: impl Fn() -> F) {
    let mut times = Vec::with_capacity(REQUESTS);
    for count in 0..WARM_UP + REQUESTS {
        let took = request().await;
        if count >= WARM_UP {
            times.push(took);
        }
    }
    times.sort_unstable();
    let at = |share: usize| {
        times[(times.len() * share / 100).min(times.len() - 1)].as_secs_f64() * 1000.0
    };
    println!(
        "{name:44}{:>8.1}{:>8.1}{:>8.1}{must:>8}",
        at(50),
        at(95),
        at(100)
    );
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
