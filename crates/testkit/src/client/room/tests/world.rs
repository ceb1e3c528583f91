//! What rooms are tested against: a random history of a conversation, and what its server would say
//! of it at each moment.

use proptest::prelude::*;
use proptest::sample::Index;
use protocol::frame::ServerFrame;
use protocol::ids::{ClientId, ConversationId, GroupId};
use protocol::message::{Reaction, ReplyTo};
use protocol::sync::{SyncRequest, SyncResponse};
use protocol::time::Timestamp;

use super::super::*;
use crate::client::replica::{Need, Replica};

/// One durable change of a conversation.
#[derive(Clone, Debug)]
pub enum Op {
    Send {
        mine: bool,
        names: bool,
    },
    Edit(Index),
    /// An edit that names the caller, or does so no longer.
    Name(Index),
    Delete(Index),
    Answer {
        mine: bool,
        to: Index,
    },
    React(Index),
    Pin(Index),
    Rename,
}

/// Somebody else's message.
pub const TOLD: Op = Op::Send {
    mine: false,
    names: false,
};
/// One of the caller's own.
pub const OWN: Op = Op::Send {
    mine: true,
    names: false,
};

/// The history of a conversation: what the database knew at each revision.
pub struct World {
    pub own: UserId,
    moments: Vec<Moment>,
}

#[derive(Clone)]
pub struct Moment {
    pub shared: SharedConversation,
    shared_rev: i64,
    pub messages: Vec<Message>,
    pub event: Option<Event>,
}

impl World {
    pub fn new(ops: &[Op]) -> Self {
        let (own, peer) = (UserId::new(), UserId::new());
        let mut now = Moment {
            shared: channel(GroupId::new()),
            shared_rev: 0,
            messages: vec![],
            event: None,
        };
        let mut moments = vec![now.clone()];
        for op in ops {
            now.apply(op, own, peer);
            moments.push(now.clone());
        }
        Self { own, moments }
    }

    pub fn last(&self) -> i64 {
        self.moments.len() as i64 - 1
    }

    pub fn at(&self, rev: i64) -> &Moment {
        &self.moments[usize::try_from(rev).expect("a revision is not negative")]
    }

    /// A client that knows of the conversation, and has not loaded a message yet.
    fn empty(&self, rev: i64) -> Room {
        Room::new(self.own, untouched(self.at(rev).shared.clone()))
    }

    /// A client that has just loaded everything.
    pub fn fresh(&self, rev: i64) -> Room {
        let mut room = self.empty(rev);
        assert_eq!(room.page(self.page(rev)), None);
        room
    }

    pub fn page(&self, rev: i64) -> MessagePage {
        MessagePage {
            items: self.at(rev).as_read(),
            has_before: false,
            has_after: false,
            rev,
        }
    }

    /// As the API answers it from a snapshot at `now`, in small portions.
    fn changes(&self, since: i64, now: i64) -> Changes {
        const LIMIT: usize = 3;
        let moment = self.at(now);
        let mut items = moment.as_read();
        items.retain(|message| message.rev > since);
        items.sort_by_key(|message| message.rev);
        let complete = items.len() <= LIMIT;
        items.truncate(LIMIT);
        Changes {
            items,
            conversation: (moment.shared_rev > since).then(|| moment.shared.clone()),
            rev: now,
            complete,
            reset: false,
        }
    }

    /// The frame of a revision.
    pub fn frame(&self, rev: i64) -> ServerFrame {
        let conversation_id = self.at(rev).shared.id;
        match self.at(rev).event.clone().expect("each revision has one") {
            Event::Message(message) => ServerFrame::MessageUpdated {
                conversation_id,
                rev,
                message,
            },
            Event::Shared(shared) => ServerFrame::ConversationUpdated {
                rev,
                conversation: *shared,
            },
        }
    }

