//! What clients do: append whatever the state is, decide by the state, send a bundle until its
//! fate is known, decide for nothing. Any of them may leave in the middle.

use leviathan_core::decide::{Decision, Moment};
use leviathan_core::event::{NewEvent, Principal};
use leviathan_core::fact::{Fact, TargetRegistered};
use leviathan_core::ids::{Digest, TargetId};
use leviathan_core::state::{State, bundle_key};
use leviathan_log::{LogError, Outcome, Transaction};
use leviathan_tests::log_builders::{event, transaction};
use serde_json::json;

use crate::faults::Disturbance;
use crate::history::{Answer, Seen, Wish};
use crate::process::Process;

/// A bundle whose fate is unknown is sent so often in all.
const TRIES: u32 = 4;

/// The caller left, so nobody was told anything.
pub(crate) struct Left;

impl Process {
    /// A client that sends this many operations, one after the other.
    pub(crate) async fn client(self, operations: u64) {
        for _ in 0..operations {
            self.pause(1_500).await;
            let left = match self.below(12) {
                0..5 => self.note().await,
                5..7 => self.register().await,
                7..9 => self.look().await,
                _ => self.bundle().await,
            };
            if matches!(left, Err(Left)) {
                self.shared.network.tally.count(Disturbance::CallerLeaves.name());
            }
        }
    }

    /// A client that sends so many notes, one right after the other.
    pub(crate) async fn noter(self, notes: u64) {
        for _ in 0..notes {
            drop(self.note().await);
        }
    }

    /// Decides for nothing: the answer must be as new as a reader's.
    async fn look(&self) -> Result<(), Left> {
        let begun = self.shared.history.moment();
        let decide = |state: &State, _: &Moment| Decision::nothing(state.events);
        let look = transaction("look");
        let work = self.log.transact(&look, decide);
        let outcome = self.steps.unless_caller_leaves(self.owner, work).await.ok_or(Left)?;
        let result = outcome.map(|outcome| Seen::Events(outcome.answer));
        self.shared.history.has_read(&self.steps, self.owner, begun, result);
        Ok(())
    }

    pub(crate) async fn note(&self) -> Result<(), Left> {
        let id = self.shared.history.new_id();
        let count = 1 + self.below(3);
        let decide =
            move |state: &State, _: &Moment| Decision::new(notes(id, count, state), state.events);
        self.attempt((id, count), Wish::Note, &transaction("note"), decide).await?;
        Ok(())
    }

    async fn register(&self) -> Result<(), Left> {
        let id = self.shared.history.new_id();
        let name = format!("target-{}", self.below(6));
        let target: TargetId = name.parse().expect("a target id");
        let operator = Transaction::of("register", Principal::operator(id.to_string()));
        let wish = Wish::Register(name.clone());
        let decide = move |state: &State, _: &Moment| {
            if state.targets.contains_key(&target) {
                return Decision::nothing(state.events);
            }
            let fact = Fact::from(TargetRegistered {
                target_id: target.clone(),
                name: name.clone(),
                repo_url: "/srv/somewhere".to_owned(),
                default_branch: "main".to_owned(),
            });
            Decision::new(vec![fact.event(&target)], state.events)
        };
        self.attempt((id, 1), wish, &operator, decide).await?;
        Ok(())
    }

    /// As a client with an `Idempotency-Key` does it: what is unknown is sent again.
    async fn bundle(&self) -> Result<(), Left> {
        let id = self.shared.history.new_id();
        let count = 1 + self.below(2);
        let target: TargetId = "bundles".parse().expect("a target id");
        let (bundle_id, content) = (format!("bundle-{id}"), Digest::of(&id.to_le_bytes()));
        let key = bundle_key(&target, &bundle_id, &content);
        let ingest = Transaction {
            target: Some(target),
            bundle_id: Some(bundle_id),
            content_digest: Some(content),
            ..transaction("ingest")
        };
        for tries in 0..TRIES {
            if tries > 0 {
                self.shared.network.tally.count("bundle sent again");
            }
            let key = key.clone();
            let decide = move |state: &State, _: &Moment| {
                if state.seen.contains(&key) {
                    return Decision::nothing(state.events);
                }
                Decision::new(notes(id, count, state), state.events)
            };
            let answer = self.attempt((id, count), Wish::Bundle, &ingest, decide).await;
            // A client whose connection broke does not know either.
            match answer {
                Ok(Answer::Unknown) => {}
                Err(Left) => self.shared.network.tally.count(Disturbance::CallerLeaves.name()),
                Ok(_) => break,
            }
        }
        Ok(())
    }

    /// One transaction, whose decisions answer with how many events they saw.
    pub(crate) async fn attempt(
        &self,
        (id, count): (u64, u64),
        wish: Wish,
        transaction: &Transaction,
        decide: impl FnMut(&State, &Moment) -> Decision<u64> + Send + 'static,
    ) -> Result<Answer, Left> {
        let history = &self.shared.history;
        let index = history.begin(&self.steps, self.owner, (id, count), wish);
        let work = self.log.transact(transaction, decide);
        let outcome = self.steps.unless_caller_leaves(self.owner, work).await.ok_or(Left)?;
        let answer = told(id, outcome);
        history.answered(&self.steps, index, answer.clone());
        Ok(answer)
    }
}

/// Events that carry who wanted them and on which state they were decided; about an attempt of the
/// original's, so that what is only shown has something to show.
pub(crate) fn notes(id: u64, count: u64, state: &State) -> Vec<NewEvent> {
    let of_part = |part: u64| {
        let mut event = event(&json!({
            "operation": id, "part": part, "decided_after": state.events,
            "attempt_id": format!("attempt-{id}-{part}"), "task_id": format!("task-{}", id % 5),
        }));
        let types = ["attempt.created", "attempt.failed", "attempt.failed"];
        if let Some(event_type) = types.get(usize::try_from(part).expect("small")) {
            event.event_type = (*event_type).to_owned();
        }
        event
    };
    (0..count).map(of_part).collect()
}

/// What the client reads in the outcome.
fn told(id: u64, outcome: Result<Outcome<u64>, LogError>) -> Answer {
    let (seen, commit) = match outcome {
        Ok(Outcome { answer, commit: Some(commit) }) => (answer, commit),
        Ok(Outcome { commit: None, .. }) => return Answer::Nothing,
        Err(LogError::Unknown { .. }) => return Answer::Unknown,
        Err(problem) => return Answer::Rejected(problem),
    };
    let seq = commit.seq();
    let mine = commit.events().iter().find(|event| crate::check::whose(event) == Some(id));
    match mine.map(|event| event.offset) {
        None => Answer::Nonsense(format!("commit {seq} is said to hold it, and does not")),
        Some(offset) if offset != seen => Answer::Nonsense(format!(
            "the answer is that of a decision after {seen} events, the events stand at {offset}"
        )),
        Some(offset) => Answer::Committed { seq, offset },
    }
}
