//! Conversations of many: channels of groups.

mod activity;
mod floors;
mod hiding;
mod receipts;
mod views;

use protocol::ids::{ConversationId, GroupId};
use serde_json::json;
use testkit::http::User;

use crate::app::TestApp;
use crate::rows;

/// Floors are computed when a receipt moves them, and never later.
const NEVER_LATER: (&str, &str) = ("WARREN_RECEIPTS_FLOORS_EVERY_MS", "3600000");
/// Floors are computed all the time.
const SOON_AFTER: (&str, &str) = ("WARREN_RECEIPTS_FLOORS_EVERY_MS", "20");

/// A group and a channel in which nothing has been said.
struct Room {
    group: GroupId,
    id: ConversationId,
}

/// The first of these people makes a group, the others join it, and then there is a new channel.
async fn room(test: &TestApp, names: &[&str]) -> (Vec<User>, Room) {
    let mut people = Vec::new();
    for name in names {
        people.push(test.user(name).await);
    }
    let owner = &people[0].client;
    let group = owner.public_group("engines").await.shared.id;
    for joiner in &people[1..] {
        joiner.client.join(group).await;
    }
    let id = owner.channel(group, "talk").await.shared.id;
    (people, Room { group, id })
}

impl Room {
    /// Makes the group look as large as those in which nobody hears single receipts.
    async fn pretend_to_be_large(&self, test: &TestApp) {
        self.pretend_to_have(test, 51).await;
    }

    async fn pretend_to_have(&self, test: &TestApp, members: i32) {
        let query = format!(
            "UPDATE groups SET member_count = {members} WHERE id = '{}'",
            self.group
        );
        assert_eq!(rows::change(&test.env, &query).await, 1);
    }

    async fn read(&self, user: &User, seq: i64) {
        user.client.mark(self.id, &json!({ "read_seq": seq })).await;
    }

    async fn receive(&self, user: &User, seq: i64) {
        user.client
            .mark(self.id, &json!({ "delivered_seq": seq }))
            .await;
    }

    /// The lowest watermarks, as a member sees them.
    async fn lowest(&self, user: &User) -> (i64, i64) {
        let receipts = user.client.conversation(self.id).await.receipts;
        (receipts.delivered_seq, receipts.read_seq)
    }

    /// Waits until the lowest watermarks are these.
    async fn expect_lowest(&self, user: &User, want: (i64, i64)) {
        testkit::eventually(std::time::Duration::from_secs(20), || async {
            let lowest = self.lowest(user).await;
            (lowest == want).then_some(()).ok_or(lowest)
        })
        .await;
    }
}
