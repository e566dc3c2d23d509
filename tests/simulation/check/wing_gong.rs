//! Whether the calls that clients made can be put one after the other, each at one moment between
//! its beginning and its end, so that a plain sequential thing would have given the same answers:
//! linearizability. Wing and Gong's search, with the memory of Lowe: what was tried in vain once
//! (these calls done, this state) is not tried again.
//!
//! Own code, because the crates that hold such a tester bring a whole model checker with a web
//! server, allow one open call a client, and forget what they tried: a history that is not
//! linearizable, which is the one that matters, takes them exponential time.

use std::collections::BTreeSet;

/// A thing that does one call after the other.
pub(crate) trait Sequential: Clone + Ord {
    /// A call and the answer that the client got.
    type Call;

    /// The thing after this call; `None` where it would have answered something else.
    fn take(&self, call: &Self::Call) -> Option<Self>;

    /// Whether no thing that comes after this one can give the call this answer, so that the
    /// search need not go on from here. False where that is not sure.
    fn is_past(&self, _call: &Self::Call) -> bool {
        false
    }
}

/// One call of a history. No two moments of a history are equal.
#[derive(Debug, Clone)]
pub(crate) struct Call<C> {
    pub(crate) what: C,
    pub(crate) begun: u64,
    /// `None`: nobody knows what became of it. It may happen at any time from `begun` on, or never.
    pub(crate) ended: Option<u64>,
}

/// What the search found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is linearizable, in this order of indices.
    Order(Vec<usize>),
    /// It is not. The longest order that fits, and what can't follow it.
    Impossible { longest: Vec<usize>, stuck: Vec<usize> },
    /// Too much was tried.
    GaveUp,
}

/// So many configurations are remembered, then the search gives up. Real histories take hundreds.
const MOST_CONFIGURATIONS: usize = 200_000;

/// One place of the search: the thing so far, and what may come next.
struct Place<S> {
    state: S,
    candidates: Vec<usize>,
    next: usize,
}

/// Looks for an order.
pub(crate) fn linearize<S: Sequential>(start: S, calls: &[Call<S::Call>]) -> Verdict {
    let mut done = Done::new(calls.len());
    let mut tried: BTreeSet<(Done, S)> = BTreeSet::new();
    let mut order: Vec<usize> = Vec::new();
    let mut longest: Option<(Vec<usize>, Vec<usize>)> = None;
    let mut path = vec![Place { state: start, candidates: candidates(calls, &done), next: 0 }];
    while let Some(place) = path.last_mut() {
        if calls.iter().enumerate().all(|(at, call)| call.ended.is_none() || done.has(at)) {
            return Verdict::Order(order);
        }
        if longest.as_ref().is_none_or(|(longest, _)| longest.len() < order.len()) {
            longest = Some((order.clone(), place.candidates.clone()));
        }
        let Some(at) = place.candidates.get(place.next).copied() else {
            path.pop();
            if let Some(at) = order.pop() {
                done.set(at, false);
            }
            continue;
        };
        place.next += 1;
        let Some(state) = place.state.take(&calls[at].what) else { continue };
        done.set(at, true);
        let too_late = |(at, call): (usize, &Call<S::Call>)| {
            call.ended.is_some() && !done.has(at) && state.is_past(&call.what)
        };
        if calls.iter().enumerate().any(too_late) {
            done.set(at, false);
            continue;
        }
        if tried.insert((done.clone(), state.clone())) {
            order.push(at);
            path.push(Place { state, candidates: candidates(calls, &done), next: 0 });
        } else {
            done.set(at, false);
        }
        if tried.len() > MOST_CONFIGURATIONS {
            return Verdict::GaveUp;
        }
    }
    let (longest, stuck) = longest.unwrap_or_default();
    Verdict::Impossible { longest, stuck }
}

/// What may come next: whatever began before the first end of those that are still to come. What
/// ended first is tried first, what never ended last.
fn candidates<C>(calls: &[Call<C>], done: &Done) -> Vec<usize> {
    let open = || calls.iter().enumerate().filter(|(at, _)| !done.has(*at));
    let first_end = open().filter_map(|(_, call)| call.ended).min();
    let mut next: Vec<usize> = open()
        .filter(|(_, call)| first_end.is_none_or(|end| call.begun < end))
        .map(|(at, _)| at)
        .collect();
    next.sort_by_key(|at| calls[*at].ended.unwrap_or(u64::MAX));
    next
}

/// Which calls are done.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Done(Vec<u64>);

impl Done {
    fn new(calls: usize) -> Self {
        Self(vec![0; calls.div_ceil(64)])
    }

    fn has(&self, at: usize) -> bool {
        self.0[at / 64] & (1 << (at % 64)) != 0
    }

    fn set(&mut self, at: usize, to: bool) {
        let bit = 1 << (at % 64);
        if to {
            self.0[at / 64] |= bit;
        } else {
            self.0[at / 64] &= !bit;
        }
    }
}

#[cfg(test)]
mod tests {
    use leviathan_tests::clock::SeededEntropy;

