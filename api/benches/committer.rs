//! What a batch of the committer costs against a real PostgreSQL: the more messages share a
//! transaction, the less each of them pays for it.

#![allow(
    missing_docs,
    reason = "criterion_group! writes a function without any"
)]
#![allow(
    clippy::unwrap_used,
    reason = "a benchmark that panics says where it failed"
)]

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use api::committer::Draft;
use api::migrate;
use api::store::messages::commit::{self, Status};
use api::store::{Conn, DatabaseConfig, Db, Purpose, renew_plans};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use diesel_async::SimpleAsyncConnection;
use platform::settings::Settings;
use protocol::ids::{ClientId, ConversationId, MessageId, UserId};
use protocol::message::{MessageDraft, MessageKind};
use testkit::TestEnv;
use tokio::runtime::Runtime;

/// Direct chats that the messages go to in turn.
const CHATS: usize = 500;

/// A lane's connection, and the chats.
struct Bench {
    env: TestEnv,
    conn: Conn,
    chats: Vec<(ConversationId, UserId)>,
    commits: usize,
}

impl Bench {
    async fn new() -> Self {
        let env = TestEnv::new().await;
        let pairs = BTreeMap::from([("WARREN_DATABASE_URL".to_owned(), env.database_url())]);
        let mut settings = Settings::from_pairs(pairs);
        let db = Db::new(&DatabaseConfig::read(&mut settings)).unwrap();
        migrate::up(&db).await.unwrap();
        let mut conn = db.connect(Purpose::Writing).await.unwrap();
        let mut chats = Vec::new();
        for number in 0..CHATS {
            let (id, low, high) = (ConversationId::new(), UserId::new(), UserId::new());
            let (low, high) = (low.min(high), low.max(high));
            let statements = format!(
                "INSERT INTO users (id, username, display_name) VALUES \
                     ('{low}', 'low.{number}', 'Low'), ('{high}', 'high.{number}', 'High'); \
                 INSERT INTO conversations (id, kind, direct_low, direct_high) \
                     VALUES ('{id}', 1, '{low}', '{high}'); \
                 INSERT INTO members (conversation_id, user_id) VALUES ('{id}', '{low}'), ('{id}', '{high}');"
            );
            conn.batch_execute(&statements).await.unwrap();
            chats.push((id, low));
        }
        Self {
            env,
            conn,
            chats,
            commits: 0,
        }
    }

    fn drafts(&self, count: usize) -> Vec<Draft> {
        let chats = self.chats.iter().cycle().skip(self.commits);
        chats
            .take(count)
            .map(|(id, user)| draft(*id, *user))
            .collect()
    }

    /// The time of so many batches; what was published is taken out of the outbox between them.
    async fn commit(&mut self, size: usize, batches: u64) -> Duration {
        let mut spent = Duration::ZERO;
        for _ in 0..batches {
            let drafts = self.drafts(size);
            let drafts: Vec<_> = drafts.iter().collect();
            let began = Instant::now();
            let rows = commit::commit(&mut self.conn, &drafts).await.unwrap();
            spent += began.elapsed();
            assert!(rows.iter().all(|row| row.status() == Status::Committed));
            self.conn.batch_execute("DELETE FROM outbox").await.unwrap();
            self.commits += 1;
            renew_plans(&mut self.conn, self.commits).await.unwrap();
        }
        spent
    }
}

/// A message of 64 bytes, as a request makes it.
fn draft(conversation_id: ConversationId, sender_id: UserId) -> Draft {
    let draft = MessageDraft {
        id: MessageId::new(),
        conversation_id,
        client_id: ClientId::new(),
        sender_id,
        kind: MessageKind::Text,
        body: "x".repeat(64),
        system: None,
        reply_to: None,
        attachments: Vec::new(),
        mentions: Vec::new(),
        mentions_all: false,
    };
    Draft {
        frame_head: draft.frame_head(),
        conversation_id,
        sender_id,
        client_id: draft.client_id,
        id: draft.id,
        content_hash: [7; 32],
        body: draft.body,
        extra: None,
        request_id: None,
    }
}

fn batches(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let mut bench = runtime.block_on(Bench::new());
    let mut group = criterion.benchmark_group("committer batch");
    for size in [1, 8, 64, 256] {
        group.throughput(Throughput::Elements(size as u64));
        group.bench_function(BenchmarkId::from_parameter(size), |bencher| {
            bencher.iter_custom(|count| runtime.block_on(bench.commit(size, count)));
        });
    }
    group.finish();
    runtime.block_on(bench.env.close());
}

criterion_group!(benches, batches);
criterion_main!(benches);
