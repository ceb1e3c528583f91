//! What waits on one socket, and when it is due: no task, no broker.

use std::collections::HashMap;
use std::time::Duration;

use protocol::command::ReceiptCommand;
use protocol::ids::ConversationId;
use tokio::task::AbortHandle;
use tokio::time::Instant;

/// Conversations whose watermarks wait on one socket.
const CONVERSATIONS: usize = 64;
/// Frames that wait for their `ack` on one socket.
const REFS: usize = 256;

/// One watermark of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    conversation_id: ConversationId,
    pub(super) delivered_seq: i64,
    read_seq: i64,
}

impl Mark {
    /// Everything up to `seq` has been received.
    #[must_use]
    pub fn delivered(conversation_id: ConversationId, seq: i64) -> Self {
        Self {
            conversation_id,
            delivered_seq: seq,
            read_seq: 0,
        }
    }

    /// Everything up to `seq` has been read, and so received.
    #[must_use]
    pub fn read(conversation_id: ConversationId, seq: i64) -> Self {
        Self {
            conversation_id,
            delivered_seq: seq,
            read_seq: seq,
        }
    }
}

/// How long watermarks wait.
#[derive(Clone, Copy, Debug)]
pub struct Waits {
    /// After a quiet time.
    pub quiet: Duration,
    /// Between two of one conversation.
    pub busy: Duration,
    /// After a failure.
    pub retry: Duration,
    /// For the broker, before the client is told.
    pub patience: Duration,
}

/// Too much waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

/// What waits on one socket.
#[derive(Debug, Default)]
pub struct Watermarks {
    waiting: HashMap<ConversationId, Waiting>,
    /// When each conversation was last passed on; forgotten when it is quiet again.
    passed_on: HashMap<ConversationId, Instant>,
    /// Who waits for an `ack`, and since when.
    refs: Vec<(ConversationId, String, Instant)>,
    /// One message at a time: a later one never overtakes.
    in_flight: bool,
    /// The task that looks after this socket, while anything waits.
    pub(super) attendant: Option<AbortHandle>,
}

#[derive(Clone, Copy, Debug)]
struct Waiting {
    delivered_seq: i64,
    read_seq: i64,
    due: Instant,
}

