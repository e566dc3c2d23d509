//! What must hold after any sequence of decisions and messages, in any order, repeated or late.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::story::{Story, git_commit, target, task};
use crate::authority::authorised;
use crate::decide::{attempt, dispatch, operator, publish};
use crate::event::{Principal, Role};
use crate::fact::{AttemptChecked, AttemptFailed, AttemptStarted, Fact, FailureClass, TaskStatus};
use crate::ids::{AttemptId, Digest};
use crate::ports::forge::{OpenedPullRequest, PullRequestStatus};
use crate::state::{Ageing, Attempt, AttemptStatus, Departure, State};

const TASKS: [&str; 3] = ["one", "two", "three"];

/// Something that may happen. Numbers pick an attempt, a task or a pull request among those that
/// there are, so that every kind of late, doubled and misdirected message comes up.
#[derive(Debug, Clone)]
enum Step {
    Pass(u16),
    Tick,
    Submit(u8),
    Claim(u8, bool),
    Check(u8),
    Fail(u8, bool),
    Prepare(u8),
    Open(u8),
    PublishFails(u8),
    Lost(u8),
    Merge(u8),
    Close(u8),
    Cancel(u8),
    Invalidate(u8),
    Unblock(u8),
    Files(u8),
    /// A live attempt goes all the way to its pull request.
    Whole(u8),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let n = any::<u8>;
    let step = prop_oneof![
        (0_u16..2000).prop_map(Step::Pass),
        Just(Step::Tick),
        Just(Step::Tick),
        n().prop_map(Step::Submit),
        (n(), any::<bool>()).prop_map(|(n, other)| Step::Claim(n, other)),
        n().prop_map(Step::Check),
        (n(), any::<bool>()).prop_map(|(n, infra)| Step::Fail(n, infra)),
        n().prop_map(Step::Prepare),
        n().prop_map(Step::Open),
        n().prop_map(Step::PublishFails),
        n().prop_map(Step::Lost),
        n().prop_map(Step::Merge),
        n().prop_map(Step::Close),
        n().prop_map(Step::Cancel),
        n().prop_map(Step::Invalidate),
        n().prop_map(Step::Unblock),
        n().prop_map(Step::Files),
        n().prop_map(Step::Whole),
        n().prop_map(Step::Whole),
    ];
    prop::collection::vec(step, 1..120)
}

fn pick<'a, T>(all: impl IntoIterator<Item = &'a T>, n: u8) -> Option<&'a T> {
    let all: Vec<&T> = all.into_iter().collect();
    if all.is_empty() { None } else { all.get(usize::from(n) % all.len()).copied() }
}

/// Says it as the executor would through the api: only what is accepted is appended, and a token
/// that is over its time lets nobody in.
fn say(story: &mut Story, id: &AttemptId, fact: Fact) {
    let started = story.events.iter().rev().find_map(|event| match authorised(event) {
        Some(Fact::AttemptSubmitted(fact)) if fact.attempt_id == *id => Some(fact.not_after),
        _ => None,
    });
    if started.is_none_or(|not_after| story.now >= not_after) {
        return;
    }
    match attempt::judge(&story.state, story.now, id, &fact, &[]) {
        attempt::Verdict::Accept | attempt::Verdict::Late => story.says(id, fact),
        attempt::Verdict::Already | attempt::Verdict::Refuse(_) => {}
    }
}

/// The attempt as it left the state, and with a person's word of later, as its view tells.
fn aged(story: &Story, id: &AttemptId) -> Option<Attempt> {
    let mut found = None;
    for (_, departure) in story.state.past.newest() {
        match departure {
            Departure::Attempt { attempt_id, attempt } if attempt_id == id => {
                found = Some(attempt.clone());
            }
            Departure::Later { attempt_id, seq, .. } if attempt_id == id => {
                let mut said = story.events.iter().filter(|event| event.seq == *seq);
                if let Some(attempt) = &mut found
                    && said.any(|event| event.event_type == "attempt.invalidated")
                {
                    attempt.status = AttemptStatus::Invalidated;
                }
            }
            _ => {}
        }
    }
    found
}

fn files(story: &mut Story, n: u8) {
    // Each bit changes something: a task gone, a word of the person's, not ready.
    let tasks: Vec<_> = TASKS
        .iter()
        .enumerate()
        .filter(|(index, _)| n & (1 << index) == 0 || *index > 1)
        .map(|(index, id)| {
            let mut task = task(id);
            task.ready = n & (8 << index) == 0;
            if n & 64 != 0 && index == 0 {
                task.status = TaskStatus::Completed;
            }
            if n & 128 != 0 && index == 1 {
                task.status = TaskStatus::Blocked;
            }
            task
        })
        .collect();
    story.sync(n, &tasks);
}

/// What a message may be about: everything that there ever was, also where the state forgot it.
struct Known {
    attempts: Vec<AttemptId>,
    numbers: Vec<u64>,
}

