//! Walking back through many conversations at once, from the newest message.
//!
//! Each conversation is a strip that is read from its newest end. Its front is an id above which
//! nothing is left to read in it. Once enough was found, a strip whose front is not newer than the
//! last of what is shown cannot add to it: when no strip can, the walk is over.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use uuid::Uuid;

use super::newest_id;
use crate::store::search::{Hit, Scope, Step, Strip};

/// Messages read from a strip at first; each further time four times as many.
const FIRST_STEP: i64 = 64;
/// Strips read in one statement.
const STRIPS: usize = 32;
/// Messages that may be read before the words are looked up instead: about 10 ms.
const BUDGET: i64 = 4096;

/// How far a search has come.
#[derive(Debug)]
pub struct Walk {
    strips: Vec<Front>,
    hits: BTreeSet<Hit>,
    limit: usize,
    read: i64,
}

#[derive(Debug)]
struct Front {
    scope: Scope,
    /// What is unread has a lower id.
    below: Uuid,
    step: i64,
}

impl Walk {
    /// A walk through the ids between `above` and `below` that ends when the `limit` newest hits
    /// are known.
    pub fn new(scopes: &[Scope], above: Uuid, below: Uuid, limit: usize) -> Self {
        let fronts = scopes.iter().map(|scope| Front {
            below: newest_id(scope.active_at).min(below),
            scope: scope.clone(),
            step: FIRST_STEP,
        });
        Self {
            strips: fronts.filter(|front| front.below > above).collect(),
            hits: BTreeSet::new(),
            limit,
            read: 0,
        }
    }

    /// Whether it may go on.
    pub fn has_budget(&self) -> bool {
        self.read < BUDGET
    }

    /// What to read next: the strips with the newest fronts that can still add something. None when
    /// the newest hits are known.
    pub fn next_steps(&mut self) -> Vec<Step> {
        if let Some(last) = self.last_shown() {
            self.strips.retain(|front| front.below > last);
        }
        self.strips
            .sort_unstable_by_key(|front| Reverse(front.below));
        let newest = self.strips.iter().take(STRIPS);
        newest
            .map(|front| Step {
                conversation_id: front.scope.conversation_id,
                cleared_seq: front.scope.cleared_seq,
                below: front.below,
                messages: front.step,
            })
            .collect()
    }

    /// Takes in what was read, in any order; strips without a message are left out.
    pub fn learn(&mut self, steps: &[Step], strips: Vec<Strip>) {
        // The steps are the first fronts, in their order.
        let mut over = vec![true; steps.len()];
        for strip in strips {
            let Some((front, step)) = self.strips.get_mut(strip.index).zip(steps.get(strip.index))
            else {
                continue;
            };
            self.read += strip.read;
            front.below = strip.reached;
            front.step *= 4;
            over[strip.index] = strip.read < step.messages;
            self.hits.extend(strip.hits);
        }
        let mut over = over.into_iter();
        self.strips.retain(|_| !over.next().unwrap_or(false));
    }

    fn last_shown(&self) -> Option<Uuid> {
        let last = self.limit.checked_sub(1)?;
        self.hits.iter().nth_back(last).map(|hit| hit.id)
    }

    /// The newest hits.
    pub fn into_newest(self) -> Vec<Hit> {
        self.hits.into_iter().rev().take(self.limit).collect()
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta, Utc};
    use proptest::prelude::*;

    use super::super::id_at;
    use super::*;

    /// A message of the model: milliseconds, and whether it fits.
    type Message = (u16, bool);

    fn id(conversation: usize, at: DateTime<Utc>, (ms, _): Message) -> Uuid {
        let at = at + TimeDelta::milliseconds(ms.into());
        // Unique in the model: no two conversations share a tail.
        let front = id_at(at, 0).as_u64_pair().0 & !0xFFFF;
        Uuid::from_u64_pair(front | 0x7000, conversation as u64)
    }

    fn read(ids: &[Vec<(Uuid, bool)>], steps: &[Step]) -> Vec<Strip> {
        let strips = steps.iter().enumerate().map(|(index, step)| {
            let all = &ids[step.conversation_id.as_u128() as usize];
            let below = all.iter().rev().filter(|(id, _)| *id < step.below);
            let chunk: Vec<_> = below.take(step.messages as usize).collect();
            chunk.last().map(|(reached, _)| Strip {
                index,
                read: chunk.len() as i64,
                reached: *reached,
                hits: (chunk.iter().filter(|(_, fits)| *fits))
                    .map(|(id, _)| Hit {
                        id: *id,
                        conversation_id: step.conversation_id,
                        seq: 0,
                    })
                    .collect(),
            })
        });
        strips.flatten().collect()
    }

    proptest! {
        #[test]
        fn a_walk_that_ends_knows_the_newest_hits(
            // So few fit that conversations are read more than once.
            mut conversations in prop::collection::vec(prop::collection::vec((any::<u16>(), prop::bool::weighted(0.04)), 0..400), 0..12),
            limit in 1_usize..40,
        ) {
            for messages in &mut conversations {
                messages.sort_unstable();
                messages.dedup_by_key(|message| message.0);
            }
            let at = Utc::now() - TimeDelta::hours(1);
            let ids: Vec<Vec<_>> = conversations.iter().enumerate()
                .map(|(n, messages)| messages.iter().map(|message| (id(n, at, *message), message.1)).collect())
                .collect();
            let scopes: Vec<_> = ids.iter().enumerate().map(|(n, _)| Scope {
                conversation_id: Uuid::from_u128(n as u128),
                cleared_seq: 0,
                active_at: Utc::now(),
            }).collect();
            let mut all: Vec<_> = ids.iter().flatten().filter(|(_, fits)| *fits).map(|(id, _)| *id).collect();
            all.sort_unstable();
            all.reverse();
            all.truncate(limit);

            let mut walk = Walk::new(&scopes, Uuid::nil(), Uuid::max(), limit);
            let mut rounds = 0;
            loop {
                let steps = walk.next_steps();
                if steps.is_empty() { break; }
                let strips = read(&ids, &steps);
                walk.learn(&steps, strips);
                rounds += 1;
                prop_assert!(rounds < 1000, "the walk goes in a circle");
            }
            let found: Vec<_> = walk.into_newest().into_iter().map(|hit| hit.id).collect();
            prop_assert_eq!(found, all);
        }
    }

    #[test]
    fn a_frequent_word_in_many_conversations_is_found_within_the_budget() {
        let active_at = |n: usize| Utc::now() - TimeDelta::hours(n as i64);
        let ids: Vec<Vec<_>> = (0..500)
            .map(|n| {
                let at = active_at(n) - TimeDelta::seconds(1);
                let message = |ms| (id(n, at, (ms, false)), ms % 10 == 0);
                (0..200).map(message).collect()
            })
            .collect();
        let scopes: Vec<_> = (0..500)
            .map(|n| Scope {
                conversation_id: Uuid::from_u128(n as u128),
                cleared_seq: 0,
                active_at: active_at(n),
            })
            .collect();
        let mut walk = Walk::new(&scopes, Uuid::nil(), Uuid::max(), 51);
        while walk.has_budget() {
            let steps = walk.next_steps();
            if steps.is_empty() {
                assert_eq!(walk.into_newest().len(), 51);
                return;
            }
            let strips = read(&ids, &steps);
            walk.learn(&steps, strips);
        }
        panic!("the budget was used up");
    }
}
