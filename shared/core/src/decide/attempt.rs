//! Whether an attempt's executor may say what it says (DECISIONS 1 and 2).

use jiff::Timestamp;

use crate::fact::Fact;
use crate::ids::AttemptId;
use crate::state::{Attempt, AttemptStatus, State};

/// Events that one attempt's executor may append in all.
pub const MAX_EXECUTOR_EVENTS: u32 = 200;

/// What becomes of an executor's event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Append it; the state takes it in.
    Accept,
    /// Append it; the attempt has ended, so it changes nothing.
    Late,
    /// The same claim by the same pod again: nothing to append, and the pod goes on.
    Already,
    /// Don't append it.
    Refuse(Refusal),
}

/// Why an executor's event is not appended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The state knows no such attempt.
    #[error("attempt {0} is not known")]
    Unknown(AttemptId),
    /// Another pod was first.
    #[error("attempt {attempt} is held by another pod since {since}; this one must end")]
    HeldByAnother {
        /// The attempt.
        attempt: AttemptId,
        /// When the other one claimed it.
        since: Timestamp,
    },
    /// It has ended.
    #[error("attempt {attempt} has ended ({status}); this pod must end")]
    Ended {
        /// The attempt.
        attempt: AttemptId,
        /// How.
        status: &'static str,
    },
    /// Its time is over.
    #[error("attempt {attempt} was to be over by {not_after}; this pod must end")]
    TooLate {
        /// The attempt.
        attempt: AttemptId,
        /// When.
        not_after: Timestamp,
    },
    /// The log was restored since: the attempt belongs to the life of before.
    #[error("attempt {0} was created before the log was restored; this pod must end")]
    OtherEpoch(AttemptId),
    /// It cannot say that at this point.
    #[error("attempt {attempt} is {status}; {event_type} does not fit there")]
    OutOfOrder {
        /// The attempt.
        attempt: AttemptId,
        /// Where it stands.
        status: &'static str,
        /// What it said.
        event_type: &'static str,
    },
    /// It said too much.
    #[error("attempt {attempt} has appended {MAX_EXECUTOR_EVENTS} events, the most that it may")]
    TooMany {
        /// The attempt.
        attempt: AttemptId,
    },
}

impl Refusal {
    /// One word for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unknown(_) => "unknown_attempt",
            Self::HeldByAnother { .. } => "held_by_another",
            Self::Ended { .. } => "ended",
            Self::TooLate { .. } => "too_late",
            Self::OtherEpoch(_) => "other_epoch",
            Self::OutOfOrder { .. } => "out_of_order",
            Self::TooMany { .. } => "too_many_events",
        }
    }
}

/// Judges one fact that the attempt's own executor states. `already` are facts of the same bundle
/// that were accepted before this one; they are not yet in the state.
pub fn judge(
    state: &State,
    now: Timestamp,
    id: &AttemptId,
    fact: &Fact,
    already: &[Fact],
) -> Verdict {
    let Some(attempt) = state.attempts.get(id) else {
        return Verdict::Refuse(Refusal::Unknown(id.clone()));
    };
    if !attempt.status.is_terminal() && !state.is_of_this_epoch(attempt) {
        return Verdict::Refuse(Refusal::OtherEpoch(id.clone()));
    }
    let said = u32::try_from(already.len()).unwrap_or(u32::MAX);
    if attempt.executor_events.saturating_add(said) >= MAX_EXECUTOR_EVENTS {
        return Verdict::Refuse(Refusal::TooMany { attempt: id.clone() });
    }
    if let Fact::AttemptStarted(claim) = fact {
        return judge_claim(attempt, now, id, &claim.pod_uid);
    }
    if attempt.status.is_terminal() {
        return Verdict::Late;
    }
    let started = already.iter().any(|fact| matches!(fact, Fact::AttemptStarted(_)));
    let ended =
        already.iter().any(|fact| matches!(fact, Fact::AttemptChecked(_) | Fact::AttemptFailed(_)));
    let running = attempt.status == AttemptStatus::Running || started;
    match fact {
        // An artifact's record may come after the result that names it.
        Fact::ArtifactCreated(_) if running || attempt.status == AttemptStatus::Publishing => {
            Verdict::Accept
        }
        _ if running && !ended => Verdict::Accept,
        _ => Verdict::Refuse(Refusal::OutOfOrder {
            attempt: id.clone(),
            status: attempt.status.as_str(),
            event_type: fact.event_type(),
        }),
    }
}

fn judge_claim(attempt: &Attempt, now: Timestamp, id: &AttemptId, pod_uid: &str) -> Verdict {
    if attempt.status.is_terminal() {
        let status = attempt.status.as_str();
        return Verdict::Refuse(Refusal::Ended { attempt: id.clone(), status });
    }
    if let Some(not_after) = attempt.not_after.filter(|not_after| now >= *not_after) {
        return Verdict::Refuse(Refusal::TooLate { attempt: id.clone(), not_after });
    }
    match (&attempt.pod_uid, attempt.status) {
        (Some(holder), _) if holder == pod_uid => Verdict::Already,
        (Some(_), _) => Verdict::Refuse(Refusal::HeldByAnother {
            attempt: id.clone(),
            since: attempt.changed_at,
        }),
        (None, AttemptStatus::Submitted) => Verdict::Accept,
        (None, status) => Verdict::Refuse(Refusal::OutOfOrder {
            attempt: id.clone(),
            status: status.as_str(),
            event_type: "attempt.started",
        }),
    }
}