impl Known {
    fn of(state: &State) -> Self {
        Self {
            attempts: state.attempts.keys().cloned().collect(),
            numbers: state.targets[&target()].pull_requests.keys().copied().collect(),
        }
    }
}

fn take(story: &mut Story, known: &Known, step: &Step) {
    let attempts = &known.attempts;
    let attempt = |n: u8| pick(attempts, n).cloned();
    match step {
        Step::Pass(seconds) => {
            story.pass(i64::from(*seconds));
        }
        Step::Tick => {
            story.tick();
        }
        Step::Files(n) => files(story, *n),
        Step::Whole(n) => {
            let live: Vec<AttemptId> =
                story.state.live_attempts().map(|(id, _)| id.clone()).collect();
            let Some(id) = pick(&live, *n).cloned() else { return };
            let position = attempts.iter().position(|known| *known == id).unwrap_or_default();
            let n = u8::try_from(position).unwrap();
            for step in [Step::Submit(n), Step::Claim(n, false), Step::Prepare(n)] {
                take(story, known, &step);
            }
            // Not a multiple of four: with a diff.
            let with_diff = n + u8::try_from(attempts.len()).unwrap() * u8::from(n % 4 == 0);
            take(story, known, &Step::Check(with_diff));
            for step in [Step::Prepare(n), Step::Open(n)] {
                take(story, known, &step);
            }
        }
        Step::Submit(n) => {
            let Some(id) = attempt(*n) else { return };
            let decision = dispatch::submit(&story.state, &story.moment(), 1, &id);
            story.commit(Principal::program(Role::Dispatch), decision);
        }
        Step::Claim(n, other) => {
            let Some(id) = attempt(*n) else { return };
            let pod_uid = if *other { "pod-2" } else { "pod-1" }.to_owned();
            let status = "running".to_owned();
            say(story, &id, AttemptStarted { attempt_id: id.clone(), pod_uid, status }.into());
        }
        Step::Check(n) => {
            let Some(id) = attempt(*n) else { return };
            let fact = AttemptChecked {
                attempt_id: id.clone(),
                diff_digest: (n % 4 != 0).then(|| Digest::of(b"diff")),
                files: 1,
                ignored_files: 0,
                skeleton: false,
                checks: vec![],
            };
            say(story, &id, fact.into());
        }
        Step::Fail(n, infra) => {
            let Some(id) = attempt(*n) else { return };
            let fact = AttemptFailed {
                attempt_id: id.clone(),
                status: "failed".to_owned(),
                class: if *infra { FailureClass::Infra } else { FailureClass::Task },
                failure_type: "command_failed".to_owned(),
                error_summary: "exit code 1".to_owned(),
                phase: None,
                violations: vec![],
                checks: vec![],
            };
            say(story, &id, fact.into());
        }
        _ => take_rest(story, step, attempt, &known.numbers),
    }
}

fn take_rest(
    story: &mut Story,
    step: &Step,
    attempt: impl Fn(u8) -> Option<AttemptId>,
    numbers: &[u64],
) {
    let publisher = Principal::program(Role::Publish);
    let number = |n: u8| pick(numbers, n).copied();
    match step {
        Step::Prepare(n) => {
            let Some(id) = attempt(*n) else { return };
            let decision = publish::prepared(&story.state, &id, &git_commit(7), "agent/x", "no");
            story.commit(publisher, decision);
        }
        Step::Open(n) => {
            let Some(id) = attempt(*n) else { return };
            let opened = publish::Opened {
                pull_request: OpenedPullRequest { number: None, url: "agent/x".to_owned() },
                title: "x".to_owned(),
                draft: false,
                receipt: (Digest::of(b"receipt"), 7, "x".to_owned()),
            };
            let decision = publish::succeeded(&story.state, &id, &opened);
            story.commit(publisher, decision);
        }
        Step::PublishFails(n) => {
            let Some(id) = attempt(*n) else { return };
            let decision = publish::failed(&story.state, &id, FailureClass::Infra, "no disk");
            story.commit(publisher, decision);
        }
        Step::Lost(n) => {
            let Some(id) = attempt(*n) else { return };
            let class = FailureClass::Infra;
            let decision = dispatch::lost(&story.state, &id, class, "job_lost", "gone");
            story.commit(Principal::program(Role::Dispatch), decision);
        }
        Step::Merge(n) => {
            let Some(number) = number(*n) else { return };
            let commit = git_commit(9);
            story.news(number, PullRequestStatus::Merged { commit, found_by: "ancestor" });
        }
        Step::Close(n) => {
            let Some(number) = number(*n) else { return };
            story.news(number, PullRequestStatus::Closed { reason: "deleted".to_owned() });
        }
        Step::Cancel(n) => {
            let Some(id) = attempt(*n) else { return };
            let decision = operator::cancel(&story.state, aged(story, &id).as_ref(), &id, "enough");
            let _ = story.commit(Principal::operator("ada"), decision);
        }
        Step::Invalidate(n) => {
            let Some(id) = attempt(*n) else { return };
            let decision = operator::invalidate(
                &story.state,
                aged(story, &id).as_ref(),
                &id,
                "does not count",
            );
            let _ = story.commit(Principal::operator("ada"), decision);
        }
        Step::Unblock(n) => {
            let _ = story.unblock(TASKS[usize::from(*n) % TASKS.len()]);
        }
        _ => {}
    }
}