    /// As the API answers `sync` from a snapshot at `now`.
    pub fn synced(&self, own: &OwnSide, request: &SyncRequest, now: i64) -> SyncResponse {
        let shared = self.at(now).shared.clone();
        let id = shared.id;
        let me = own.view(self, now);
        let tag = format!("{me:?} {now}");
        let known = request.known.get(&id);
        let behind = known.filter(|known| known.rev < now);
        let changes = behind.map(|known| {
            let mut items = self.at(now).as_read();
            items.retain(|message| message.rev > known.rev && !own.hides(message.id));
            items.sort_by_key(|message| message.rev);
            let changes = Changes {
                items,
                ..self.changes(known.rev, now)
            };
            let complete = true;
            (
                id,
                Changes {
                    complete,
                    ..changes
                },
            )
        });
        let other_view = known.filter(|known| known.view.as_ref() != Some(&tag));
        let views = other_view.map(|known| {
            let hidden = own.hidden.iter();
            let hidden = hidden.filter(|(_, version)| *version > known.me_version);
            let change = ViewChange {
                me: me.clone(),
                receipts: Receipts::default(),
                hidden: hidden.map(|(message, _)| *message).collect(),
                view: tag.clone(),
            };
            (id, change)
        });
        let is_news = known.is_none_or(|known| known.rev != now);
        let conversation = Conversation {
            me,
            view: tag,
            ..untouched(shared)
        };
        SyncResponse {
            epoch: "epoch".to_owned(),
            account_rev: 1,
            conversations: is_news.then_some(conversation).into_iter().collect(),
            changes: changes.into_iter().collect(),
            views: views.into_iter().collect(),
            removed: vec![],
            next_cursor: None,
        }
    }

    /// Answers changes that a client needs, from a snapshot at `now`.
    pub fn fulfil(&self, replica: &mut Replica, mut needs: Vec<Need>, now: i64) {
        while let Some(need) = needs.pop() {
            match need {
                Need::Changes(id, since) => {
                    let now = now.max(since);
                    needs.extend(replica.changes(id, self.changes(since, now)));
                }
                other => panic!("nothing here leads to {other:?}"),
            }
        }
    }

    pub fn heal(&self, room: &mut Room, since: i64, now: i64) {
        let mut next = Some(since);
        while let Some(since) = next {
            next = room.changes(self.changes(since, now));
        }
    }
}

impl Moment {
    /// As the API answers them: what an answer shows of another message is of the moment.
    fn as_read(&self) -> Vec<Message> {
        let mut messages = self.messages.clone();
        for reply_to in messages.iter_mut().filter_map(|one| one.reply_to.as_mut()) {
            let answered = self
                .messages
                .iter()
                .find(|one| one.id == reply_to.message_id);
            reply_to.excerpt = excerpt(&answered.expect("nothing is removed").body);
        }
        messages
    }

    fn send(&mut self, sender: UserId, answered: Option<Message>, named: Option<UserId>) -> Event {
        self.shared.last_seq += 1;
        let mut message = message(
            self.shared.id,
            self.shared.last_seq,
            self.shared.rev,
            sender,
        );
        message.reply_to = answered.map(|one| ReplyTo {
            message_id: one.id,
            seq: one.seq,
            sender_id: one.sender_id,
            excerpt: excerpt(&one.body),
        });
        message.mentions.extend(named);
        self.messages.push(message.clone());
        Event::Message(Box::new(message))
    }

    fn apply(&mut self, op: &Op, own: UserId, peer: UserId) {
        let rev = self.shared.rev + 1;
        self.shared.rev = rev;
        let change = |messages: &mut Vec<Message>, i: &Index, change: &dyn Fn(&mut Message)| {
            let i = i.index(messages.len());
            let message = &mut messages[i];
            change(message);
            message.rev = rev;
            Event::Message(Box::new(message.clone()))
        };
        self.event = Some(match op {
            Op::Edit(i) if !self.messages.is_empty() => change(&mut self.messages, i, &|message| {
                message.body.push('!');
            }),
            Op::Name(i) if !self.messages.is_empty() => change(&mut self.messages, i, &|message| {
                message.body.push('@');
                if message.mentions.pop().is_none() {
                    message.mentions.push(own);
                }
            }),
            Op::Delete(i) if !self.messages.is_empty() => {
                change(&mut self.messages, i, &|message| {
                    message.body.clear();
                    message.mentions.clear();
                    message.reply_to = None;
                    message.reactions.clear();
                    message.pinned = false;
                    message.deleted_at = Some(Timestamp::now());
                })
            }
            Op::React(i) if !self.messages.is_empty() => {
                change(&mut self.messages, i, &|message| {
                    let count = message.reactions.pop().map_or(0, |one| one.count) + 1;
                    message.reactions.push(Reaction {
                        emoji: "\u{1F44D}".to_owned(),
                        count,
                        user_ids: vec![message.sender_id],
                        mine: None,
                    });
                })
            }
            Op::Pin(i) if !self.messages.is_empty() => change(&mut self.messages, i, &|message| {
                message.pinned = !message.pinned;
            }),
            Op::Send { mine, names } => {
                let named = names.then_some(own);
                self.send(if *mine { own } else { peer }, None, named)
            }
            Op::Answer { mine, to } if !self.messages.is_empty() => {
                let answered = self.messages[to.index(self.messages.len())].clone();
                self.send(if *mine { own } else { peer }, Some(answered), None)
            }
            _ => {
                self.shared_rev = rev;
                self.shared.name = Some(format!("name {rev}"));
                Event::Shared(Box::new(self.shared.clone()))
            }
        });
    }
}

