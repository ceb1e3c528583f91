//! When a group was last active follows its messages, at most once a minute.

use std::time::Duration;

use super::{SOON_AFTER, room};
use crate::app::TestApp;
use crate::rows;

#[tokio::test(flavor = "multi_thread")]
async fn a_groups_activity_follows_its_messages_in_steps_of_a_minute() {
    let test = TestApp::with(&[SOON_AFTER]).await;
    let (people, room) = room(&test, &["ada"]).await;
    let group = room.group;
    let set = async |ago: &str| {
        let query = format!(
            "UPDATE groups SET active_at = clock_timestamp() - interval '{ago}' WHERE id = '{group}'"
        );
        rows::change(&test.env, &query).await;
    };
    let seconds_behind = async || {
        let query = format!(
            "SELECT extract(epoch FROM c.active_at - g.active_at)::bigint AS n \
             FROM groups g JOIN conversations c ON c.id = '{}' WHERE g.id = '{group}'",
            room.id
        );
        rows::number(&test.env, &query).await
    };
    set("2 minutes").await;
    people[0].client.send(room.id, "anybody here?").await;
    testkit::eventually(Duration::from_secs(20), || async {
        let behind = seconds_behind().await;
        (behind == 0).then_some(()).ok_or(behind)
    })
    .await;

    set("30 seconds").await;
    people[0].client.send(room.id, "anybody?").await;
    // The look that follows this message also moves the floor of a channel of one.
    room.expect_lowest(&people[0], (2, 2)).await;
    people[0].client.send(room.id, "nobody.").await;
    room.expect_lowest(&people[0], (3, 3)).await;
    assert!(seconds_behind().await >= 30);
}
