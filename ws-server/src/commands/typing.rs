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

/// What was passed on lately, by conversation.
#[derive(Debug, Default)]
pub struct Throttle(Vec<Said>);

#[derive(Debug)]
struct Said {
    id: ConversationId,
    on: Option<Instant>,
    off: Option<Instant>,
}

impl Throttle {
    /// Whether this one goes on: each at most once in `pause`, and a `false` that takes a `true`
    /// back as well.
    fn allows(&mut self, id: ConversationId, typing: bool, now: Instant, pause: Duration) -> bool {
        let recent = |at: Option<Instant>| at.is_some_and(|at| now.duration_since(at) < pause);
        self.0.retain(|said| recent(said.on) || recent(said.off));
        let known = self.0.iter().position(|said| said.id == id);
        let place = known.unwrap_or(self.0.len());
        if place >= CONVERSATIONS {
            return false;
        }
        if known.is_none() {
            let (on, off) = (None, None);
            self.0.push(Said { id, on, off });
        }
        let said = &mut self.0[place];
        let takes_back = said.on > said.off;
        let last = if typing { &mut said.on } else { &mut said.off };
        let allowed = !recent(*last) || (!typing && takes_back);
        if allowed {
            *last = Some(now);
        }
        allowed
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
    fn true_goes_on_once_in_three_seconds_and_false_where_it_says_something_new() {
        let pause = Duration::from_secs(3);
        let (here, there) = (ConversationId::new(), ConversationId::new());
        let start = Instant::now();
        let later = start + pause / 2;
        let mut throttle = Throttle::default();
        assert!(throttle.allows(here, true, start, pause));
        assert!(!throttle.allows(here, true, later, pause));
        assert!(throttle.allows(there, true, later, pause));
        assert!(throttle.allows(here, false, later, pause));
        assert!(!throttle.allows(here, false, later, pause));
        assert!(!throttle.allows(here, true, later, pause));
        assert!(throttle.allows(here, true, start + pause, pause));
        assert!(throttle.allows(here, false, start + pause, pause));
        assert!(!throttle.allows(here, false, start + pause, pause));
        // Nothing is taken back, by this socket: once, all the same.
        let alone = ConversationId::new();
        assert!(throttle.allows(alone, false, start + pause, pause));
        assert!(!throttle.allows(alone, false, start + pause, pause));
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