    use super::*;

    /// A number that calls add to and read.
    impl Sequential for u64 {
        type Call = Told;
        fn take(&self, call: &Told) -> Option<Self> {
            match call {
                Told::Added { before: Some(before) } if before != self => None,
                Told::Added { .. } => Some(self + 1),
                Told::Read(seen) => (seen == self).then_some(*self),
            }
        }
    }

    #[derive(Debug, Clone)]
    pub(crate) enum Told {
        Added { before: Option<u64> },
        Read(u64),
    }

    fn added(before: u64, begun: u64, ended: u64) -> Call<Told> {
        Call { what: Told::Added { before: Some(before) }, begun, ended: Some(ended) }
    }

    fn unknown(begun: u64) -> Call<Told> {
        Call { what: Told::Added { before: None }, begun, ended: None }
    }

    fn read(seen: u64, begun: u64, ended: u64) -> Call<Told> {
        Call { what: Told::Read(seen), begun, ended: Some(ended) }
    }

    fn possible(calls: &[Call<Told>]) -> bool {
        matches!(linearize(0, calls), Verdict::Order(_))
    }

    #[test]
    fn known_histories_are_judged_as_the_books_do() {
        for (name, calls, expected) in [
            ("nothing happened", vec![], true),
            ("one after the other", vec![added(0, 1, 2), read(1, 3, 4)], true),
            (
                "an old value after the new one was there",
                vec![added(0, 1, 2), read(0, 3, 4)],
                false,
            ),
            ("at the same time, either is right", vec![added(0, 1, 4), read(0, 2, 3)], true),
            ("at the same time, or so", vec![added(0, 1, 4), read(1, 2, 3)], true),
            ("a read of what nobody wrote", vec![read(1, 1, 2)], false),
            ("two that came first", vec![added(0, 1, 4), added(0, 2, 3)], false),
            ("a reader goes back", vec![added(0, 1, 9), read(1, 2, 3), read(0, 4, 5)], false),
            ("two readers disagree", vec![added(0, 1, 9), read(1, 2, 4), read(0, 3, 5)], true),
            ("unknown, and it happened", vec![unknown(1), read(0, 2, 3), read(1, 4, 5)], true),
            ("unknown, and it never did", vec![unknown(1), read(0, 2, 3), read(0, 4, 5)], true),
            (
                "unknown, and it came and went",
                vec![unknown(1), read(1, 2, 3), read(0, 4, 5)],
                false,
            ),
            ("unknown happens once", vec![unknown(1), read(2, 2, 3)], false),
            ("nothing happens before it began", vec![read(1, 1, 2), unknown(3)], false),
        ] {
            assert_eq!(possible(&calls), expected, "{name}");
        }
    }

    /// All orders of all subsets, without any cleverness.
    fn possible_by_trying_all(state: u64, left: &[Call<Told>]) -> bool {
        if left.iter().all(|call| call.ended.is_none()) {
            return true;
        }
        (0..left.len()).any(|at| {
            let mut others = left.to_vec();
            let call = others.remove(at);
            let first = others.iter().all(|other| other.ended.is_none_or(|end| call.begun < end));
            let after = state.take(&call.what).filter(|_| first);
            after.is_some_and(|after| possible_by_trying_all(after, &others))
        })
    }

    #[test]
    fn it_says_what_trying_all_orders_says() {
        let chance = SeededEntropy::new(1);
        let (mut yes, mut no) = (0, 0);
        for round in 0..4_000 {
            let count = usize::try_from(1 + chance.below(6)).unwrap();
            let mut moments: Vec<u64> = (0..2 * count as u64).collect();
            for at in (1..moments.len()).rev() {
                moments.swap(at, usize::try_from(chance.below(at as u64 + 1)).unwrap());
            }
            let calls: Vec<Call<Told>> = moments
                .chunks(2)
                .map(|pair| {
                    let (begun, ended) = (pair[0].min(pair[1]), pair[0].max(pair[1]));
                    match chance.below(5) {
                        0 => unknown(begun),
                        1 | 2 => added(chance.below(4), begun, ended),
                        _ => read(chance.below(4), begun, ended),
                    }
                })
                .collect();
            let expected = possible_by_trying_all(0, &calls);
            assert_eq!(possible(&calls), expected, "round {round}: {calls:?}");
            *(if expected { &mut yes } else { &mut no }) += 1;
        }
        assert!(yes > 200 && no > 200, "{yes} and {no}");
    }

    #[test]
    fn an_impossible_history_of_many_open_calls_is_judged_at_once() {
        let mut calls: Vec<_> = (0..12).map(unknown).collect();
        calls.extend((0..30).map(|at| read(at / 3, 100 + 2 * at, 101 + 2 * at)));
        assert!(possible(&calls));
        calls.push(read(3, 900, 901));
        let Verdict::Impossible { longest, stuck } = linearize(0, &calls) else { panic!() };
        assert!(longest.len() >= 39 && stuck.contains(&42), "{longest:?} {stuck:?}");
    }
}
