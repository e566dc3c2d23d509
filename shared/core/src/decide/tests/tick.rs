//! The scheduling pass.

use super::story::{Story, task, task_id};
use crate::decide::{attempt, dispatch, operator};
use crate::event::{Principal, Role};
use crate::fact::{AttemptStarted, Fact, FailureClass, TaskStatus};
use crate::state::{Ageing, AttemptStatus, State};
use crate::task::Priority;

fn code(story: &Story, id: &str) -> String {
    story.task(id).refusal.as_ref().map(|reason| reason.code.clone()).unwrap_or_default()
}

#[test]
fn priority_goes_first_then_age_then_id() {
    let mut story = Story::new();
    story.policy.guardrails.max_running_attempts = 1;
    story.policy.guardrails.max_open_prs = 100;
    let mut low = task("a-low");
    low.definition.priority = Priority::Low;
    story.sync(1, &[task("m-old"), low.clone()]);
    let mut high = task("z-high");
    high.definition.priority = Priority::High;
    story.pass(60);
    story.sync(2, &[task("m-old"), low, task("b-young"), task("c-young"), high]);
    let mut order = vec![];
    for _ in 0..5 {
        let picked = story.tick().picked;
        assert_eq!(picked.len(), 1, "one at a time");
        order.push(story.state.attempts[&picked[0]].task.to_string());
        story.open_pull_request(&picked[0]);
    }
    assert_eq!(order, ["z-high", "m-old", "b-young", "c-young", "a-low"]);
}

#[test]
fn each_refusal_is_recorded_once_and_again_only_when_it_changes() {
    let mut story = Story::new();
    let mut waiting = task("waiting");
    waiting.ready = false;
    story.sync(1, &[waiting]);
    let before = story.events.len();
    story.tick();
    assert_eq!(story.types_since(before), ["task.refused"]);
    story.pass(600);
    assert!(!story.tick().heartbeat);
    assert_eq!(story.types_since(before), ["task.refused"], "an idle tick appends nothing");
}

#[test]
fn silence_gets_one_heartbeat_and_what_happens_gets_none() {
    let mut story = Story::new();
    let mut waiting = task("waiting");
    waiting.ready = false;
    story.sync(1, &[waiting]);
    let before = story.events.len();
    story.pass(3600);
    assert!(!story.tick().heartbeat, "the refusal is news enough");
    story.pass(899);
    assert!(!story.tick().heartbeat);
    story.pass(1);
    let state = story.state.clone();
    assert!(story.tick().heartbeat);
    assert!(!story.tick().heartbeat, "once");
    assert_eq!(story.types_since(before), ["task.refused", "log.heartbeat"]);
    let counted = State { events: state.events + 1, ..state };
    assert_eq!(story.state, counted, "it changes nothing but the count");
}

#[test]
fn a_tick_never_gives_a_task_a_second_live_attempt() {
    let mut story = Story::new();
    story.sync(1, &[task("one")]);
    story.pick("one");
    assert!(story.tick().picked.is_empty());
}

#[test]
fn pull_requests_and_attempts_share_the_room() {
    let mut story = Story::new();
    story.policy.guardrails.max_open_prs = 2;
    story.sync(1, &[task("a"), task("b"), task("c")]);
    let picked = story.tick().picked;
    assert_eq!(picked.len(), 2);
    assert_eq!(code(&story, "c"), "open_pull_requests");
    story.open_pull_request(&picked[0]);
    assert!(story.tick().picked.is_empty());
}

#[test]
fn failures_by_the_task_use_up_its_attempts_and_those_by_the_machinery_do_not() {
    let mut story = Story::new();
    story.sync(1, &[task("one")]);
    for class in [FailureClass::Infra, FailureClass::Infra, FailureClass::Task] {
        let attempt = story.pick("one");
        story.start(&attempt);
        story.fail(&attempt, class);
        assert!(story.tick().picked.is_empty(), "the backoff holds");
        assert_eq!(code(&story, "one"), "retry_backoff");
        story.pass(60);
    }
    let attempt = story.pick("one");
    story.start(&attempt);
    story.fail(&attempt, FailureClass::Task);
    story.tick();
    assert_eq!(story.task("one").status, TaskStatus::Blocked);
    story.pass(86_400);
    assert!(story.tick().picked.is_empty());
    story.unblock("one").unwrap();
    let again = story.pick("one");
    assert_ne!(again, attempt, "a new generation has ids of its own");
    assert_eq!(story.state.attempts[&again].number, 1);
    assert!(story.unblock("one").is_err());
}

#[test]
fn what_nobody_claimed_or_ended_in_time_is_ended_by_the_tick() {
    for claimed in [false, true] {
        let mut story = Story::new();
        story.sync(1, &[task("one")]);
        let id = story.pick("one");
        if claimed {
            story.start(&id);
        } else {
            let decision = dispatch::submit(&story.state, &story.moment(), 1, &id);
            story.commit(Principal::program(Role::Dispatch), decision);
        }
        story.pass(15 * 60);
        assert!(story.tick().timed_out.is_empty(), "the supervisors have the first word");
        story.pass(30);
        assert_eq!(story.tick().timed_out, std::slice::from_ref(&id));
        assert_eq!(story.state.attempts[&id].status, AttemptStatus::TimedOut);
        let class = story.state.attempts[&id].end.as_ref().unwrap().class;
        let expected = if claimed { FailureClass::Task } else { FailureClass::Infra };
        assert_eq!(class, Some(expected));
    }
}

