//! One round of a group: everybody who waits decides, in the order of arrival, each on the state
//! after those before it, and what they want appended becomes one commit (DECISIONS 3). Nothing is
//! read or written here.

use std::collections::VecDeque;
use std::sync::Arc;

use jiff::Timestamp;
use leviathan_core::decide::Moment;
use leviathan_core::state::State;

use crate::commit::{Added, DraftPart, EncodeError, Encoder, Nonce, StoredCommit, Writer};
use crate::error::LogError;
use crate::rules::Rules;
use crate::tail::{View, fold_from};
use crate::waiting::Waiting;

/// What one round has come to.
pub(crate) enum Round {
    /// Nobody wants anything appended. Who still waits does so for a look at the end of the log.
    Nothing,
    /// This is to be appended.
    Append(Box<Ready>),
    /// The commit can't be, and whoever was alone in it has been told so.
    Unfit,
    /// The commit can't be, and it is not known whose fault it is: all of them wait again, each for
    /// a commit of its own, so that the one at fault fails alone.
    UnfitTogether,
}

/// A commit, ready to be sent, and who waits for it.
pub(crate) struct Ready {
    pub(crate) stored: StoredCommit,
    /// The state after the commit's first parts, so many of them, where somebody decided on it.
    pub(crate) ahead: Option<(State, usize)>,
    pub(crate) decided: Vec<Decided>,
}

/// Somebody who has decided.
pub(crate) struct Decided {
    pub(crate) waiting: Waiting,
    /// Which part of the commit is its; `None`: it wanted nothing appended, on a state that
    /// becomes true, or known to be the end, when the commit is appended.
    pub(crate) part: Option<usize>,
}

impl Ready {
    /// It is appended: answers everybody.
    pub(crate) fn committed(self) {
        let Self { stored, decided, .. } = self;
        for Decided { waiting, part } in decided {
            waiting.end(Ok(part.map(|part| (Arc::clone(&stored.commit), part))));
        }
    }

    /// It is not, or nobody knows: tells everybody who has a part in it. Who wanted nothing
    /// appended has decided on what may not be so, and waits again.
    pub(crate) fn failed(self, problem: &LogError, group: &mut VecDeque<Waiting>) {
        let (with_part, others): (Vec<_>, Vec<_>) =
            self.decided.into_iter().partition(|decided| decided.part.is_some());
        put_back(others, group);
        for Decided { waiting, .. } in with_part {
            waiting.end(Err(problem.clone()));
        }
    }

    /// Puts everybody back to the front of those who wait.
    pub(crate) fn give_back(self, group: &mut VecDeque<Waiting>) {
        put_back(self.decided, group);
    }
}

/// What a round decides on and with.
pub(crate) struct Deciding<'a> {
    pub(crate) view: &'a View,
    pub(crate) writer: &'a Writer,
    pub(crate) nonce: Nonce,
    pub(crate) now: Timestamp,
    /// At most one part: after a group could not be read back, each stands for itself.
    pub(crate) alone: bool,
    pub(crate) rules: &'a Rules,
}

impl Deciding<'_> {
    /// Lets those who wait decide, until a commit is full. Who can be answered now is; who is left
    /// for another commit stays in the group. An error is everybody's, and nobody was answered by
    /// it yet.
    pub(crate) fn run(&self, group: &mut VecDeque<Waiting>) -> Result<Round, LogError> {
        let View { state, position } = self.view;
        let epoch = state.epoch().max(position.epoch);
        let mut encoder = Encoder::new(position, epoch, self.nonce, self.now, self.writer)?;
        let mut ahead: Option<(State, usize)> = None;
        let mut decided = Vec::new();
        while let Some(mut waiting) = group.pop_front() {
            if waiting.is_gone() {
                continue;
            }
            let parts = encoder.parts().len();
            let state = if self.rules.parts_see_each_other {
                seen(state, &mut ahead, &encoder)
            } else {
                state
            };
            // What closed the log, or began another life of it, is a commit's last part.
            let ended = state.log.closed.is_some() || state.epoch() > encoder.epoch();
            if parts > 0 && (self.alone || ended) {
                group.push_front(waiting);
                break;
            }
            // Parts before this one are appended in the same moment, if they are.
            let newest = if parts > 0 { Some(self.now) } else { position.recorded_at };
            let moment = Moment { now: self.now, epoch, newest };
            let events = match waiting.decide(state, &moment) {
                Ok(events) => events,
                Err(panicked) => {
                    waiting.end_by_panic(panicked);
                    continue;
                }
            };
            if events.is_empty() {
                if parts == 0 && waiting.at_end {
                    waiting.end(Ok(None));
                } else {
                    decided.push(Decided { waiting, part: None });
                }
                continue;
            }
            let transaction = waiting.transaction();
            let (decided_at, read_seq) = (self.now, position.seq);
            match encoder.add(DraftPart { transaction, decided_at, read_seq, events }) {
                Ok(Added::In) => decided.push(Decided { waiting, part: Some(parts) }),
                Ok(Added::Full) => {
                    group.push_front(waiting);
                    break;
                }
                Err(problem) => waiting.end(Err(problem.into())),
            }
        }
        Ok(finish(encoder, ahead, decided, group))
    }
}

/// The state after the parts that are in, brought up to there. It is a copy from the second part
/// on, and never more than one.
fn seen<'a>(
    state: &'a State,
    ahead: &'a mut Option<(State, usize)>,
    encoder: &Encoder,
) -> &'a State {
    let (parts, events) = (encoder.parts(), encoder.events());
    if parts.is_empty() {
        return state;
    }
    let (state, folded) = ahead.get_or_insert_with(|| (state.clone(), 0));
    fold_from(state, parts, events, *folded);
    *folded = parts.len();
    state
}

fn finish(
    encoder: Encoder,
    ahead: Option<(State, usize)>,
    decided: Vec<Decided>,
    group: &mut VecDeque<Waiting>,
) -> Round {
    let parts = encoder.parts().len();
    if parts == 0 {
        put_back(decided, group);
        return Round::Nothing;
    }
    match encoder.finish() {
        Ok(stored) => Round::Append(Box::new(Ready { stored, ahead, decided })),
        Err(problem) if parts == 1 => {
            let (at_fault, others): (Vec<_>, Vec<_>) =
                decided.into_iter().partition(|decided| decided.part.is_some());
            put_back(others, group);
            for Decided { waiting, .. } in at_fault {
                waiting.end(Err(EncodeError::clone(&problem).into()));
            }
            Round::Unfit
        }
        Err(_) => {
            put_back(decided, group);
            Round::UnfitTogether
        }
    }
}

fn put_back(decided: Vec<Decided>, group: &mut VecDeque<Waiting>) {
    for Decided { waiting, .. } in decided.into_iter().rev() {
        group.push_front(waiting);
    }
}
