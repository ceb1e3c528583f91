//! When users' last sockets left.

use protocol::command::LastSeenCommands;
use protocol::routing;

use super::Worker;
use crate::app::State;
use crate::error::Result;
use crate::store::visibility;

pub(super) struct LastSeenWorker;

impl Worker for LastSeenWorker {
    type Command = LastSeenCommands;
    const QUEUE: &'static str = routing::LAST_SEEN_QUEUE;

    async fn carry_out(&mut self, state: &State, batch: &[LastSeenCommands]) -> Result<()> {
        let seen = batch.iter().flat_map(|commands| &commands.items);
        let (ids, at): (Vec<_>, Vec<_>) =
            seen.map(|seen| (seen.user_id.0, seen.at.to_utc())).unzip();
        visibility::last_seen(&mut *state.db.get().await?, &ids, &at).await?;
        Ok(())
    }
}
