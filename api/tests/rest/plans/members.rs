//! Lists of members.

use api::store::Conn;
use diesel_async::SimpleAsyncConnection;
use serde_json::Value;

use super::{Prepared, explain};

/// How the statements name what they look for.
const LIST: &str = "AS k (conversation_id, user_id";

/// Each member of a list is found by both columns of its key, even where the planner takes every
/// conversation for a small one: by the conversation alone, all members of a large group would be
/// walked through for each of the list.
pub async fn require_each_alone(conn: &mut Conn, statements: &[Prepared]) {
    conn.batch_execute(
        "ALTER TABLE members ALTER conversation_id SET (n_distinct = -1); ANALYZE members; \
         DISCARD PLANS; RESET enable_seqscan",
    )
    .await
    .unwrap();
    let lists: Vec<_> = statements
        .iter()
        .filter(|one| one.statement.contains(LIST))
        .collect();
    assert_eq!(lists.len(), 3, "views, receipts and typing");
    for list in lists {
        let plan = explain(conn, list).await;
        let mut found = Vec::new();
        lookups(&plan[0]["Plan"], &mut found);
        assert!(!found.is_empty(), "{}", list.statement);
        for condition in found {
            let both = ["conversation_id", "user_id"].map(|column| condition.contains(column));
            assert_eq!(both, [true; 2], "{condition} in {}", list.statement);
        }
    }
}

/// The conditions by which a plan looks up members.
fn lookups(node: &Value, found: &mut Vec<String>) {
    if node["Relation Name"] == "members" && node["Node Type"] != "ModifyTable" {
        found.push(node["Index Cond"].as_str().unwrap_or_default().to_owned());
    }
    for part in node["Plans"].as_array().into_iter().flatten() {
        lookups(part, found);
    }
}