/// What ended stays as it ended; only a person may take it out of the count.
fn check_ends(before: &State, after: &State) {
    for (id, was) in before.attempts.iter().filter(|(_, was)| was.status.is_terminal()) {
        let is = &after.attempts[id];
        let invalidated = is.status == AttemptStatus::Invalidated;
        assert!(invalidated || is.end == was.end && is.status == was.status, "{id} ended twice");
    }
}

/// DECISIONS 1 and the guardrails, on a state.
fn check(story: &Story) {
    let mut live: BTreeMap<&str, u32> = BTreeMap::new();
    let mut checked_without_end = 0;
    for (id, attempt) in &story.state.attempts {
        if !attempt.status.is_terminal() {
            *live.entry(attempt.task.as_str()).or_default() += 1;
            let holder = story.task(attempt.task.as_str()).attempt.as_ref();
            assert_eq!(holder, Some(id), "a live attempt is its task's");
        }
        if attempt.status == AttemptStatus::Succeeded && attempt.pull_request.is_none() {
            checked_without_end += 1;
            assert_eq!(attempt.checked.as_ref().unwrap().diff_digest, None);
        }
        assert_eq!(attempt.status.is_terminal(), attempt.end.is_some(), "{id}");
    }
    assert!(live.values().all(|count| *count <= 1), "two live attempts of a task: {live:?}");
    let target = &story.state.targets[&target()];
    for (number, pull_request) in target.open_pull_requests() {
        let opened = &pull_request.opened;
        let attempt = &story.state.attempts[&opened.attempt_id];
        let Some(task) = story.state.task(&attempt.target, &attempt.task) else { continue };
        if task.wish.generation == attempt.generation {
            assert_eq!(task.attempt, None, "pull request {number} waits, and an attempt runs");
        }
    }
    let busy = target.open_pull_requests().count() + live.len();
    let most = usize::try_from(story.policy.guardrails.max_open_prs).unwrap();
    assert!(busy <= most, "{busy} pull requests and attempts, {checked_without_end} unchanged");
    let mut results: BTreeMap<(&str, u32), u32> = BTreeMap::new();
    for attempt in story.state.attempts.values() {
        if attempt.pull_request.is_some() {
            *results.entry((attempt.task.as_str(), attempt.generation)).or_default() += 1;
        }
    }
    assert!(results.values().all(|count| *count <= 1), "two results of one wish: {results:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..Default::default() })]

    #[test]
    fn one_live_attempt_one_result_and_no_limit_broken(steps in steps()) {
        let mut story = Story::new();
        story.policy.guardrails.max_open_prs = 2;
        story.sync(0, &TASKS.map(task));
        for step in &steps {
            let before = story.state.clone();
            let known = Known::of(&before);
            take(&mut story, &known, step);
            check(&story);
            check_ends(&before, &story.state);
        }
        // The state is nothing but the fold of its events.
        let mut again = State::default();
        for event in &story.events {
            again.apply(event);
        }
        prop_assert_eq!(&again, &story.state);
        let json = serde_json::to_string(&story.state).unwrap();
        prop_assert_eq!(serde_json::from_str::<State>(&json).unwrap(), again);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..Default::default() })]

    /// DECISIONS 4: what leaves the state, and when, changes no decision. One story lets everything
    /// leave as soon as it may, another nothing ever; a third goes through a snapshot at each step.
    #[test]
    fn ageing_and_snapshots_change_no_decision(steps in steps()) {
        let at_once = Ageing {
            every: 1,
            attempts: 0,
            pull_requests: 0,
            tasks: usize::MAX,
            departures: usize::MAX,
            ..Ageing::STANDARD
        };
        let never = Ageing { every: 0, ..at_once };
        let mut stories = [Story::new(), Story::new(), Story::new()];
        for (story, ageing) in stories.iter_mut().zip([never, at_once, at_once]) {
            story.ageing = ageing;
            story.policy.guardrails.max_open_prs = 2;
            story.sync(0, &TASKS.map(task));
        }
        for step in &steps {
            let known = Known::of(&stories[0].state);
            let before = stories[0].events.len();
            for story in &mut stories {
                take(story, &known, step);
            }
            let json = serde_json::to_string(&stories[2].state).unwrap();
            stories[2].state = serde_json::from_str(&json).unwrap();
            let [never, at_once, snapshot] = &stories;
            prop_assert_eq!(&never.events[before..], &at_once.events[before..], "after {:?}", step);
            prop_assert_eq!(&at_once.events[before..], &snapshot.events[before..]);
            prop_assert_eq!(&at_once.state, &snapshot.state);
        }
    }
}
