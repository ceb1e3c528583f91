//! Who writes where: passed on to those who may know, and kept nowhere.

use std::collections::{BTreeSet, HashMap};

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
        let members = batch
            .iter()
            .map(|command| (command.conversation_id, command.user_id));
        let members: Vec<_> = members.collect::<BTreeSet<_>>().into_iter().collect();
        let typists = receipts::typists(&mut *state.db.get().await?, &members).await?;
        let routes: HashMap<_, _> = typists
            .iter()
            .map(|typist| (typist.member(), typist.audience.routes()))
            .collect();
        let told = batch.iter().filter_map(|command| {
            let member = (command.conversation_id, command.user_id);
            let routes = routes.get(&member).filter(|routes| !routes.is_empty())?;
            let frame = ServerFrame::Typing {
                conversation_id: command.conversation_id,
                user_id: command.user_id,
                typing: command.typing,
            };
            Some(Event::frame(routes, &frame))
        });
        state.events.publish_transient(told);
        Ok(())
    }
}
