//! `typing`: passed on to the API, which knows who may hear it. Worth nothing when it is late, so it
//! is neither stored nor repeated.

use std::rc::Rc;
use std::time::Duration;

use platform::broker::publisher::Outgoing;
use protocol::command::TypingCommand;
use protocol::ids::ConversationId;
use protocol::routing::{COMMANDS_EXCHANGE, TYPING_QUEUE};
use tokio::time::Instant;

use crate::connection::Socket;
use crate::hub::Worker;

/// Conversations one socket is noted to write in at a time: nobody writes in more.
const CONVERSATIONS: usize = 16;

/// When `typing: true` was last passed on, by conversation.
#[derive(Debug, Default)]
pub struct Throttle(Vec<(ConversationId, Instant)>);

impl Throttle {
    /// Whether this one goes on: `true` at most once in `pause`, `false` always.
    fn allows(&mut self, id: ConversationId, typing: bool, now: Instant, pause: Duration) -> bool {
        if !typing {
            return true;
        }
        self.0.retain(|(_, at)| now.duration_since(*at) < pause);
        if self.0.len() >= CONVERSATIONS || self.0.iter().any(|(known, _)| *known == id) {
            return false;
        }
        self.0.push((id, now));
        true
    }
}

/// Passes it on, unless it comes too early: then it is dropped without a word.
pub(super) fn pass_on(
    worker: &Rc<Worker>,
    socket: &Rc<Socket>,
    conversation_id: ConversationId,
    typing: bool,
) {
    let pause = worker.shared.config.commands.typing;
    let now = Instant::now();
    let allowed =
        socket.pending(|pending| pending.typing.allows(conversation_id, typing, now, pause));
    if !allowed {
        return;
    }
    let command = TypingCommand {
        user_id: socket.session.user_id,
        conversation_id,
        typing,
    };
    worker.shared.publisher.publish(Outgoing {
        exchange: COMMANDS_EXCHANGE,
        key: TYPING_QUEUE.to_owned(),
        cc: Vec::new(),
        kind: TYPING_QUEUE.to_owned(),
        body: crate::app::encode(&command),
        message_id: None,
        request_id: None,
        persistent: false,
        done: None,
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn true_goes_on_once_in_three_seconds_and_false_always() {
        let pause = Duration::from_secs(3);
        let (here, there) = (ConversationId::new(), ConversationId::new());
        let start = Instant::now();
        let mut throttle = Throttle::default();
        assert!(throttle.allows(here, true, start, pause));
        assert!(!throttle.allows(here, true, start + pause / 2, pause));
        assert!(throttle.allows(there, true, start + pause / 2, pause));
        assert!(throttle.allows(here, false, start + pause / 2, pause));
        assert!(throttle.allows(here, true, start + pause, pause));
    }

    #[test]
    fn a_flood_of_conversations_is_not_remembered() {
        let now = Instant::now();
        let mut throttle = Throttle::default();
        let passed = (0..1_000)
            .filter(|_| throttle.allows(ConversationId::new(), true, now, Duration::from_secs(3)))
            .count();
        assert_eq!(passed, CONVERSATIONS);
    }
}
