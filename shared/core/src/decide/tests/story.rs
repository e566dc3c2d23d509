//! A log of one story: decides, commits, folds, on a clock that only the story moves.

use jiff::{SignedDuration, Timestamp};

use crate::backlog::{Backlog, BacklogTask};
use crate::decide::sync::{Observed, Progress};
use crate::decide::tick::TickReport;
use crate::decide::{Decision, Moment, dispatch, operator, publish, pull_request, sync, tick};
use crate::event::{Event, Principal, Role};
use crate::fact::{
    AttemptChecked, AttemptFailed, AttemptStarted, Fact, FailureClass, TargetRegistered, TaskStatus,
};
use crate::ids::{AttemptId, Digest, GitCommit, TargetId, TaskId};
use crate::policy::{Guardrails, Limits, Policy, ScopePolicy, Tool};
use crate::ports::forge::{OpenedPullRequest, PullRequestStatus};
use crate::state::{Ageing, State, Task};
use crate::task::{Priority, TaskDefinition};

pub(crate) struct Story {
    pub(crate) state: State,
    pub(crate) events: Vec<Event>,
    pub(crate) now: Timestamp,
    pub(crate) policy: Policy,
    pub(crate) ageing: Ageing,
    seq: u64,
}

pub(crate) fn git_commit(n: u8) -> GitCommit {
    format!("{n:02x}").repeat(20).parse().unwrap()
}

pub(crate) fn target() -> TargetId {
    "shop".parse().unwrap()
}

pub(crate) fn task_id(text: &str) -> TaskId {
    text.parse().unwrap()
}

/// A ready task of scope docs on `docs/<id>.md`.
pub(crate) fn task(id: &str) -> BacklogTask {
    BacklogTask {
        definition: TaskDefinition {
            id: task_id(id),
            title: format!("Write {id}"),
            description: None,
            scope: "docs".to_owned(),
            priority: Priority::Medium,
            allowed_paths: vec![format!("docs/{id}.md")],
            acceptance_criteria: vec![],
            dependencies: vec![],
            estimated_size: "s".to_owned(),
            labels: vec![],
        },
        ready: true,
        status: TaskStatus::Pending,
        blocked_reason: None,
        last_attempt_id: None,
        line: 1,
    }
}

pub(crate) fn policy() -> Policy {
    let docs = ScopePolicy {
        allowed_paths: vec!["docs/**".to_owned()],
        tool: Tool::Docs,
        max_files: None,
    };
    Policy {
        enabled: true,
        scopes: [("docs".to_owned(), docs)].into(),
        forbidden_paths: vec![".github/**".to_owned()],
        invariants: vec![],
        guardrails: Guardrails { max_open_prs: 9, max_running_attempts: 9, ..Default::default() },
        limits: Limits::default(),
        write_back: true,
    }
}

impl Story {
    pub(crate) fn new() -> Self {
        let mut story = Self {
            state: State::default(),
            events: vec![],
            now: "2026-03-01T12:00:00Z".parse().unwrap(),
            policy: policy(),
            ageing: Ageing::STANDARD,
            seq: 0,
        };
        let registered = TargetRegistered {
            target_id: target(),
            name: "shop".to_owned(),
            repo_url: "/srv/shop".to_owned(),
            default_branch: "main".to_owned(),
        };
        let decision = operator::register(&story.state, &registered);
        story.commit(Principal::operator("ada"), decision);
        story
    }

    pub(crate) fn moment(&self) -> Moment {
        let newest = self.events.last().map(|event| event.recorded_at);
        Moment { now: self.now, epoch: self.state.epoch(), newest }
    }

    pub(crate) fn pass(&mut self, seconds: i64) -> &mut Self {
        self.now += SignedDuration::from_secs(seconds);
        self
    }

    /// Appends and folds; answers the decision's answer.
    pub(crate) fn commit<A>(&mut self, principal: Principal, decision: Decision<A>) -> A {
        for (index, new) in decision.events.into_iter().enumerate() {
            let event = Event {
                offset: self.state.events,
                seq: self.seq,
                recorded_at: self.now,
                event_id: new.event_id.unwrap_or_else(|| format!("{}-{index}", self.seq)),
                event_type: new.event_type,
                timestamp: new.timestamp.unwrap_or_else(|| self.now.to_string()),
                actor_id: new.actor_id,
                principal: principal.clone(),
                target: new.target,
                payload: new.payload,
                hash: String::new(),
            };
            self.state.apply_by(&event, &self.ageing);
            self.events.push(event);
        }
        self.seq += 1;
        decision.answer
    }

