//! What the database must hold, whatever was killed.

use std::collections::BTreeMap;
use std::time::Duration;

use diesel::sql_types::Text;
use diesel::{QueryableByName, sql_query};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use protocol::message::Message;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use testkit::{TestEnv, eventually};
use tokio::task::JoinHandle;
use tokio::time::sleep;

/// The relay works every 50 ms in these tests, and may have just lost its leader or its broker.
const RELAYED_WITHIN: Duration = Duration::from_secs(20);
/// Between two looks at the watermarks: often enough to see most of their steps.
const LOOK_EVERY: Duration = Duration::from_millis(25);

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

async fn rows<T: DeserializeOwned>(sql: &mut AsyncPgConnection, query: &str) -> Vec<T> {
    let query = format!("SELECT row_to_json(t)::text AS line FROM ({query}) t");
    let lines: Vec<Line> = sql_query(query)
        .load(sql)
        .await
        .expect("the query is right");
    let read = |Line { line }| serde_json::from_str(&line).expect("the rows are as declared");
    lines.into_iter().map(read).collect()
}

/// What a conversation's counters say, and what its messages do, by `seq`.
#[derive(Deserialize)]
struct Timeline {
    id: String,
    last_seq: i64,
    rev: i64,
    seqs: Vec<i64>,
    revs: Vec<i64>,
}

/// Every conversation, whose `seq` must be 1, 2, 3 … up to its counter.
async fn timelines(env: &TestEnv) -> Vec<Timeline> {
    let query = "SELECT c.id, c.last_seq, c.rev,
            coalesce(array_agg(m.seq ORDER BY m.seq) FILTER (WHERE m.seq > 0), '{}') AS seqs,
            coalesce(array_agg(m.rev ORDER BY m.seq) FILTER (WHERE m.seq > 0), '{}') AS revs
        FROM conversations c LEFT JOIN messages m ON m.conversation_id = c.id GROUP BY c.id";
    let all: Vec<Timeline> = rows(&mut env.sql().await, query).await;
    assert!(!all.is_empty(), "there is nothing to look at");
    for Timeline {
        id, last_seq, seqs, ..
    } in &all
    {
        let is_gapless = seqs.iter().copied().eq(1..=*last_seq);
        assert!(
            is_gapless,
            "{id}: seq has gaps or repeats up to {last_seq}: {seqs:?}"
        );
    }
    all
}

/// Requires that `seq` of every conversation is 1, 2, 3 …, and that no two messages have one `rev`,
/// or one above its counter.
pub async fn require_one_timeline(env: &TestEnv) {
    for Timeline {
        id, rev, mut revs, ..
    } in timelines(env).await
    {
        let all = revs.len();
        revs.sort_unstable();
        revs.dedup();
        assert_eq!(revs.len(), all, "{id}: a rev is there twice");
        assert!(revs.last() <= Some(&rev), "{id}: a rev is above {rev}");
    }
}

/// Requires the same of `rev`, in the same order, where nothing but new messages moves it.
pub async fn require_gapless(env: &TestEnv) {
    for row in timelines(env).await {
        let id = row.id;
        assert!(
            row.revs.iter().copied().eq(1..=row.rev),
            "{id}: rev has gaps or repeats up to {}: {:?}",
            row.rev,
            row.revs
        );
    }
}

/// Requires that exactly these messages are there, each once, and those of each sender in the
/// order in which they were acknowledged.
pub async fn require_exactly(env: &TestEnv, sent: &[Vec<Message>]) {
    for of_one in sent {
        let in_order = of_one.is_sorted_by_key(|message| message.seq);
        assert!(
            in_order,
            "one sender's messages changed places: {of_one:#?}"
        );
    }
    let mut expected: Vec<_> = sent.iter().flatten().map(key).collect();
    expected.sort_unstable();
    let mut found = stored(env).await;
    found.sort_unstable();
    assert!(!expected.is_empty(), "nothing was sent");
    assert_eq!(found, expected, "found, and what was acknowledged");
}

/// Requires that these messages are there, each once, whatever their text is by now; others may be
/// there too.
pub async fn require_at_least(env: &TestEnv, sent: &[Message]) {
    let found = stored(env).await;
    for message in sent {
        let (room, seq, client_id, _) = key(message);
        let is_it = |row: &&Key| (&row.0, row.1, &row.2) == (&room, seq, &client_id);
        assert_eq!(found.iter().filter(is_it).count(), 1, "{message:#?}");
    }
    let mut names: Vec<_> = found.iter().map(|row| (&row.0, &row.2)).collect();
    names.sort_unstable();
    let all = names.len();
    names.dedup();
    assert_eq!(names.len(), all, "a client_id is there twice");
}

