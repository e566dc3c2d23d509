//! The count of what really happened in the runs, so that a test can demand that nothing was left
//! untried.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// How often what happened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Figures {
    counts: BTreeMap<&'static str, u64>,
}

impl Figures {
    /// How often it happened.
    pub(crate) fn of(&self, what: &str) -> u64 {
        self.counts.get(what).copied().unwrap_or_default()
    }

    /// Adds another run's.
    pub(crate) fn add(&mut self, other: &Self) {
        for (what, times) in &other.counts {
            *self.counts.entry(what).or_default() += times;
        }
    }
}

/// Figures that all of a run write into.
#[derive(Clone, Default)]
pub(crate) struct Tally {
    figures: Arc<Mutex<Figures>>,
}

impl Tally {
    /// It happened once more.
    pub(crate) fn count(&self, what: &'static str) {
        self.add(what, 1);
    }

    /// It happened so many times more.
    pub(crate) fn add(&self, what: &'static str, times: u64) {
        let mut figures = self.figures.lock().expect("one thread, no panic");
        *figures.counts.entry(what).or_default() += times;
    }

    pub(crate) fn figures(&self) -> Figures {
        self.figures.lock().expect("one thread, no panic").clone()
    }
}
