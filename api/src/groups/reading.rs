//! Groups as one user sees them.

use std::collections::HashMap;

use protocol::group::{ChannelEntry, Group, Role};
use protocol::ids::{GroupId, UserId};

use super::look;
use crate::error::{ApiError, Result};
use crate::policy::groups::Action;
use crate::store::Conn;
use crate::store::groups::{GroupRow, channels};

/// One group, from one snapshot.
///
/// # Errors
/// 404 if there is none, or it is not for the caller to know.
pub async fn read(conn: &mut Conn, id: GroupId, caller: UserId) -> Result<Group> {
    let mut snapshot = conn.build_transaction().repeatable_read().read_only();
    snapshot
        .run(async |conn| {
            let seat = look(conn, id, caller, Action::Read).await?;
            let groups = complete(conn, vec![(seat.group, seat.role)]).await?;
            groups.into_iter().next().ok_or_else(ApiError::not_found)
        })
        .await
}

/// Adds the channels, with one query for all groups, to those that the caller is in.
///
/// # Errors
/// If the database fails.
pub async fn complete(
    conn: &mut Conn,
    groups: Vec<(GroupRow, Option<Role>)>,
) -> Result<Vec<Group>> {
    let own: Vec<_> = groups
        .iter()
        .filter(|(_, role)| role.is_some())
        .map(|(group, _)| group.id().0)
        .collect();
    let mut by_group: HashMap<GroupId, Vec<ChannelEntry>> = HashMap::new();
    for channel in channels::of(conn, &own).await? {
        let entries = by_group.entry(channel.group()).or_default();
        entries.push(channel.entry());
    }
    let complete = groups.into_iter().map(|(group, my_role)| Group {
        shared: group.shared(),
        my_role,
        channels: by_group.remove(&group.id()).unwrap_or_default(),
    });
    Ok(complete.collect())
}
