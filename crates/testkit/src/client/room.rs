//! One conversation in a client's state: pure, no I/O.

#[cfg(test)]
pub(super) mod tests;

use std::collections::{BTreeMap, BTreeSet};

use protocol::conversation::{Conversation, ConversationKind, Receipts, SharedConversation, View};
use protocol::ids::{GroupId, MessageId, UserId};
use protocol::limits::{MENTIONS_MAX, UNREAD_MAX};
use protocol::message::{Message, MessageKind, MessagePage, excerpt};
use protocol::sync::{Changes, Known, ViewChange};

/// Events kept above a hole, at most; what is beyond comes back with the changes.
pub const PENDING: usize = 200;

/// A change that carries a revision.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A message was made or changed; this is its state.
    Message(Box<Message>),
    /// The conversation's own fields changed.
    Shared(Box<SharedConversation>),
}

/// One conversation, as one user's client holds it.
#[derive(Clone, Debug)]
pub struct Room {
    own: UserId,
    shared: SharedConversation,
    conversation: Conversation,
    /// Applied without a hole up to here.
    rev: i64,
    messages: BTreeMap<MessageId, Message>,
    hidden: BTreeSet<MessageId>,
    /// Everything hidden up to this version of the view is known: only an answer that says what was
    /// hidden moves it, not a view that came by itself.
    hidden_version: i64,
    pending: BTreeMap<i64, Event>,
    /// The other one's watermarks, in direct chats, as far as events told.
    peer: Receipts,
    /// The server's tag, while what is held is exactly what it was made for.
    tag: Option<String>,
}

/// What a user sees of a conversation: comparable between a client that lived through the events
/// and one that has just loaded everything.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    /// What everyone sees.
    pub shared: SharedConversation,
    /// The user's own view.
    pub me: View,
    /// The lowest watermarks over all members.
    pub receipts: Receipts,
    /// What the user can see, by `seq`.
    pub messages: Vec<Message>,
}

impl Room {
    /// A conversation without its messages yet.
    #[must_use]
    pub fn new(own: UserId, conversation: Conversation) -> Self {
        Self {
            own,
            rev: conversation.shared.rev,
            shared: conversation.shared.clone(),
            tag: Some(conversation.view.clone()),
            // Its messages will be loaded without what is hidden by now.
            hidden_version: conversation.me.version,
            conversation,
            messages: BTreeMap::new(),
            hidden: BTreeSet::new(),
            pending: BTreeMap::new(),
            peer: Receipts::default(),
        }
    }

    /// The group whose channel it is.
    #[must_use]
    pub fn group(&self) -> Option<GroupId> {
        self.shared.group_id
    }

    /// Applied without a hole up to here.
    #[must_use]
    pub fn rev(&self) -> i64 {
        self.rev
    }

    /// Whether events wait above a hole.
    #[must_use]
    pub fn has_hole(&self) -> bool {
        !self.pending.is_empty()
    }

    /// What this client says of it in `sync`.
    #[must_use]
    pub fn known(&self) -> Known {
        Known {
            rev: self.rev,
            me_version: self.hidden_version,
            view: self.tag.clone(),
        }
    }

    /// An event of the live stream: dropped at or below `rev`, applied at `rev + 1`, kept above.
    pub fn event(&mut self, rev: i64, event: Event) {
        if rev <= self.rev {
            return;
        }
        self.pending.insert(rev, event);
        self.drain();
        while self.pending.len() > PENDING {
            self.pending.pop_last();
        }
    }

    /// One member's watermarks. In a channel another member's say nothing of the lowest: this client
    /// does not know everyone's.
    pub fn receipt(&mut self, user: UserId, receipts: Receipts) {
        if user == self.own {
            let me = &mut self.conversation.me;
            me.delivered_seq = me.delivered_seq.max(receipts.delivered_seq);
            me.read_seq = me.read_seq.max(receipts.read_seq);
        } else if self.shared.kind == ConversationKind::Direct {
            self.peer = highest(self.peer, receipts);
        } else {
            return;
        }
        self.move_lowest();
        self.tag = None;
    }

    /// The lowest watermarks over all members.
    pub fn receipts(&mut self, receipts: Receipts) {
        self.conversation.receipts = highest(self.conversation.receipts, receipts);
        self.tag = None;
    }

    /// The caller's own view, from another device: the higher version, the higher watermarks.
    pub fn view(&mut self, new: View) {
        let old = &self.conversation.me;
        let (delivered_seq, read_seq) = (
            old.delivered_seq.max(new.delivered_seq),
            old.read_seq.max(new.read_seq),
        );
        let base = if new.version >= old.version {
            new
        } else {
            old.clone()
        };
        self.conversation.me = View {
            delivered_seq,
            read_seq,
            ..base
        };
        self.move_lowest();
        self.tag = None;
    }

    /// A message was deleted for the caller alone.
    pub fn hide(&mut self, message: MessageId) {
        self.hidden.insert(message);
        self.tag = None;
    }

    /// The answer of `GET /v1/conversations/{id}`, or of `sync`, of a conversation that is held
    /// already. Its `rev` says nothing here: what happened up to it comes as changes.
    pub fn merge(&mut self, new: Conversation) {
        self.merge_shared(&new.shared);
        self.merge_view(new.me, new.receipts, new.view);
        self.conversation.peer = new.peer;
    }

    /// What `sync` says of a view whose tag differs.
    pub fn merge_view_change(&mut self, change: ViewChange) {
        self.hidden.extend(change.hidden);
        self.hidden_version = self.hidden_version.max(change.me.version);
        self.merge_view(change.me, change.receipts, change.view);
    }

