//! Which indexes are gone by where another would do, but read a whole conversation: whatever is
//! looked for, and however much there is.

use api::store::Conn;
use serde_json::Value;

use super::{Prepared, explain};

/// What one statement alone says, the index it must go by, and what that is asked for.
const WAYS: [(&str, &str, &str); 4] = [
    (
        "y.attachments IS NOT NULL AND",
        "messages_files_idx",
        "seq < ",
    ),
    (
        "SELECT x.id, x.conversation_id, x.seq FROM unnest",
        "messages_words_idx",
        "words @@ ",
    ),
    ("SELECT s.ordinal, ", "messages_id_key", "id < "),
    (
        "SELECT x.id, x.conversation_id, x.seq, coalesce",
        "messages_client_id_key",
        "sender_id = ",
    ),
];

/// Requires it of the plans that are made for any values.
pub async fn require_indexes(conn: &mut Conn, statements: &[Prepared]) {
    for (says, index, asked) in WAYS {
        let mut found = statements.iter().filter(|one| one.statement.contains(says));
        let (Some(statement), None) = (found.next(), found.next()) else {
            panic!("not one statement says {says:?}");
        };
        let plan = explain(conn, statement).await;
        let mut scans = Vec::new();
        collect_scans(&plan, &mut scans);
        let goes_by_it = scans.iter().any(|(name, condition)| {
            // Its conversation comes first in every index of messages.
            *name == index && condition.contains("conversation_id = ") && condition.contains(asked)
        });
        assert!(goes_by_it, "not by {index}: {scans:#?}\n{plan:#}");
    }
}

/// The indexes of a plan, and what each is asked for.
fn collect_scans<'a>(plan: &'a Value, scans: &mut Vec<(&'a str, &'a str)>) {
    match plan {
        Value::Array(parts) => parts.iter().for_each(|part| collect_scans(part, scans)),
        Value::Object(node) => {
            if let (Some(name), Some(condition)) = (
                node.get("Index Name").and_then(Value::as_str),
                node.get("Index Cond").and_then(Value::as_str),
            ) {
                scans.push((name, condition));
            }
            node.values().for_each(|part| collect_scans(part, scans));
        }
        _ => {}
    }
}
