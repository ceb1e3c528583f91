//! The contract's rule for live events, and what it has to put right: kept by every connection for
//! every conversation that it hears.
//!
//! Drop what is at or below the revision held, apply the next one, keep what is above; a hole that
//! stays is asked about. In a load test every change is a new message, so `seq` must rise by one
//! with each revision that is applied.

use std::collections::BTreeMap;

/// What a client holds of one conversation.
#[derive(Clone, Debug)]
pub struct Ledger {
    rev: i64,
    seq: i64,
    /// What came too early: revision and place.
    ahead: BTreeMap<i64, i64>,
    /// Messages whose place does not follow the one before.
    pub misplaced: u64,
}

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// New, and next.
    InOrder,
    /// New, behind a hole.
    Early,
    /// New, into a hole: others overtook it.
    Late,
    /// Known.
    Duplicate,
}

impl Ledger {
    /// A conversation as a client holds it before.
    #[must_use]
    pub fn new(rev: i64, seq: i64) -> Self {
        Self {
            rev,
            seq,
            ahead: BTreeMap::new(),
            misplaced: 0,
        }
    }

    /// Takes an event.
    pub fn take(&mut self, rev: i64, seq: i64) -> Outcome {
        if rev <= self.rev || self.ahead.contains_key(&rev) {
            return Outcome::Duplicate;
        }
        let overtaken = !self.ahead.is_empty();
        if rev > self.rev + 1 {
            let late = self
                .ahead
                .last_key_value()
                .is_some_and(|(last, _)| rev < *last);
            self.ahead.insert(rev, seq);
            return if late { Outcome::Late } else { Outcome::Early };
        }
        self.apply(rev, seq);
        self.catch_up();
        if overtaken {
            Outcome::Late
        } else {
            Outcome::InOrder
        }
    }

    /// Goes on from the newest message: what lies between is left to the history.
    pub fn begin_anew(&mut self, rev: i64, seq: i64) {
        if rev > self.rev {
            (self.rev, self.seq) = (rev, seq);
            self.ahead = self.ahead.split_off(&(rev + 1));
            self.catch_up();
        }
    }

    /// Applies what waited for what is applied now.
    fn catch_up(&mut self) {
        while let Some(next) = self.ahead.first_entry()
            && *next.key() == self.rev + 1
        {
            let (rev, seq) = next.remove_entry();
            self.apply(rev, seq);
        }
    }

    fn apply(&mut self, rev: i64, seq: i64) {
        if seq != self.seq + 1 {
            self.misplaced += 1;
        }
        self.rev = rev;
        self.seq = seq;
    }

    /// Whether something is missing.
    #[must_use]
    pub fn has_hole(&self) -> bool {
        !self.ahead.is_empty()
    }

    /// Up to where nothing is missing.
    #[must_use]
    pub fn rev(&self) -> i64 {
        self.rev
    }

    /// The last message held.
    #[must_use]
    pub fn seq(&self) -> i64 {
        self.seq
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_came_early_waits_for_what_is_late() {
        let mut ledger = Ledger::new(10, 10);
        assert_eq!(ledger.take(11, 11), Outcome::InOrder);
        assert_eq!(ledger.take(14, 14), Outcome::Early);
        assert_eq!(ledger.take(13, 13), Outcome::Late);
        assert!(ledger.has_hole());
        assert_eq!(ledger.rev(), 11);
        assert_eq!(ledger.take(12, 12), Outcome::Late);
        assert!(!ledger.has_hole());
        assert_eq!((ledger.rev(), ledger.seq(), ledger.misplaced), (14, 14, 0));
    }

    #[test]
    fn what_is_known_is_a_duplicate() {
        let mut ledger = Ledger::new(10, 10);
        assert_eq!(ledger.take(10, 10), Outcome::Duplicate);
        assert_eq!(ledger.take(12, 12), Outcome::Early);
        assert_eq!(ledger.take(12, 12), Outcome::Duplicate);
    }

    #[test]
    fn a_new_revision_of_an_old_place_is_noticed() {
        let mut ledger = Ledger::new(10, 10);
        ledger.take(11, 11);
        ledger.take(12, 11);
        ledger.take(13, 13);
        assert_eq!(ledger.misplaced, 2);
    }

    #[test]
    fn who_begins_anew_keeps_what_came_above() {
        let mut ledger = Ledger::new(10, 10);
        for rev in [600, 700, 701, 703] {
            ledger.take(rev, rev);
        }
        ledger.begin_anew(700, 700);
        assert_eq!(
            (ledger.rev(), ledger.seq(), ledger.misplaced),
            (701, 701, 0)
        );
        assert!(ledger.has_hole());
        // A page from before is no step back.
        ledger.begin_anew(690, 690);
        assert_eq!(ledger.take(702, 702), Outcome::Late);
        assert_eq!((ledger.rev(), ledger.has_hole()), (703, false));
    }

    proptest! {
        #[test]
        fn any_order_with_repeats_ends_with_everything_once(
            order in Just((1..=40_i64).chain(1..=40).collect::<Vec<_>>()).prop_shuffle()
        ) {
            let mut ledger = Ledger::new(0, 0);
            let new = order.iter().filter(|rev| ledger.take(**rev, **rev) != Outcome::Duplicate).count();
            prop_assert_eq!(new, 40);
            prop_assert_eq!((ledger.rev(), ledger.seq(), ledger.misplaced), (40, 40, 0));
            prop_assert!(!ledger.has_hole());
        }
    }
}
