//! Who writes where: passed on to those who may know, and kept nowhere.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use protocol::command::TypingCommand;
use protocol::frame::ServerFrame;
use protocol::ids::{ConversationId, UserId};
use protocol::routing::{self, Route};

use super::Worker;
use crate::app::State;
use crate::error::Result;
use crate::events::Event;
use crate::store::receipts;

/// How long an audience is believed.
const BELIEVED: Duration = Duration::from_secs(30);
/// Audiences remembered at once.
const REMEMBERED: usize = 10_000;

type Audience = Option<[UserId; 2]>;

#[derive(Default)]
pub(super) struct Typing {
    audiences: HashMap<(ConversationId, UserId), (Instant, Audience)>,
}

impl Worker for Typing {
    type Command = TypingCommand;
    const QUEUE: &'static str = routing::TYPING_QUEUE;

    async fn carry_out(&mut self, state: &State, batch: &[TypingCommand]) -> Result<()> {
        for command in batch {
            if let Some(users) = self.audience(state, command).await? {
                let frame = ServerFrame::Typing {
                    conversation_id: command.conversation_id,
                    user_id: command.user_id,
                    typing: command.typing,
                };
                state
                    .events
                    .publish_transient(Event::frame(&users.map(Route::User), &frame));
            }
        }
        Ok(())
    }
}

impl Typing {
    async fn audience(&mut self, state: &State, command: &TypingCommand) -> Result<Audience> {
        let key = (command.conversation_id, command.user_id);
        if let Some((since, audience)) = self.audiences.get(&key)
            && since.elapsed() < BELIEVED
        {
            return Ok(*audience);
        }
        let mut conn = state.db.get().await?;
        let users =
            receipts::typing_audience(&mut conn, command.conversation_id, command.user_id).await?;
        let audience = users.map(|ids| ids.map(UserId));
        if self.audiences.len() >= REMEMBERED {
            self.audiences.clear();
        }
        self.audiences.insert(key, (Instant::now(), audience));
        Ok(audience)
    }
}