    /// What happened since a revision this client asked from. `Some`: that was not all of it, so
    /// ask again from there.
    #[must_use]
    pub fn changes(&mut self, changes: Changes) -> Option<i64> {
        if changes.reset {
            self.messages.clear();
            self.rise(changes.rev);
            return None;
        }
        if let Some(shared) = &changes.conversation {
            self.merge_shared(shared);
        }
        let reached = match (changes.complete, changes.items.last()) {
            (true, _) => changes.rev,
            (false, Some(last)) => last.rev,
            (false, None) => self.rev,
        };
        for message in changes.items {
            self.put(message);
        }
        self.rise(reached);
        (!changes.complete).then_some(reached)
    }

    /// A page of the timeline. `Some`: it is older than what is held, so ask what happened since
    /// that revision.
    #[must_use]
    pub fn page(&mut self, page: MessagePage) -> Option<i64> {
        for message in page.items {
            self.put(message);
        }
        (page.rev < self.rev).then_some(page.rev)
    }

    /// The view as the API last told it, with its counts of that moment.
    #[must_use]
    pub fn told_view(&self) -> &View {
        &self.conversation.me
    }

    /// What the user sees. Unread messages are counted here, from the messages that are held: a
    /// client that lives by events is told no counts.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let me = self.conversation.me.clone();
        let seen = self.messages.values().filter(|message| self.sees(message));
        let mut messages: Vec<Message> = seen.cloned().collect();
        messages.sort_by_key(|message| message.seq);
        for reply_to in messages.iter_mut().filter_map(|one| one.reply_to.as_mut()) {
            // What an event said of the answered message may be old by now.
            let answered = self.messages.get(&reply_to.message_id);
            let answered = answered.filter(|message| self.sees(message));
            reply_to.excerpt = answered.map_or_else(String::new, |message| excerpt(&message.body));
        }
        Snapshot {
            shared: SharedConversation {
                rev: self.rev,
                ..self.shared.clone()
            },
            me: View {
                unread: self.count_unread(|_| true).min(UNREAD_MAX),
                mentions: self
                    .count_unread(|message| {
                        message.mentions_all || message.mentions.contains(&self.own)
                    })
                    .min(MENTIONS_MAX),
                ..me
            },
            receipts: self.conversation.receipts,
            messages,
        }
    }

    /// Whether the user has neither cleared nor hidden it.
    fn sees(&self, message: &Message) -> bool {
        message.seq > self.conversation.me.cleared_seq && !self.hidden.contains(&message.id)
    }

    fn count_unread(&self, counts: impl Fn(&Message) -> bool) -> i64 {
        let me = &self.conversation.me;
        let read = me.read_seq.max(me.cleared_seq);
        let marked = |seq: i64| seq.max(me.cleared_seq + 1);
        let first = me.unread_from_seq.map_or(read + 1, marked);
        let unread = self.messages.values().filter(|message| {
            message.seq >= first
                && message.sender_id != self.own
                && message.kind == MessageKind::Text
                && message.deleted_at.is_none()
                && !self.hidden.contains(&message.id)
        });
        unread.filter(|message| counts(message)).count() as i64
    }

    fn drain(&mut self) {
        while let Some(event) = self.pending.remove(&(self.rev + 1)) {
            self.rev += 1;
            match event {
                Event::Message(message) => {
                    // A new message brings a deleted chat back into the list.
                    self.conversation.me.listed |= message.seq > self.shared.last_seq;
                    self.put(*message);
                }
                Event::Shared(shared) => self.merge_shared(&shared),
            }
        }
    }

    fn rise(&mut self, rev: i64) {
        self.rev = self.rev.max(rev);
        self.pending = self.pending.split_off(&(self.rev + 1));
        self.drain();
    }

    fn put(&mut self, mut message: Message) {
        // REST answers say which reactions are the caller's; frames, the same for all, do not.
        for reaction in &mut message.reactions {
            reaction.mine = None;
        }
        self.shared.last_seq = self.shared.last_seq.max(message.seq);
        // Sending moves the sender's own watermarks, without a frame of its own.
        let sent = Receipts {
            delivered_seq: message.seq,
            read_seq: message.seq,
        };
        self.receipt(message.sender_id, sent);
        // It may count as unread.
        self.tag = None;
        let held = self.messages.get(&message.id);
        if held.is_none_or(|held| held.rev < message.rev) {
            self.messages.insert(message.id, message);
        }
    }

    fn merge_shared(&mut self, new: &SharedConversation) {
        let last_seq = self.shared.last_seq.max(new.last_seq);
        if new.rev >= self.shared.rev {
            self.shared = new.clone();
        }
        self.shared.last_seq = last_seq;
    }

    fn merge_view(&mut self, me: View, receipts: Receipts, tag: String) {
        self.view(me.clone());
        self.receipts(receipts);
        let as_told = self.conversation.me == me
            && self.conversation.receipts == receipts
            && self.hidden_version >= me.version;
        self.tag = as_told.then_some(tag);
    }

    /// In a direct chat the lowest watermarks follow from the two members' own.
    fn move_lowest(&mut self) {
        if self.shared.kind != ConversationKind::Direct {
            return;
        }
        let me = &self.conversation.me;
        let lowest = Receipts {
            delivered_seq: me.delivered_seq.min(self.peer.delivered_seq),
            read_seq: me.read_seq.min(self.peer.read_seq),
        };
        self.conversation.receipts = highest(self.conversation.receipts, lowest);
    }
}

fn highest(a: Receipts, b: Receipts) -> Receipts {
    Receipts {
        delivered_seq: a.delivered_seq.max(b.delivered_seq),
        read_seq: a.read_seq.max(b.read_seq),
    }
}
