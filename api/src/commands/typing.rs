//! Who writes where: passed on to those who may know, and kept nowhere.

use std::collections::{BTreeMap, HashMap};

use protocol::command::TypingCommand;
use protocol::frame::ServerFrame;
use protocol::routing;

use super::Worker;
use crate::app::State;
use crate::error::Result;
use crate::events::Event;
use crate::store::receipts;

pub(super) struct Typing;

impl Worker for Typing {
    type Command = TypingCommand;
    const QUEUE: &'static str = routing::TYPING_QUEUE;

    async fn carry_out(&mut self, state: &State, batch: &[TypingCommand]) -> Result<()> {
        // Of each member the last word.
        let said: BTreeMap<_, _> = batch
            .iter()
            .map(|command| ((command.conversation_id, command.user_id), command.typing))
            .collect();
        let members: Vec<_> = said.keys().copied().collect();
        let typists = receipts::typists(&mut *state.db.get().await?, &members).await?;
        let routes: HashMap<_, _> = typists
            .iter()
            .map(|typist| (typist.member(), typist.audience.routes()))
            .collect();
        let told = said.into_iter().filter_map(|(member, typing)| {
            let routes = routes.get(&member).filter(|routes| !routes.is_empty())?;
            let (conversation_id, user_id) = member;
            let frame = ServerFrame::Typing {
                conversation_id,
                user_id,
                typing,
            };
            Some(Event::frame(routes, &frame))
        });
        state.events.publish_transient(told);
        Ok(())
    }
}
