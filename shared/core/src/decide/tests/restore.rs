//! A log that goes on in a new epoch (DECISIONS 9): what was live in the life of before can only
//! end, and the task is done by a new attempt.

use super::story::{Story, policy, target, task, task_id};
use crate::decide::attempt::{Refusal, Verdict, judge};
use crate::decide::{Decision, dispatch, publish};
use crate::effects::{effects, overdue};
use crate::event::{Principal, Role};
use crate::fact::{AttemptStarted, Fact, FailureClass, LogClosed, LogRestored, TaskStatus};
use crate::ids::{AttemptId, Digest};
use crate::ports::Message;
use crate::state::AttemptStatus;

impl Story {
    fn restored(&mut self, epoch: u64) {
        let fact = LogRestored {
            id: format!("life-{epoch}"),
            epoch,
            kept_seq: 7,
            kept_digest: Digest::of(b"kept"),
            from: "/backup".to_owned(),
            old_closed: true,
        };
        self.keeper(fact.into());
    }

    fn keeper(&mut self, fact: Fact) {
        let decision = Decision::new(vec![fact.event_about_no_target()], ());
        self.commit(Principal::keeper("ada"), decision);
    }

    /// One attempt in each live status, by four tasks.
    fn live_in_each_status() -> (Self, [AttemptId; 4]) {
        let mut story = Self::new();
        story.policy = policy();
        story.sync(1, &["a", "b", "c", "d"].map(task));
        let picked: [AttemptId; 4] = story.tick().picked.try_into().unwrap();
        let [_, submitted, running, publishing] = &picked;
        let decision = dispatch::submit(&story.state, &story.moment(), 1, submitted);
        story.commit(Principal::program(Role::Dispatch), decision);
        story.start(running);
        story.start(publishing);
        story.check(publishing);
        (story, picked)
    }

    fn status(&self, id: &AttemptId) -> AttemptStatus {
        self.state.attempts[id].status
    }
}

#[test]
fn what_was_live_before_a_restore_goes_nowhere_and_the_next_tick_ends_it() {
    let (mut story, picked) = Story::live_in_each_status();
    let [created, submitted, running, publishing] = &picked;
    story.restored(2);
    let moment = story.moment();
    assert_eq!(moment.epoch, 2);
    // Neither the old world's messages nor new ones move them.
    for epoch in [1, 2] {
        assert!(dispatch::submit(&story.state, &moment, epoch, created).events.is_empty());
    }
    assert!(!dispatch::may_create_again(&story.state, moment.now, submitted));
    assert!(publish::publishing(&story.state, publishing).is_none());
    assert_eq!(overdue(2, &story.state, moment.now, true), []);
    let claim = |id: &AttemptId| AttemptStarted {
        attempt_id: id.clone(),
        pod_uid: "pod-1".to_owned(),
        status: "running".to_owned(),
    };
    for id in [submitted, running] {
        let verdict = judge(&story.state, moment.now, id, &claim(id).into(), &[]);
        assert_eq!(verdict, Verdict::Refuse(Refusal::OtherEpoch(id.clone())));
        // Even if somebody appended it, the fold takes no step.
        let before = story.status(id);
        story.says(id, claim(id));
        assert_eq!(story.status(id), before);
    }
    let seen = story.events.len();
    assert_eq!(story.tick().timed_out.len(), 4);
    for id in &picked {
        assert_eq!(story.status(id), AttemptStatus::TimedOut);
        let end = story.state.attempts[id].end.as_ref().unwrap();
        assert_eq!(end.class, Some(FailureClass::Infra), "{end:?}");
        assert!(end.summary.contains("epoch 1"), "{end:?}");
        let stop = Message::Stop { epoch: 2, attempt: id.clone() };
        assert!(effects(2, &story.events[seen..]).contains(&stop), "its Job is stopped");
    }
}

#[test]
fn the_task_is_done_by_a_new_attempt_with_an_id_that_the_old_world_cannot_make() {
    let (mut story, old) = Story::live_in_each_status();
    story.restored(2);
    story.tick();
    let new = story.pass(60).tick().picked;
    assert_eq!(new.len(), 4);
    assert!(new.iter().all(|id| !old.contains(id)));
    for name in ["a", "b", "c", "d"] {
        let task = &story.state.targets[&target()].tasks[&task_id(name)];
        assert_eq!(task.status, TaskStatus::InProgress);
        assert_eq!((task.failures.task, task.failures.infra), (0, 1), "not the task's fault");
    }
    story.start(&new[0]);
    assert_eq!(story.status(&new[0]), AttemptStatus::Running);
}

#[test]
fn epochs_only_rise_and_a_closed_log_has_one_successor() {
    let mut story = Story::new();
    let closed = |successor: &str| LogClosed {
        successor: successor.to_owned(),
        place: "/new".to_owned(),
        epoch: 2,
    };
    story.keeper(closed("first").into());
    story.keeper(closed("second").into());
    assert_eq!(story.state.log.closed.as_ref().unwrap().successor, "first");
    story.restored(3);
    assert_eq!((story.state.epoch(), story.state.log.closed.is_none()), (3, true));
    for epoch in [3, 2, 0] {
        story.restored(epoch);
    }
    assert_eq!(story.state.epoch(), 3);
    assert_eq!(story.state.log.id.as_deref(), Some("life-3"));
}

#[test]
fn nobody_but_a_keeper_closes_or_restores() {
    let mut story = Story::new();
    let before = story.state.log.clone();
    for role in Role::ALL.into_iter().filter(|role| *role != Role::Keeper) {
        let fact = LogClosed { successor: "x".to_owned(), place: "x".to_owned(), epoch: 9 };
        let decision = Decision::new(vec![Fact::from(fact).event_about_no_target()], ());
        story.commit(Principal::program(role), decision);
    }
    assert_eq!(story.state.log, before);
}
