//! A process that stands still in the middle of an append, at each of its steps, and goes on when
//! another has appended a thousand commits.

use jiff::SignedDuration;
use leviathan_log::Rules;

use crate::check;
use crate::event_loop::{Owner, Steps, Tasks};
use crate::figures::Figures;
use crate::process::{Process, Shared};
use crate::weather::Weather;

const COMMITS: u64 = 1_000;
const FROZEN: Owner = 0;
const OTHER: Owner = 1;

/// Freezes the first process after so many of its steps; what happened, or `None` where it was
/// through before.
fn freeze_after(steps_of_it: u64) -> Option<Figures> {
    let steps = Steps::new(steps_of_it);
    let shared = Shared::new(steps.clone(), Weather::default(), Rules::default());
    let mut tasks = Tasks::default();
    // Alone until it is frozen, so that each turn is one of its own steps.
    tasks.spawn(FROZEN, Process::start(&shared, FROZEN, 0).noter(2));
    let (mut turn, mut frozen) = (0, false);
    let run = tasks.run(&steps, |tasks| {
        turn += 1;
        if turn == steps_of_it && tasks.is_running(FROZEN) {
            frozen = true;
            let for_ever = steps.now().saturating_add(SignedDuration::from_hours(10_000));
            steps.freeze(FROZEN, for_ever.expect("a span"));
            tasks.spawn(OTHER, Process::start(&shared, OTHER, 0).noter(COMMITS));
        } else if frozen && tasks.is_running(FROZEN) && !tasks.is_running(OTHER) {
            frozen = false;
            steps.thaw(FROZEN);
        }
    });
    run.expect("it ends");
    let problems = check::judge(&shared, |_| 0);
    assert!(problems.is_empty(), "after {steps_of_it} steps: {problems:?}");
    let figures = shared.network.tally.figures();
    (figures.of("committed") > COMMITS).then_some(figures)
}

#[test]
fn a_process_frozen_at_any_step_goes_on_a_thousand_commits_later() {
    let mut place = 1;
    while let Some(figures) = freeze_after(place) {
        assert_eq!(figures.of("committed"), COMMITS + 2, "after {place} steps");
        place += 1;
    }
    assert!(place > 6, "it was frozen at {place} places only");
}