#[test]
fn an_attempt_is_submitted_once_and_only_in_its_epoch() {
    let mut story = Story::new();
    story.sync(1, &[task("one")]);
    let id = story.pick("one");
    let other_epoch = dispatch::submit(&story.state, &story.moment(), 2, &id);
    assert_eq!(other_epoch.answer, dispatch::Submission::Nothing);
    let decision = dispatch::submit(&story.state, &story.moment(), 1, &id);
    assert!(matches!(decision.answer, dispatch::Submission::Create { .. }));
    story.commit(Principal::program(Role::Dispatch), decision);
    let again = dispatch::submit(&story.state, &story.moment(), 1, &id);
    assert_eq!(again.answer, dispatch::Submission::Nothing);
    assert!(dispatch::may_create_again(&story.state, story.now, &id));
    story.pass(900);
    assert!(!dispatch::may_create_again(&story.state, story.now, &id));
}

#[test]
fn a_policy_that_changed_in_between_runs_nothing() {
    // Neither a first Job nor a second one may run what nobody decided or trusted.
    for submitted in [false, true] {
        let mut story = Story::new();
        story.sync(1, &[task("one")]);
        let id = story.pick("one");
        if submitted {
            let decision = dispatch::submit(&story.state, &story.moment(), 1, &id);
            story.commit(Principal::program(Role::Dispatch), decision);
        }
        story.policy.limits.max_files = 7;
        story.sync(2, &[task("one")]);
        assert!(!dispatch::may_create_again(&story.state, story.now, &id));
        let decision = dispatch::submit(&story.state, &story.moment(), 1, &id);
        let answer = story.commit(Principal::program(Role::Dispatch), decision);
        assert_eq!(answer, dispatch::Submission::Nothing);
        if !submitted {
            assert_eq!(story.state.attempts[&id].status, AttemptStatus::Failed);
            assert_eq!(story.task("one").failures.infra, 1, "the task's tries are not used up");
        }
    }
}

#[test]
fn the_first_pod_holds_the_attempt() {
    let mut story = Story::new();
    story.sync(1, &[task("one")]);
    let id = story.pick("one");
    let claim = |pod: &str| {
        Fact::from(AttemptStarted {
            attempt_id: id.clone(),
            pod_uid: pod.to_owned(),
            status: "running".to_owned(),
        })
    };
    let judge =
        |story: &Story, pod: &str| attempt::judge(&story.state, story.now, &id, &claim(pod), &[]);
    assert!(matches!(judge(&story, "pod-1"), attempt::Verdict::Refuse(_)), "not submitted yet");
    story.start(&id);
    assert_eq!(judge(&story, "pod-1"), attempt::Verdict::Already);
    let other = judge(&story, "pod-2");
    assert!(
        matches!(other, attempt::Verdict::Refuse(attempt::Refusal::HeldByAnother { .. })),
        "{other:?}"
    );
    story.fail(&id, FailureClass::Task);
    let ended = judge(&story, "pod-1");
    assert!(matches!(ended, attempt::Verdict::Refuse(attempt::Refusal::Ended { .. })));
}

#[test]
fn a_late_result_changes_nothing() {
    let mut story = Story::new();
    story.sync(1, &[task("one")]);
    let id = story.pick("one");
    story.open_pull_request(&id);
    let before = story.state.clone();
    story.fail(&id, FailureClass::Task);
    let attempt = &story.state.attempts[&id];
    assert_eq!(attempt.status, AttemptStatus::Succeeded);
    assert_eq!(attempt.end, before.attempts[&id].end);
    assert_eq!(story.state.targets, before.targets);
}

#[test]
fn another_attempts_word_changes_nothing() {
    let mut story = Story::new();
    story.sync(1, &[task("one"), task("two")]);
    let picked = story.tick().picked;
    story.start(&picked[0]);
    let fact = crate::fact::AttemptFailed {
        attempt_id: picked[0].clone(),
        status: "failed".to_owned(),
        class: FailureClass::Task,
        failure_type: "x".to_owned(),
        error_summary: "x".to_owned(),
        phase: None,
        violations: vec![],
        checks: vec![],
    };
    story.says(&picked[1], fact);
    assert_eq!(story.state.attempts[&picked[0]].status, AttemptStatus::Running);
}

#[test]
fn why_lists_every_predicates_answer() {
    let mut story = Story::new();
    let mut waiting = task("waiting");
    waiting.ready = false;
    waiting.definition.dependencies = vec![task_id("missing")];
    waiting.definition.allowed_paths = vec!["docs2/x.md".to_owned()];
    story.sync(1, &[waiting]);
    let answers = crate::decide::tick::explain(
        &story.state,
        story.now,
        &super::story::target(),
        &task_id("waiting"),
    )
    .unwrap();
    let no: Vec<&str> =
        answers.iter().filter(|(_, no)| no.is_some()).map(|(name, _)| *name).collect();
    assert_eq!(no, ["ready", "dependencies", "policy_scope"]);
}

#[test]
fn a_failure_that_counts_can_be_taken_back_however_old_it_is() {
    let mut story = Story::new();
    story.ageing = Ageing { every: 1, attempts: 0, pull_requests: 0, ..Ageing::STANDARD };
    story.sync(1, &[task("one")]);
    let first = story.pick("one");
    story.start(&first);
    story.fail(&first, FailureClass::Task);
    story.pass(3_600);
    let second = story.pick("one");
    assert!(story.state.attempts.contains_key(&first), "its failure counts");
    let decision = operator::invalidate(&story.state, None, &first, "the runner was broken");
    story.commit(Principal::operator("ada"), decision).unwrap();
    assert_eq!(story.task("one").failures.task, 0);
    story.start(&second);
    story.fail(&second, FailureClass::Task);
    story.pass(3_600);
    assert!(!story.tick().picked.is_empty(), "one failure counts, two are allowed");
    // And it leaves as soon as it counts for nothing.
    assert!(!story.state.attempts.contains_key(&first));
}