/// Requires that each file is in one message at most, which holds it, and that a tombstone holds none;
/// some are held and some are gone, or the test has proved nothing.
pub async fn require_files_held_once(env: &TestEnv) {
    #[derive(Deserialize)]
    struct Amount {
        held: i64,
        withdrawn: i64,
    }
    let shown = "SELECT m.conversation_id, m.id AS message_id, m.deleted_at, (e->>'id')::uuid AS id
        FROM messages m CROSS JOIN LATERAL jsonb_array_elements(m.attachments) e";
    let faults = format!(
        "WITH shown AS ({shown})
        SELECT id, 'in two messages' AS fault FROM shown GROUP BY id HAVING count(*) > 1
        UNION ALL SELECT id, 'in a tombstone' FROM shown WHERE deleted_at IS NOT NULL
        UNION ALL SELECT id, 'shown, and not held' FROM shown s WHERE NOT EXISTS (
            SELECT FROM attachments a WHERE a.id = s.id AND a.conversation_id = s.conversation_id
            AND a.message_id = s.message_id AND a.deleted_at IS NULL)
        UNION ALL SELECT id, 'held, and not shown' FROM attachments a
            WHERE a.message_id IS NOT NULL AND a.deleted_at IS NULL
            AND NOT EXISTS (SELECT FROM shown s WHERE (s.id, s.message_id) = (a.id, a.message_id))"
    );
    let mut sql = env.sql().await;
    let faults: Vec<serde_json::Value> = rows(&mut sql, &faults).await;
    assert!(faults.is_empty(), "{faults:#?}");
    let amount = "SELECT count(*) FILTER (WHERE attachments IS NOT NULL) AS held,
        count(*) FILTER (WHERE deleted_at IS NOT NULL) AS withdrawn FROM messages";
    let amount: Vec<Amount> = rows(&mut sql, amount).await;
    let enough = |one: &Amount| one.held > 0 && one.withdrawn > 0;
    assert!(amount.iter().all(enough), "nothing was sent, or deleted");
}

type Key = (String, i64, String, String);

fn key(message: &Message) -> Key {
    (
        message.conversation_id.to_string(),
        message.seq,
        message.client_id.to_string(),
        message.body.clone(),
    )
}

async fn stored(env: &TestEnv) -> Vec<Key> {
    #[derive(Deserialize)]
    struct Row {
        conversation_id: String,
        seq: i64,
        client_id: String,
        body: String,
    }
    let query = "SELECT conversation_id, seq, client_id, body FROM messages";
    let all: Vec<Row> = rows(&mut env.sql().await, query).await;
    let key = |row: Row| (row.conversation_id, row.seq, row.client_id, row.body);
    all.into_iter().map(key).collect()
}

/// Waits until the broker has confirmed every event.
pub async fn outbox_empties(env: &TestEnv) {
    eventually(RELAYED_WITHIN, || async {
        let query = "SELECT id, kind, message_id FROM outbox ORDER BY id LIMIT 5";
        let left: Vec<serde_json::Value> = rows(&mut env.sql().await, query).await;
        if left.is_empty() { Ok(()) } else { Err(left) }
    })
    .await;
}

/// Waits until the lowest watermarks of every channel are exactly those over its members; nobody
/// hides what they read, and nobody moves any more.
pub async fn floors_settle(env: &TestEnv) {
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "printed when the two differ")]
    struct Row {
        id: String,
        kept: Vec<i64>,
        lowest: Vec<i64>,
    }
    let query = "SELECT * FROM (
            SELECT c.id, ARRAY[coalesce(f.delivered_seq, 0), coalesce(f.read_seq, 0)] AS kept,
                ARRAY[min(m.delivered_seq), min(m.public_read_seq)] AS lowest
            FROM conversations c JOIN members m ON m.conversation_id = c.id
            LEFT JOIN receipt_floors f ON f.conversation_id = c.id
            WHERE c.kind = 2 GROUP BY c.id, f.delivered_seq, f.read_seq
        ) each WHERE kept <> lowest";
    eventually(RELAYED_WITHIN, || async {
        let differ: Vec<Row> = rows(&mut env.sql().await, query).await;
        if differ.is_empty() {
            Ok(())
        } else {
            Err(differ)
        }
    })
    .await;
}

/// Looks at every counter again and again; it panics when one falls.
pub async fn watch_counters(env: &TestEnv) -> JoinHandle<()> {
    #[derive(Deserialize)]
    struct Row {
        whose: String,
        counters: Vec<i64>,
    }
    let query = "SELECT 'member ' || conversation_id || ' ' || user_id AS whose,
            ARRAY[delivered_seq, read_seq, public_read_seq, version, cleared_seq] AS counters
        FROM members
        UNION ALL SELECT 'conversation ' || id, ARRAY[last_seq, rev] FROM conversations
        UNION ALL SELECT 'floors ' || conversation_id, ARRAY[delivered_seq, read_seq] FROM receipt_floors
        UNION ALL SELECT 'group ' || id, ARRAY[version] FROM groups
        UNION ALL SELECT 'user ' || id, ARRAY[account_rev] FROM users";
    let mut sql = env.sql().await;
    tokio::spawn(async move {
        let mut before: BTreeMap<String, Vec<i64>> = BTreeMap::new();
        loop {
            for Row { whose, counters } in rows::<Row>(&mut sql, query).await {
                if let Some(before) = before.get(&whose) {
                    let fell = before.iter().zip(&counters).any(|(then, now)| now < then);
                    assert!(!fell, "{whose} fell from {before:?} to {counters:?}");
                }
                before.insert(whose, counters);
            }
            sleep(LOOK_EVERY).await;
        }
    })
}
