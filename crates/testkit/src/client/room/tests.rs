//! A room that hears of a random history in every bad way ends as one that has just loaded it.

mod world;

use proptest::prelude::*;
use proptest::sample::Index;

use self::world::{OWN, OwnSide, TOLD, World, between, ops};
pub use self::world::{channel, untouched};
use super::*;
use crate::client::replica::{Need, Replica};

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