impl Watermarks {
    /// Takes a watermark; the highest counts.
    pub(super) fn put(
        &mut self,
        mark: Mark,
        r#ref: Option<String>,
        now: Instant,
        waits: Waits,
    ) -> Result<(), Full> {
        let id = mark.conversation_id;
        let known = self.waiting.contains_key(&id);
        if (!known && self.waiting.len() >= CONVERSATIONS)
            || (r#ref.is_some() && self.refs.len() >= REFS)
        {
            return Err(Full);
        }
        let due = match self.passed_on.get(&id) {
            Some(at) if now - *at < waits.busy => (*at + waits.busy).max(now + waits.quiet),
            _ => now + waits.quiet,
        };
        let waiting = self.waiting.entry(id).or_insert(Waiting {
            delivered_seq: 0,
            read_seq: 0,
            due,
        });
        waiting.delivered_seq = waiting.delivered_seq.max(mark.delivered_seq);
        waiting.read_seq = waiting.read_seq.max(mark.read_seq);
        self.refs.extend(r#ref.map(|text| (id, text, now)));
        Ok(())
    }

    /// Everything is due now, whatever is on its way.
    pub(super) fn expedite(&mut self, now: Instant) {
        self.in_flight = false;
        for waiting in self.waiting.values_mut() {
            waiting.due = now;
        }
    }

    /// What is due, unless something is on its way.
    pub(super) fn take(&mut self, now: Instant, waits: Waits) -> Vec<ReceiptCommand> {
        if self.in_flight {
            return Vec::new();
        }
        self.passed_on.retain(|_, at| now - *at < waits.busy);
        let items: Vec<_> = self
            .waiting
            .extract_if(|_, waiting| waiting.due <= now)
            .map(|(conversation_id, waiting)| ReceiptCommand {
                conversation_id,
                delivered_seq: waiting.delivered_seq,
                read_seq: waiting.read_seq,
            })
            .collect();
        for item in &items {
            self.passed_on.insert(item.conversation_id, now);
        }
        self.in_flight = !items.is_empty();
        items
    }

    /// The broker has them: these frames are acknowledged, those that came since `sent_at` not.
    pub(super) fn confirmed(&mut self, items: &[ReceiptCommand], sent_at: Instant) -> Vec<String> {
        self.in_flight = false;
        self.refs
            .extract_if(.., |(id, _, at)| {
                *at <= sent_at && items.iter().any(|item| item.conversation_id == *id)
            })
            .map(|(_, text, _)| text)
            .collect()
    }

    /// The broker may not have them: they wait again.
    pub(super) fn failed(&mut self, items: Vec<ReceiptCommand>, now: Instant, waits: Waits) {
        self.in_flight = false;
        for item in items {
            let due = now + waits.retry;
            let waiting = self.waiting.entry(item.conversation_id).or_insert(Waiting {
                delivered_seq: 0,
                read_seq: 0,
                due,
            });
            waiting.delivered_seq = waiting.delivered_seq.max(item.delivered_seq);
            waiting.read_seq = waiting.read_seq.max(item.read_seq);
            waiting.due = waiting.due.max(due);
        }
    }

    /// Who has waited too long for an `ack`. What they asked for is tried on.
    pub(super) fn overdue(&mut self, now: Instant, waits: Waits) -> Vec<String> {
        self.refs
            .extract_if(.., |(_, _, since)| now - *since >= waits.patience)
            .map(|(_, text, _)| text)
            .collect()
    }

    /// When to come again; `None` when nothing waits.
    pub(super) fn next(&self, waits: Waits) -> Option<Instant> {
        let due = self
            .waiting
            .values()
            .map(|waiting| waiting.due)
            .min()
            .filter(|_| !self.in_flight);
        let overdue = self
            .refs
            .first()
            .map(|(_, _, since)| *since + waits.patience);
        match (due, overdue) {
            (Some(due), Some(overdue)) => Some(due.min(overdue)),
            (due, overdue) => due.or(overdue),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WAITS: Waits = Waits {
        quiet: Duration::from_millis(250),
        busy: Duration::from_secs(1),
        retry: Duration::from_millis(500),
        patience: Duration::from_secs(5),
    };

    fn ms(count: u64) -> Duration {
        Duration::from_millis(count)
    }

    #[test]
    fn watermarks_of_one_conversation_become_one() {
        let (start, id) = (Instant::now(), ConversationId::new());
        let mut marks = Watermarks::default();
        for seq in [3, 7, 5] {
            marks
                .put(Mark::delivered(id, seq), None, start, WAITS)
                .unwrap();
        }
        marks.put(Mark::read(id, 4), None, start, WAITS).unwrap();
        assert!(marks.take(start + ms(249), WAITS).is_empty());
        let items = marks.take(start + ms(250), WAITS);
        let want = ReceiptCommand {
            conversation_id: id,
            delivered_seq: 7,
            read_seq: 4,
        };
        assert_eq!(items, [want]);
    }

    #[test]
    fn a_busy_conversation_is_passed_on_once_a_second() {
        let (start, id) = (Instant::now(), ConversationId::new());
        let mut marks = Watermarks::default();
        let mut sent = Vec::new();
        for step in 0..500 {
            let now = start + ms(step * 10);
            marks
                .put(Mark::read(id, step as i64 + 1), None, now, WAITS)
                .unwrap();
            let items = marks.take(now, WAITS);
            if !items.is_empty() {
                sent.push(step * 10);
                marks.confirmed(&items, now);
            }
        }
        assert_eq!(sent, [250, 1_250, 2_250, 3_250, 4_250]);
    }

    #[test]
    fn nothing_overtakes_what_is_on_its_way() {
        let (start, id) = (Instant::now(), ConversationId::new());
        let mut marks = Watermarks::default();
        marks
            .put(Mark::read(id, 1), Some("a".into()), start, WAITS)
            .unwrap();
        let items = marks.take(start + ms(250), WAITS);
        marks
            .put(Mark::read(id, 2), Some("b".into()), start + ms(300), WAITS)
            .unwrap();
        assert!(marks.take(start + ms(5_000), WAITS).is_empty());
        // The second came after the message was made: it is not confirmed by it.
        assert_eq!(marks.confirmed(&items, start + ms(250)), ["a"]);
        let items = marks.take(start + ms(5_000), WAITS);
        assert_eq!(items.first().map(|item| item.read_seq), Some(2));
        assert_eq!(marks.confirmed(&items, start + ms(5_000)), ["b"]);
        assert_eq!(marks.next(WAITS), None);
    }

    #[test]
    fn what_was_not_confirmed_is_kept_and_tried_again() {
        let (start, id) = (Instant::now(), ConversationId::new());
        let mut marks = Watermarks::default();
        marks
            .put(Mark::read(id, 9), Some("a".into()), start, WAITS)
            .unwrap();
        let mut now = start + ms(250);
        for _ in 0..5 {
            let items = marks.take(now, WAITS);
            assert_eq!(items.first().map(|item| item.read_seq), Some(9));
            marks.put(Mark::read(id, 3), None, now, WAITS).unwrap();
            marks.failed(items, now, WAITS);
            assert!(marks.take(now + ms(499), WAITS).is_empty());
            now += ms(1_000);
        }
        assert_eq!(marks.overdue(now, WAITS), ["a"]);
        assert!(marks.overdue(now, WAITS).is_empty());
        assert_eq!(
            marks.take(now, WAITS).first().map(|item| item.read_seq),
            Some(9)
        );
    }

    #[test]
    fn what_waits_on_a_socket_is_bounded() {
        let now = Instant::now();
        let mut marks = Watermarks::default();
        let ids: Vec<_> = (0..CONVERSATIONS).map(|_| ConversationId::new()).collect();
        for id in &ids {
            marks.put(Mark::read(*id, 1), None, now, WAITS).unwrap();
        }
        let other = Mark::read(ConversationId::new(), 1);
        assert_eq!(marks.put(other, None, now, WAITS), Err(Full));
        let known = Mark::read(ids[0], 2);
        for _ in 0..REFS {
            marks.put(known, Some("r".into()), now, WAITS).unwrap();
        }
        assert_eq!(marks.put(known, Some("r".into()), now, WAITS), Err(Full));
    }
}
