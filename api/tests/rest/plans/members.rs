//! Lists of members.

use api::migrate;
use api::store::{Conn, Db, receipts};
use diesel_async::SimpleAsyncConnection;
use serde_json::Value;
use testkit::TestEnv;

use super::{Prepared, explain, prepared};
use crate::app;

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
        require_both_columns(conn, list).await;
    }
}

/// A thousand people, one group of all of them, and a direct chat for each two.
const SMALL: &str = "\
    INSERT INTO users (id, username, display_name) \
    SELECT ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, 'person.' || n, 'Person' \
    FROM generate_series(1, 1000) n; \
    INSERT INTO conversations (id, kind, direct_low, direct_high) \
    SELECT gen_random_uuid(), 1, low, lead FROM ( \
        SELECT id AS low, lead(id) OVER (ORDER BY id), row_number() OVER (ORDER BY id) AS n FROM users \
    ) u WHERE n % 2 = 1; \
    INSERT INTO members (conversation_id, user_id) \
    SELECT id, side FROM conversations CROSS JOIN LATERAL (VALUES (direct_low), (direct_high)) s (side); \
    INSERT INTO groups (id, name, public, owner_id, created_by, general_id, member_count, channel_count, search) \
    SELECT gen_random_uuid(), 'All', false, id, id, gen_random_uuid(), 1000, 1, '' FROM users ORDER BY id LIMIT 1; \
    INSERT INTO conversations (id, kind, group_id, name, position) SELECT general_id, 2, id, 'general', 0 FROM groups; \
    INSERT INTO members (conversation_id, user_id) SELECT general_id, u.id FROM groups CROSS JOIN users u; \
    ANALYZE; SET random_page_cost = 1.1";

/// In a small database either column of the key seems as good as both, and it is a group's receipts
/// that pay for it.
#[tokio::test]
async fn a_receipt_finds_its_member_by_both_columns_in_a_small_database() {
    let env = TestEnv::new().await;
    let database = Db::new(&app::config(&env, &[]).database).unwrap();
    migrate::up(&database).await.unwrap();
    let mut conn = database.get().await.unwrap();
    conn.batch_execute(SMALL).await.unwrap();
    receipts::advance(&mut conn, &[]).await.unwrap();
    let statements = prepared(&mut conn).await;
    let advance = statements
        .iter()
        .find(|one| one.statement.contains("UPDATE members"));
    require_both_columns(&mut conn, advance.unwrap()).await;
}

async fn require_both_columns(conn: &mut Conn, list: &Prepared) {
    let plan = explain(conn, list).await;
    let mut found = Vec::new();
    lookups(&plan[0]["Plan"], &mut found);
    assert!(!found.is_empty(), "{}", list.statement);
    for condition in found {
        let both = ["conversation_id", "user_id"].map(|column| condition.contains(column));
        assert_eq!(both, [true; 2], "{condition} in {}", list.statement);
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
