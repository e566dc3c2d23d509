//! Which deaths to try, out of one recorded run.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use leviathan_tests::clock::SeededEntropy;

/// Calls that change something.
const WRITES: &[&str] = &[
    "log.create",
    "log.replace",
    "data.create",
    "data.replace",
    "queue.send",
    "cluster.create",
    "cluster.delete",
    "forge.create_commit",
    "forge.create_branch",
    "forge.open_pull_request",
    "forge.close",
];

/// How many deaths the default sample has.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample {
    /// One before and one after a write of each kind.
    each_kind: bool,
    /// At any other write.
    writes: u64,
    /// At a read.
    reads: u64,
}

pub(crate) const FIRST_RUN: Sample = Sample { each_kind: true, writes: 8, reads: 4 };

/// The same calls as in the first run, but for what the news of pull requests lead to.
pub(crate) const SECOND_RUN: Sample = Sample { each_kind: false, writes: 6, reads: 2 };

/// Deaths at a read with `LEVIATHAN_CRASH_ALL`.
const MANY_READS: u64 = 40;

/// A step and its side of the call.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Death {
    call: String,
    number: u64,
    after: bool,
}

impl fmt::Display for Death {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let moment = if self.after { "after" } else { "before" };
        write!(f, "{moment} {} {}", self.call, self.number)
    }
}

/// What to try.
pub(crate) struct Plan {
    /// How often each call was made in the recorded run.
    counts: BTreeMap<String, u64>,
    seed: u64,
    pub(crate) deaths: Vec<Death>,
}

impl Plan {
    /// `record` has a line `<port>.<call> <number> …` for each call.
    pub(crate) fn of(record: &str, sample: Sample) -> Self {
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        for line in record.lines() {
            let call = line.split(' ').next().unwrap_or_default();
            *counts.entry(call.to_owned()).or_default() += 1;
        }
        let variable = |name: &str| std::env::var(name).ok();
        let seed = variable("LEVIATHAN_CRASH_SEED").and_then(|text| text.parse().ok());
        let seed = seed.unwrap_or(20_261_124);
        let all = variable("LEVIATHAN_CRASH_ALL").is_some_and(|value| value != "0");
        let deaths = choose(&counts, seed, if all { None } else { Some(sample) });
        Self { counts, seed, deaths }
    }
}

/// Every write and many reads, or a sample of both.
fn choose(counts: &BTreeMap<String, u64>, seed: u64, sample: Option<Sample>) -> Vec<Death> {
    let chance = SeededEntropy::new(seed);
    let (writes, reads): (Vec<_>, Vec<_>) =
        counts.iter().partition(|(call, _)| WRITES.contains(&call.as_str()));
    let mut chosen = BTreeSet::new();
    for (call, count) in &writes {
        for after in [false, true] {
            let one = 1 + chance.below(**count);
            let numbers = match sample {
                None => 1..=**count,
                Some(sample) if sample.each_kind => one..=one,
                Some(_) => continue,
            };
            chosen.extend(numbers.map(|number| Death { call: (*call).clone(), number, after }));
        }
    }
    let (more, reads_wanted) = sample.map_or((0, MANY_READS), |some| (some.writes, some.reads));
    chosen.extend((0..more).filter_map(|_| pick(&chance, &writes)));
    chosen.extend((0..reads_wanted).filter_map(|_| pick(&chance, &reads)));
    chosen.into_iter().collect()
}

/// One of all calls of these kinds, each as likely as the other.
fn pick(chance: &SeededEntropy, kinds: &[(&String, &u64)]) -> Option<Death> {
    let total: u64 = kinds.iter().map(|(_, count)| **count).sum();
    let mut left = chance.below(total.max(1));
    for (call, count) in kinds {
        if left < **count {
            let after = chance.chance(50);
            return Some(Death { call: (*call).clone(), number: left + 1, after });
        }
        left -= **count;
    }
    None
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts: Vec<String> =
            self.counts.iter().map(|(call, count)| format!("{call} {count}")).collect();
        writeln!(f, "calls of the undisturbed run: {}", counts.join(", "))?;
        write!(f, "deaths chosen: {} (seed {})", self.deaths.len(), self.seed)
    }
}
