//! One process: a log of its own over its own way to the store, two clients and a reader.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use leviathan_core::decide::{Decision, Moment};
use leviathan_core::event::{NewEvent, Principal};
use leviathan_core::fact::{Fact, TargetRegistered};
use leviathan_core::ids::{Digest, TargetId};
use leviathan_core::ports::Clock;
use leviathan_core::state::{State, bundle_key};
use leviathan_log::{Log, LogError, Outcome, Transaction};
use leviathan_tests::log_builders::{event, transaction};
use serde_json::json;

use crate::event_loop::{Owner, Steps};
use crate::history::{Answer, History, Read, Seen, Wish};

/// A process's clock: the store's time and an error.
pub(crate) struct SkewedClock {
    pub(crate) steps: Steps,
    pub(crate) owner: Owner,
    pub(crate) skew: SignedDuration,
}

#[async_trait]
impl Clock for SkewedClock {
    fn now(&self) -> Timestamp {
        self.steps.now().saturating_add(self.skew).expect("a span")
    }
    async fn sleep(&self, duration: Duration) {
        let after = SignedDuration::try_from(duration).expect("short");
        self.steps.step(self.owner, "", after).await;
    }
}

/// What runs in a process.
#[derive(Clone)]
pub(crate) struct Process {
    pub(crate) steps: Steps,
    pub(crate) owner: Owner,
    pub(crate) log: Arc<Log>,
    pub(crate) history: History,
}

impl Process {
    /// A client that sends this many operations, one after the other.
    pub(crate) async fn client(self, operations: u64) {
        for _ in 0..operations {
            let pause = SignedDuration::from_millis(self.below(1_500));
            self.steps.step(self.owner, "", pause).await;
            match self.below(12) {
                0..5 => self.note().await,
                5..7 => self.register().await,
                7..9 => self.look().await,
                _ => self.bundle().await,
            }
        }
    }

    /// A reader that looks this many times.
    pub(crate) async fn reader(self, reads: u64) {
        for _ in 0..reads {
            let pause = SignedDuration::from_millis(self.below(3_000));
            self.steps.step(self.owner, "", pause).await;
            let begun = self.steps.turn();
            let result = self.log.view().await.map(Seen::View);
            self.has_read(begun, result);
        }
    }

    /// A client that decides for nothing: its answer must be as new as a reader's.
    async fn look(&self) {
        let begun = self.steps.turn();
        let decide = |state: &State, _: &Moment| Decision::nothing(state.events);
        let outcome = self.log.transact(&transaction("look"), decide).await;
        self.has_read(begun, outcome.map(|outcome| Seen::Events(outcome.answer)));
    }

    fn has_read(&self, begun: u64, result: Result<Seen, LogError>) {
        let seen = match &result {
            Ok(Seen::View(view)) => format!("reads {} events", view.position.offset),
            Ok(Seen::Events(events)) => format!("sees {events} events and does nothing"),
            Err(problem) => format!("can't read: {problem}"),
        };
        self.steps.note(self.owner, &seen);
        let ended = self.steps.turn();
        self.history.read(Read { owner: self.owner, begun, ended, result });
    }

    fn below(&self, bound: u64) -> i64 {
        i64::try_from(self.steps.chance.below(bound)).expect("small")
    }

    async fn note(&self) {
        let id = self.history.new_id();
        let count = 1 + self.steps.chance.below(3);
        let index = self.history.begin(&self.steps, self.owner, id, count, Wish::Note);
        let decide = |state: &State, _: &Moment| Decision::new(events(id, count, state), ());
        let outcome = self.log.transact(&transaction("note"), decide).await;
        self.history.answered(&self.steps, index, answer(outcome));
    }

    async fn register(&self) {
        let id = self.history.new_id();
        let name = format!("target-{}", self.below(6));
        let target: TargetId = name.parse().expect("a target id");
        let index =
            self.history.begin(&self.steps, self.owner, id, 1, Wish::Register(name.clone()));
        let operator = Transaction::of("register", Principal::operator(id.to_string()));
        let decide = |state: &State, _: &Moment| {
            if state.targets.contains_key(&target) {
                return Decision::nothing(());
            }
            let fact = Fact::from(TargetRegistered {
                target_id: target.clone(),
                name: name.clone(),
                repo_url: "/srv/somewhere".to_owned(),
                default_branch: "main".to_owned(),
            });
            Decision::new(vec![fact.event(&target)], ())
        };
        let outcome = self.log.transact(&operator, decide).await;
        self.history.answered(&self.steps, index, answer(outcome));
    }

    /// As a client with an `Idempotency-Key` does it: what is unknown is sent again.
    async fn bundle(&self) {
        let id = self.history.new_id();
        let count = 1 + self.steps.chance.below(2);
        let target: TargetId = "bundles".parse().expect("a target id");
        let (bundle_id, content) = (format!("bundle-{id}"), Digest::of(&id.to_le_bytes()));
        let key = bundle_key(&target, &bundle_id, &content);
        let ingest = Transaction {
            target: Some(target),
            bundle_id: Some(bundle_id),
            content_digest: Some(content),
            ..transaction("ingest")
        };
        for tries in 0..4 {
            if tries > 0 {
                self.history.count("bundle sent again");
            }
            let index = self.history.begin(&self.steps, self.owner, id, count, Wish::Bundle);
            let decide = |state: &State, _: &Moment| {
                if state.seen.contains(&key) {
                    return Decision::nothing(());
                }
                Decision::new(events(id, count, state), ())
            };
            let outcome = self.log.transact(&ingest, decide).await;
            let unknown = matches!(outcome, Err(LogError::Unknown { .. }));
            self.history.answered(&self.steps, index, answer(outcome));
            if !unknown {
                return;
            }
        }
    }
}

/// Events that carry who wanted them and on which state they were decided.
fn events(id: u64, count: u64, state: &State) -> Vec<NewEvent> {
    let payload = |part| json!({ "operation": id, "part": part, "decided_after": state.events });
    (0..count).map(|part| event(&payload(part))).collect()
}

fn answer(outcome: Result<Outcome<()>, LogError>) -> Answer {
    match outcome {
        Ok(Outcome { commit: Some(commit), .. }) => Answer::Committed { seq: commit.header.seq },
        Ok(Outcome { commit: None, .. }) => Answer::Nothing,
        Err(LogError::Unknown { .. }) => Answer::Unknown,
        Err(problem) => Answer::Rejected(problem),
    }
}