    pub(crate) fn sync(&mut self, commit: u8, tasks: &[BacklogTask]) {
        let observed = Observed {
            git_commit: git_commit(commit),
            backlog_digest: Digest::of(format!("{tasks:?}").as_bytes()),
            backlog: Backlog { tasks: tasks.to_vec(), refused: vec![] },
            policy: self.policy.clone(),
            source: "repository".to_owned(),
        };
        loop {
            let decision = sync::sync(&self.state, &self.moment(), &target(), &observed);
            if self.commit(Principal::program(Role::Tick), decision) == Progress::Done {
                break;
            }
        }
    }

    pub(crate) fn tick(&mut self) -> TickReport {
        let decision = tick::tick(&self.state, &self.moment());
        self.commit(Principal::program(Role::Tick), decision)
    }

    /// Ticks and expects this one task to be picked.
    pub(crate) fn pick(&mut self, task: &str) -> AttemptId {
        let picked = self.tick().picked;
        assert_eq!(picked.len(), 1, "one attempt was to be picked");
        assert_eq!(self.state.attempts[&picked[0]].task, task_id(task));
        picked[0].clone()
    }

    pub(crate) fn says(&mut self, attempt: &AttemptId, fact: impl Into<Fact>) {
        let decision = Decision::new(vec![fact.into().event(&target())], ());
        self.commit(Principal::attempt(attempt), decision);
    }

    pub(crate) fn start(&mut self, attempt: &AttemptId) {
        let decision = dispatch::submit(&self.state, &self.moment(), self.state.epoch(), attempt);
        self.commit(Principal::program(Role::Dispatch), decision);
        let (attempt_id, pod_uid) = (attempt.clone(), "pod-1".to_owned());
        self.says(attempt, AttemptStarted { attempt_id, pod_uid, status: "running".to_owned() });
    }

    pub(crate) fn fail(&mut self, attempt: &AttemptId, class: FailureClass) {
        let fact = AttemptFailed {
            attempt_id: attempt.clone(),
            status: "failed".to_owned(),
            class,
            failure_type: "invariant_failed".to_owned(),
            error_summary: "cargo test: exit code 101".to_owned(),
            phase: None,
            violations: vec![],
            checks: vec![],
        };
        self.says(attempt, fact);
    }

    /// Its change is checked: from now on it is publishing.
    pub(crate) fn check(&mut self, attempt: &AttemptId) {
        let fact = AttemptChecked {
            attempt_id: attempt.clone(),
            diff_digest: Some(Digest::of(b"diff")),
            files: 1,
            ignored_files: 0,
            skeleton: true,
            checks: vec![],
        };
        self.says(attempt, fact);
    }

    /// Runs an attempt to its open pull request; answers its number.
    pub(crate) fn open_pull_request(&mut self, attempt: &AttemptId) -> u64 {
        self.start(attempt);
        self.check(attempt);
        let decision =
            publish::prepared(&self.state, attempt, &git_commit(0xcc), "agent/x", "written");
        self.commit(Principal::program(Role::Publish), decision).unwrap();
        let opened = publish::Opened {
            pull_request: OpenedPullRequest { number: None, url: "agent/x".to_owned() },
            title: "docs: x".to_owned(),
            draft: true,
            receipt: (Digest::of(b"receipt"), 7, "artifacts/x".to_owned()),
        };
        let decision = publish::succeeded(&self.state, attempt, &opened);
        self.commit(Principal::program(Role::Publish), decision).unwrap()
    }

    pub(crate) fn news(&mut self, number: u64, status: PullRequestStatus) -> bool {
        let decision = pull_request::news(&self.state, &self.moment(), &target(), number, &status);
        self.commit(Principal::program(Role::Tick), decision)
    }

    pub(crate) fn unblock(&mut self, task: &str) -> Result<(), operator::Refusal> {
        let decision = operator::unblock(&self.state, &target(), &task_id(task), "mended");
        self.commit(Principal::operator("ada"), decision)
    }

    pub(crate) fn task(&self, id: &str) -> &Task {
        self.state.task(&target(), &task_id(id)).unwrap()
    }

    pub(crate) fn types_since(&self, offset: usize) -> Vec<&str> {
        self.events[offset..].iter().map(|event| event.event_type.as_str()).collect()
    }
}
