//! The view of which the next snapshot is made: the newest that lay at a multiple of 64 when this
//! process read past it.

use std::sync::Arc;

use crate::rules::Rules;
use crate::shown::Shown;
use crate::tail::View;

/// What the next snapshot is made of.
#[derive(Clone)]
pub(crate) struct Due {
    pub(crate) view: Arc<View>,
    /// What is shown at the same position; `None`: it could not be begun.
    pub(crate) shown: Option<Arc<Shown>>,
}

/// What is kept of the views that went by.
#[derive(Default)]
pub(crate) struct Kept {
    /// Of each commit whose number is a multiple of this; 0: of none. Only a tick keeps any: each
    /// costs a copy of the state.
    every: u64,
    newest: Option<Due>,
    /// A LIST has named commits up to here, so a view far before it will not stay the newest.
    will_read_to: u64,
}

impl Kept {
    /// From now on.
    pub(crate) fn keep(&mut self, every: u64) {
        self.every = every;
    }

    /// Whether a snapshot of this commit is to be written, and no later one was named already.
    fn is_due(&self, seq: u64) -> bool {
        // Not after commit 0: it would save nothing. No number but that is a multiple of 0.
        let due = seq != 0 && seq.is_multiple_of(self.every);
        due && seq.saturating_add(self.every) > self.will_read_to
    }

    /// The reader will come at least so far.
    pub(crate) fn will_read_to(&mut self, seq: Option<u64>) {
        self.will_read_to = self.will_read_to.max(seq.unwrap_or_default());
    }

    /// The reader is here now.
    pub(crate) fn passed(&mut self, rules: &Rules, view: &Arc<View>, shown: Option<&Arc<Shown>>) {
        if view.position.seq.is_some_and(|seq| self.is_due(seq)) {
            let (mut view, mut shown) = (Arc::clone(view), shown.cloned());
            if !rules.graph_is_of_its_commit {
                shown = Some(self.newest.take().and_then(|old| old.shown).unwrap_or_default());
            }
            if !rules.snapshot_is_of_its_commit {
                let old = self.newest.take().map(|old| old.view.state.clone());
                let state = old.unwrap_or_default();
                view = Arc::new(View { state, position: view.position.clone() });
            }
            self.newest = Some(Due { view, shown });
        }
    }

    /// The view to write.
    pub(crate) fn due(&self) -> Option<Due> {
        self.newest.clone()
    }

    /// This one is done with.
    pub(crate) fn settled(&mut self, view: &View) {
        if self.newest.as_ref().is_some_and(|newest| newest.view.position.seq == view.position.seq)
        {
            self.newest = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::position::Position;
    use crate::snapshot::SNAPSHOT_EVERY;

    fn view(seq: u64) -> Arc<View> {
        let position = Position { seq: Some(seq), ..Position::default() };
        Arc::new(View { position, ..View::default() })
    }

    fn kept(seqs: std::ops::Range<u64>, will_read_to: Option<u64>) -> Vec<u64> {
        let mut kept = Kept::default();
        kept.keep(SNAPSHOT_EVERY);
        kept.will_read_to(will_read_to);
        let mut due = Vec::new();
        for seq in seqs {
            kept.passed(&Rules::default(), &view(seq), None);
            due.extend(kept.due().and_then(|due| due.view.position.seq));
        }
        due.dedup();
        due
    }

    #[test]
    fn the_newest_multiple_of_64_that_was_passed_is_due() {
        assert_eq!(kept(0..64, None), Vec::<u64>::new());
        assert_eq!(kept(0..65, None), [64]);
        assert_eq!(kept(60..200, None), [64, 128, 192]);
    }

    #[test]
    fn what_will_not_stay_the_newest_costs_no_copy() {
        assert_eq!(kept(0..1_000, Some(999)), [960]);
        assert_eq!(kept(0..1_000, Some(960)), [960]);
        assert_eq!(kept(0..1_000, Some(959)), [896, 960]);
    }

    #[test]
    fn nothing_is_kept_by_those_who_did_not_ask_and_nothing_twice() {
        let mut kept = Kept::default();
        kept.passed(&Rules::default(), &view(64), None);
        assert!(kept.due().is_none());
        kept.keep(SNAPSHOT_EVERY);
        kept.passed(&Rules::default(), &view(64), None);
        kept.settled(&view(128));
        assert!(kept.due().is_some(), "another one was settled");
        kept.settled(&view(64));
        assert!(kept.due().is_none());
    }
}
