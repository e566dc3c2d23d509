//! The judgement over a whole history: what was acknowledged is there exactly once, what was
//! rejected is not, what is unknown is there at most once; every decision saw exactly the state
//! that it followed on; every reader saw a beginning of the one history, none an old one; and all
//! together could have happened one after the other.

mod answers;
mod backups;
mod derived;
mod reads;
pub(crate) mod sealed;
mod sequence;
mod truth;
mod wing_gong;

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use leviathan_core::ports::ObjectStore;
use leviathan_log::Log;
use leviathan_tests::clock::HandClock;
use leviathan_tests::log_builders::log_over;

use crate::event_loop::Owner;
use crate::process::Shared;
use crate::sealing::Key;

pub(crate) use sequence::{CALLS, REFUSED};
pub(crate) use truth::whose;

/// The result of a future that has nothing to wait for.
pub(crate) fn at_once<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("it waits for something"),
    }
}

/// A log as a bystander reads it: all rules, no faults.
pub(crate) fn bystander(store: Arc<dyn ObjectStore>) -> Log {
    log_over(store, Arc::new(HandClock::default()), 0)
}

pub(crate) fn demand(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise()) }
}

/// Judges a run; empty: nothing is wrong. `skew`: how far a process's clock was off, in seconds.
pub(crate) fn judge(shared: &Shared, skew: impl Fn(Owner) -> i64) -> Vec<String> {
    let (operations, reads) = (shared.history.operations(), shared.history.reads());
    let sealed = seal_the_end(shared);
    let truth = match truth::read(&shared.store) {
        Ok(truth) => truth,
        Err(problem) => return sealed.err().into_iter().chain([problem]).collect(),
    };
    let excused = |owner| answers::Excuse {
        log_is_closed: truth.is_closed(),
        clock_is_off: skew(owner).abs() > 240,
        was_misled: shared.network.has_misled(owner),
    };
    let checks = [
        sealed,
        backups::are_of_the_log(shared, excused),
        answers::allowed(&operations, excused),
        answers::each_exactly_as_told(&truth, &operations, &shared.network.tally),
        truth.decided_on_what_was_before(),
        truth.registered_once(),
        truth.ends_where_it_was_closed(),
        reads::of_one_history(&truth, &operations, &reads, excused),
        derived::is_of_the_log(&truth, &shared.data),
        derived::shown_as_rebuilt(&truth, &shared.history.shown()),
        derived::failed_for_a_reason(&shared.history.failures(), excused),
        sequence::linearizable(&operations, &reads, &shared.network.tally),
    ];
    checks.into_iter().filter_map(Result::err).collect()
}

/// Judges what seals the log, then seals what is left: whatever sealers left undone must not be in
/// the way of the next.
fn seal_the_end(shared: &Shared) -> Result<(), String> {
    let places = (shared.store.as_ref(), shared.second.as_ref());
    sealed::is_of_the_log(places, &shared.history.sealed(), &shared.network.tally)?;
    let log = bystander(shared.store.clone());
    at_once(log.seal(&Key::default(), Some(places.1)))
        .map_err(|problem| format!("the end can't be sealed: {problem}"))?;
    let seal = sealed::read(&shared.store)?;
    demand(seal.size() == seal.events, || format!("{} events were not sealed", seal.events))
}
