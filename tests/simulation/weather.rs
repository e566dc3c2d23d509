//! How badly a run is treated, drawn from its seed; and the count of what really happened, so that
//! a test can demand that nothing was left untried.

use std::collections::BTreeMap;

use leviathan_tests::clock::SeededEntropy;

/// Chances in 100 for each request, and how often processes are disturbed.
#[derive(Debug, Clone)]
pub(crate) struct Weather {
    /// A write is stored, its answer lost.
    pub(crate) answer_lost: u64,
    /// A write gets no answer, and is stored later, if at all.
    pub(crate) stored_late: u64,
    /// A request fails before it has any effect.
    pub(crate) not_reached: u64,
    /// A write is answered with 409.
    pub(crate) conflict: u64,
    /// A write is sent twice on the way: its own first copy answers the second with 412.
    pub(crate) sent_twice: u64,
    /// In 1,000 steps: a process is killed; is frozen.
    pub(crate) kills: u64,
    pub(crate) freezes: u64,
    /// In 1,000 steps: a process loses the store for seconds.
    pub(crate) outages: u64,
    /// How far each process's clock is off, in seconds.
    pub(crate) skews: Vec<i64>,
    /// Whether somebody damages the log at the end.
    pub(crate) vandal: bool,
}

impl Weather {
    /// From the run's own chance, for this many processes.
    pub(crate) fn draw(chance: &SeededEntropy, processes: usize) -> Self {
        let level = |most: u64| match chance.below(3) {
            0 => 0,
            1 => chance.below(most / 3 + 1),
            _ => chance.below(most + 1),
        };
        let (answer_lost, stored_late) = (level(20), level(15));
        let (not_reached, conflict, sent_twice) = (level(20), level(20), level(15));
        let (kills, freezes, outages) = (level(12), level(20), level(20));
        let skews = (0..processes).map(|_| skew(chance)).collect();
        let vandal = chance.chance(20);
        Self {
            answer_lost,
            stored_late,
            not_reached,
            conflict,
            sent_twice,
            kills,
            freezes,
            outages,
            skews,
            vandal,
        }
    }
}

fn skew(chance: &SeededEntropy) -> i64 {
    let seconds = i64::try_from(chance.below(121)).expect("small") - 60;
    match chance.below(40) {
        0 => 3600 + seconds,
        1 => -3600 + seconds,
        2..20 => 0,
        _ => seconds,
    }
}

/// Everything that must happen somewhere in the seeds, or the simulation tries less than it says.
pub(crate) const MUST_HAPPEN: [&str; 18] = [
    "commit stored",
    "answer lost",
    "stored late",
    "late, and another was there",
    "late, and never came",
    "not reached",
    "conflict",
    "sent twice",
    "process killed",
    "process frozen",
    "store lost",
    "committed",
    "nothing to do",
    "unknown",
    "unknown, yet stored",
    "bundle sent again",
    "clock refused",
    "vandalised",
];

/// How often what happened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Figures {
    counts: BTreeMap<&'static str, u64>,
}

impl Figures {
    /// It happened once more.
    pub(crate) fn count(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

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
