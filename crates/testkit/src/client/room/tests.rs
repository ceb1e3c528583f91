//! A room that hears of a random history in every bad way ends as one that has just loaded it.

use proptest::prelude::*;
use proptest::sample::Index;
use protocol::frame::ServerFrame;
use protocol::ids::{ClientId, ConversationId, GroupId};
use protocol::message::{Reaction, ReplyTo};
use protocol::sync::{SyncRequest, SyncResponse};
use protocol::time::Timestamp;

use super::*;
use crate::client::replica::{Need, Replica};

/// One durable change of a conversation.
#[derive(Clone, Debug)]
enum Op {
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
const TOLD: Op = Op::Send {
    mine: false,
    names: false,
};
/// One of the caller's own.
const OWN: Op = Op::Send {
    mine: true,
    names: false,
};

/// One thing that reaches the client.
#[derive(Clone, Debug)]
enum Step {
    /// An event, out of order and perhaps not for the first time.
    Event(Index),
    /// The changes since the client's `rev`, from a snapshot of some later moment.
    Changes(Index),
    /// The timeline, from a snapshot of any moment; then the changes it asks for.
    Page(Index, Index),
    /// The caller deletes a message for themselves, elsewhere; this client may hear of it.
    Hide { which: Index, heard: bool },
    /// They archive the conversation or bring it back.
    Archive { heard: bool },
    /// One of the frames of these two comes again, or late.
    Again(Index),
    /// A sync, from a snapshot of some later moment.
    Sync(Index),
}

/// The history of a conversation: what the database knew at each revision.
struct World {
    own: UserId,
    moments: Vec<Moment>,
}

#[derive(Clone)]
struct Moment {
    shared: SharedConversation,
    shared_rev: i64,
    messages: Vec<Message>,
    event: Option<Event>,
}

impl World {
    fn new(ops: &[Op]) -> Self {
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

    fn last(&self) -> i64 {
        self.moments.len() as i64 - 1
    }

    fn at(&self, rev: i64) -> &Moment {
        &self.moments[usize::try_from(rev).expect("a revision is not negative")]
    }

    /// A client that knows of the conversation, and has not loaded a message yet.
    fn empty(&self, rev: i64) -> Room {
        Room::new(self.own, untouched(self.at(rev).shared.clone()))
    }

    /// A client that has just loaded everything.
    fn fresh(&self, rev: i64) -> Room {
        let mut room = self.empty(rev);
        assert_eq!(room.page(self.page(rev)), None);
        room
    }

    fn page(&self, rev: i64) -> MessagePage {
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
    fn frame(&self, rev: i64) -> ServerFrame {
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
    fn synced(&self, own: &OwnSide, request: &SyncRequest, now: i64) -> SyncResponse {
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
    fn fulfil(&self, replica: &mut Replica, mut needs: Vec<Need>, now: i64) {
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

    fn heal(&self, room: &mut Room, since: i64, now: i64) {
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
struct OwnSide {
    version: i64,
    archived: bool,
    hidden: Vec<(MessageId, i64)>,
    frames: Vec<ServerFrame>,
}

impl OwnSide {
    fn hides(&self, id: MessageId) -> bool {
        self.hidden.iter().any(|(hidden, _)| *hidden == id)
    }

    fn hide(&mut self, world: &World, now: i64, message_id: MessageId) {
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

    fn archive(&mut self, world: &World, now: i64) {
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
    fn tell(&self, replica: &mut Replica, heard: bool) {
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

fn message(conversation_id: ConversationId, seq: i64, rev: i64, sender_id: UserId) -> Message {
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

fn ops() -> impl Strategy<Value = Vec<Op>> {
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

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        8 => any::<Index>().prop_map(Step::Event),
        1 => any::<Index>().prop_map(Step::Changes),
        1 => any::<(Index, Index)>().prop_map(|(then, now)| Step::Page(then, now)),
        1 => any::<(Index, bool)>().prop_map(|(which, heard)| Step::Hide { which, heard }),
        1 => any::<bool>().prop_map(|heard| Step::Archive { heard }),
        1 => any::<Index>().prop_map(Step::Again),
        1 => any::<Index>().prop_map(Step::Sync),
    ];
    prop::collection::vec(step, 0..60)
}

/// A revision between `from` and `to`, both possible.
fn between(index: &Index, from: i64, to: i64) -> i64 {
    from + index.index(usize::try_from(to - from + 1).expect("from is not after to")) as i64
}

proptest! {
    #[test]
    fn every_event_in_any_order_and_with_repeats_needs_no_healing(
        ops in ops(),
        start in any::<Index>(),
        repeats in prop::collection::vec(any::<Index>(), 0..20),
        order in any::<u64>(),
    ) {
        let world = World::new(&ops);
        let start = between(&start, 0, world.last());
        let mut events: Vec<i64> = (1..=world.last()).collect();
        events.extend(repeats.iter().map(|index| between(index, 1, world.last())));
        // A shuffle that proptest can shrink: sorted by a hash of place and seed.
        let mut places: Vec<usize> = (0..events.len()).collect();
        places.sort_by_key(|place| (*place as u64 + 1).wrapping_mul(order | 1).rotate_left(17));
        let mut room = world.fresh(start);
        for place in places {
            let rev = events[place];
            room.event(rev, world.at(rev).event.clone().expect("each revision has one"));
        }
        prop_assert!(!room.has_hole());
        prop_assert_eq!(room.snapshot(), world.fresh(world.last()).snapshot());
    }

    #[test]
    fn lost_events_and_late_answers_heal_by_one_sync_to_a_fresh_load(
        ops in ops(),
        start in any::<Index>(),
        loaded in any::<(Index, Index, Index)>(),
        mut steps in steps(),
    ) {
        let world = World::new(&ops);
        let id = world.at(0).shared.id;
        let mut own = OwnSide::default();
        let mut replica = Replica::new(world.own);
        let began = world.synced(&own, &replica.sync_request(None), between(&start, 0, world.last()));
        prop_assert_eq!(replica.sync(began), [Need::Messages(id)]);
        // At some point it loads the timeline for the first time.
        let (place, then, now) = loaded;
        steps.insert(place.index(steps.len() + 1), Step::Page(then, now));
        for step in &steps {
            let (before, held) = (replica.rooms()[&id].rev(), replica.rooms()[&id].messages.clone());
            match step {
                Step::Event(index) => {
                    let needs = replica.frame(&world.frame(between(index, 1, world.last())));
                    prop_assert_eq!(needs, []);
                }
                Step::Changes(index) => {
                    let now = between(index, before, world.last());
                    world.fulfil(&mut replica, vec![Need::Changes(id, before)], now);
                }
                Step::Page(then, now) => {
                    let then = between(then, 0, world.last());
                    let now = between(now, before.max(then), world.last());
                    let need = replica.page(id, world.page(then));
                    world.fulfil(&mut replica, need.into_iter().collect(), now);
                }
                Step::Hide { which, heard } => {
                    // What somebody has not been told of they cannot hide.
                    let all: Vec<_> = held.keys().copied().collect();
                    if !all.is_empty() {
                        own.hide(&world, before, all[which.index(all.len())]);
                        own.tell(&mut replica, *heard);
                    }
                }
                Step::Archive { heard } => {
                    own.archive(&world, before);
                    own.tell(&mut replica, *heard);
                }
                Step::Again(index) if !own.frames.is_empty() => {
                    let frame = &own.frames[index.index(own.frames.len())];
                    prop_assert_eq!(replica.frame(frame), []);
                }
                Step::Again(_) => {}
                Step::Sync(index) => {
                    let now = between(index, before, world.last());
                    let needs = replica.sync(world.synced(&own, &replica.sync_request(None), now));
                    world.fulfil(&mut replica, needs, now);
                }
            }
            let room = &replica.rooms()[&id];
            prop_assert!(room.rev() >= before);
            prop_assert!(held.values().all(|old| room.messages[&old.id].rev >= old.rev));
        }
        let needs = replica.sync(world.synced(&own, &replica.sync_request(None), world.last()));
        world.fulfil(&mut replica, needs, world.last());
        prop_assert_eq!(replica.holes(), BTreeSet::new());

        let mut fresh = Replica::new(world.own);
        let needs = fresh.sync(world.synced(&own, &fresh.sync_request(None), world.last()));
        prop_assert_eq!(needs, [Need::Messages(id)]);
        let mut page = world.page(world.last());
        page.items.retain(|message| !own.hides(message.id));
        prop_assert_eq!(fresh.page(id, page), None);
        prop_assert_eq!(replica.snapshot(), fresh.snapshot());
    }

    #[test]
    fn watermarks_only_rise_and_end_at_the_highest(
        marks in prop::collection::vec((any::<bool>(), 0..50_i64, 0..50_i64), 0..40),
    ) {
        let world = World::new(&[]);
        let mut room = world.fresh(0);
        room.shared.kind = ConversationKind::Direct;
        let peer = UserId::new();
        let (mut mine, mut theirs) = (Receipts::default(), Receipts::default());
        for (own, delivered_seq, read_seq) in marks {
            let before = room.snapshot().receipts;
            let receipts = Receipts { delivered_seq, read_seq };
            room.receipt(if own { world.own } else { peer }, receipts);
            let side = if own { &mut mine } else { &mut theirs };
            *side = highest(*side, receipts);
            let after = room.snapshot().receipts;
            prop_assert_eq!(after, highest(before, after));
        }
        let end = room.snapshot();
        prop_assert_eq!(end.me.delivered_seq, mine.delivered_seq);
        prop_assert_eq!(end.receipts.read_seq, mine.read_seq.min(theirs.read_seq));
    }
}

proptest! {
    #[test]
    fn in_a_channel_only_the_server_says_what_the_lowest_watermarks_are(
        told in prop::collection::vec((0..3_u8, 0..50_i64, 0..50_i64), 0..40),
    ) {
        let world = World::new(&[]);
        let mut room = world.fresh(0);
        let someone = UserId::new();
        let (mut mine, mut lowest) = (Receipts::default(), Receipts::default());
        for (whose, delivered_seq, read_seq) in told {
            let receipts = Receipts { delivered_seq, read_seq };
            match whose {
                0 => {
                    room.receipt(world.own, receipts);
                    mine = highest(mine, receipts);
                }
                1 => room.receipt(someone, receipts),
                _ => {
                    room.receipts(receipts);
                    lowest = highest(lowest, receipts);
                }
            }
        }
        let end = room.snapshot();
        prop_assert_eq!(end.receipts, lowest);
        prop_assert_eq!((end.me.delivered_seq, end.me.read_seq), (mine.delivered_seq, mine.read_seq));
    }
}

#[test]
fn a_receipt_of_someone_in_a_channel_leaves_the_tag_as_it_is() {
    let world = World::new(&[]);
    let mut room = world.fresh(0);
    let read = Receipts {
        delivered_seq: 3,
        read_seq: 3,
    };
    room.receipt(UserId::new(), read);
    assert_eq!(room.known().view.as_deref(), Some("tag"));
    room.receipts(read);
    assert_eq!(room.known().view, None);
}

#[test]
fn no_more_than_two_hundred_events_wait_above_a_hole() {
    let world = World::new(&vec![TOLD; PENDING + 50]);
    let mut room = world.fresh(0);
    for rev in (2..=world.last()).rev() {
        room.event(rev, world.at(rev).event.clone().expect("each has one"));
    }
    assert_eq!(room.pending.len(), PENDING);
    room.event(1, world.at(1).event.clone().expect("each has one"));
    assert_eq!(room.rev(), PENDING as i64 + 1);
}

#[test]
fn what_waited_above_a_hole_is_applied_when_the_changes_fill_it() {
    let world = World::new(&vec![TOLD; 3]);
    let mut room = world.fresh(0);
    room.event(3, world.at(3).event.clone().expect("each has one"));
    assert_eq!((room.rev(), room.has_hole()), (0, true));
    world.heal(&mut room, 0, 2);
    assert_eq!((room.rev(), room.has_hole()), (3, false));
}

#[test]
fn a_view_of_a_lower_version_changes_nothing_but_watermarks() {
    let world = World::new(&[]);
    let mut room = world.fresh(0);
    let old = room.told_view().clone();
    let pinned = View {
        version: 2,
        pinned: true,
        ..old.clone()
    };
    room.view(pinned);
    room.view(View {
        version: 1,
        archived: true,
        read_seq: 7,
        ..old
    });
    let me = room.snapshot().me;
    assert!(me.pinned && !me.archived);
    assert_eq!((me.version, me.read_seq), (2, 7));
}

#[test]
fn a_tag_is_only_said_while_it_is_true() {
    let world = World::new(&[OWN]);
    let mut room = world.fresh(0);
    assert_eq!(room.known().view.as_deref(), Some("tag"));
    room.event(1, world.at(1).event.clone().expect("each has one"));
    assert_eq!(room.known().view, None);
    let change = ViewChange {
        me: room.told_view().clone(),
        receipts: room.snapshot().receipts,
        hidden: vec![],
        view: "new".to_owned(),
    };
    // What is held is ahead of an answer that is late.
    let late = ViewChange {
        me: View {
            read_seq: 0,
            ..change.me.clone()
        },
        ..change.clone()
    };
    room.merge_view_change(late);
    assert_eq!(room.known().view, None);
    room.merge_view_change(change);
    assert_eq!(room.known().view.as_deref(), Some("new"));
}

#[test]
fn what_was_hidden_is_asked_for_until_an_answer_has_said_it() {
    let world = World::new(&[TOLD]);
    let mut room = world.fresh(1);
    let told = room.told_view().clone();
    // The frame that hid it was lost, and a later one of the view came.
    let view = View {
        version: 2,
        pinned: true,
        ..told.clone()
    };
    room.view(view.clone());
    assert_eq!((room.known().me_version, room.known().view), (0, None));
    // Nor does the conversation's own answer say what is hidden.
    room.merge(Conversation {
        me: view.clone(),
        ..untouched(world.at(1).shared.clone())
    });
    assert_eq!((room.known().me_version, room.known().view), (0, None));
    room.merge_view_change(ViewChange {
        me: view,
        receipts: room.snapshot().receipts,
        hidden: vec![world.at(1).messages[0].id],
        view: "new".to_owned(),
    });
    assert_eq!(room.known().me_version, 2);
    assert!(room.snapshot().messages.is_empty());
    assert_eq!(room.snapshot().me.unread, 0);
}