/// What the caller did for themselves alone, on another device: each moves their view's version.
#[derive(Default)]
pub struct OwnSide {
    version: i64,
    archived: bool,
    hidden: Vec<(MessageId, i64)>,
    pub frames: Vec<ServerFrame>,
}

impl OwnSide {
    pub fn hides(&self, id: MessageId) -> bool {
        self.hidden.iter().any(|(hidden, _)| *hidden == id)
    }

    pub fn hide(&mut self, world: &World, now: i64, message_id: MessageId) {
        if self.hides(message_id) {
            return;
        }
        self.version += 1;
        self.hidden.push((message_id, self.version));
        let conversation_id = world.at(now).shared.id;
        let me = self.view(world, now);
        self.frames.push(ServerFrame::MessageHidden {
            conversation_id,
            message_id,
            me,
        });
    }

    pub fn archive(&mut self, world: &World, now: i64) {
        self.version += 1;
        self.archived = !self.archived;
        let conversation_id = world.at(now).shared.id;
        let me = self.view(world, now);
        self.frames.push(ServerFrame::ConversationMe {
            conversation_id,
            me,
        });
    }

    /// Whether the newest frame reaches the client.
    pub fn tell(&self, replica: &mut Replica, heard: bool) {
        if let Some(frame) = self.frames.last().filter(|_| heard) {
            assert_eq!(replica.frame(frame), []);
        }
    }

    fn view(&self, world: &World, now: i64) -> View {
        let sent = world.at(now).messages.iter();
        let sent = sent.filter(|message| message.sender_id == world.own);
        let seq = sent.map(|message| message.seq).max().unwrap_or(0);
        View {
            version: self.version,
            archived: self.archived,
            delivered_seq: seq,
            read_seq: seq,
            ..untouched(world.at(now).shared.clone()).me
        }
    }
}

/// A channel in which nothing has happened.
pub fn channel(group_id: GroupId) -> SharedConversation {
    SharedConversation {
        id: ConversationId::new(),
        kind: ConversationKind::Channel,
        group_id: Some(group_id),
        name: Some("general".to_owned()),
        topic: None,
        category: None,
        position: None,
        last_seq: 0,
        rev: 0,
        created_at: Timestamp::now(),
    }
}

/// A conversation whose view has never been changed.
pub fn untouched(shared: SharedConversation) -> Conversation {
    Conversation {
        shared,
        peer: None,
        last_message: None,
        receipts: Receipts::default(),
        me: View {
            version: 0,
            delivered_seq: 0,
            read_seq: 0,
            unread: 0,
            mentions: 0,
            archived: false,
            pinned: false,
            pin_position: None,
            muted_until: None,
            cleared_seq: 0,
            unread_from_seq: None,
            listed: true,
        },
        view: "tag".to_owned(),
    }
}

pub fn message(conversation_id: ConversationId, seq: i64, rev: i64, sender_id: UserId) -> Message {
    Message {
        id: MessageId::new(),
        conversation_id,
        seq,
        rev,
        client_id: ClientId::new(),
        sender_id,
        kind: MessageKind::Text,
        body: format!("message {seq}"),
        system: None,
        reply_to: None,
        attachments: vec![],
        reactions: vec![],
        mentions: vec![],
        mentions_all: false,
        pinned: false,
        created_at: Timestamp::now(),
        edited_at: None,
        deleted_at: None,
    }
}

pub fn ops() -> impl Strategy<Value = Vec<Op>> {
    let op = prop_oneof![
        4 => any::<(bool, bool)>().prop_map(|(mine, names)| Op::Send { mine, names }),
        2 => any::<Index>().prop_map(Op::Edit),
        1 => any::<Index>().prop_map(Op::Name),
        1 => any::<Index>().prop_map(Op::Delete),
        2 => any::<(bool, Index)>().prop_map(|(mine, to)| Op::Answer { mine, to }),
        1 => any::<Index>().prop_map(Op::React),
        1 => any::<Index>().prop_map(Op::Pin),
        1 => Just(Op::Rename),
    ];
    prop::collection::vec(op, 1..30)
}

/// A revision between `from` and `to`, both possible.
pub fn between(index: &Index, from: i64, to: i64) -> i64 {
    from + index.index(usize::try_from(to - from + 1).expect("from is not after to")) as i64
}
