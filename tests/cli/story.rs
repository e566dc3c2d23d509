//! How a story is told: by the decisions that the programs make, on a clock that stands still.

use bytes::Bytes;
use leviathan_core::backlog::{Backlog, BacklogTask};
use leviathan_core::decide::sync::{Observed, Progress};
use leviathan_core::decide::{Decision, dispatch, operator, publish, sync, tick};
use leviathan_core::diff::{FileChange, FileMode, NewFile};
use leviathan_core::event::{Principal, Role};
use leviathan_core::fact::{
    ArtifactCreated, AttemptChecked, AttemptFailed, AttemptProgress, AttemptStarted, CheckResult,
    FailureClass, FileProblem, Phase, TargetRegistered, TaskStatus, Violation,
};
use leviathan_core::ids::{AttemptId, Digest, GitCommit, branch_name};
use leviathan_core::policy::{Guardrails, Limits, Policy, ScopePolicy, Tool};
use leviathan_core::ports::Forge;
use leviathan_core::ports::forge::{NewGitCommit, OpenedPullRequest};
use leviathan_core::task::{Priority, TaskDefinition};
use leviathan_log::artifacts;

use crate::world::{World, target, task_id};

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
            acceptance_criteria: vec!["It says how.".to_owned()],
            dependencies: vec![],
            estimated_size: "small".to_owned(),
            labels: vec![],
        },
        ready: true,
        status: TaskStatus::Pending,
        blocked_reason: None,
        last_attempt_id: None,
        line: 1,
    }
}

fn policy() -> Policy {
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

impl World {
    pub(crate) fn register(&self) {
        self.register_as("shop");
    }

    pub(crate) fn register_as(&self, id: &str) {
        let registered = TargetRegistered {
            target_id: id.parse().unwrap(),
            name: id.to_owned(),
            repo_url: self.repository().location,
            default_branch: "main".to_owned(),
        };
        self.decide(Principal::operator("ada"), move |state, _| {
            operator::register(state, &registered)
        });
    }

    pub(crate) fn head(&self) -> GitCommit {
        self.git(&["rev-parse", "main"]).parse().unwrap()
    }

    /// The files of the target are read, at the default branch's git commit.
    pub(crate) fn sync(&self, tasks: &[BacklogTask]) {
        self.sync_as("shop", tasks, vec![]);
    }

    pub(crate) fn sync_as(&self, id: &str, tasks: &[BacklogTask], refused: Vec<FileProblem>) {
        let observed = Observed {
            git_commit: self.head(),
            backlog_digest: Digest::of(format!("{tasks:?}").as_bytes()),
            backlog: Backlog { tasks: tasks.to_vec(), refused },
            policy: policy(),
            source: "repository".to_owned(),
        };
        for task in tasks {
            let put = self.artifacts.put(task.definition.to_json().into_bytes());
            self.runtime.block_on(put).unwrap();
        }
        let id: leviathan_core::ids::TargetId = id.parse().unwrap();
        let once = || {
            let (id, observed) = (id.clone(), observed.clone());
            self.program(Role::Tick, move |state, moment| sync::sync(state, moment, &id, &observed))
        };
        while once() == Progress::More {}
    }

    /// A target with these tasks, none of them tried.
    pub(crate) fn with_tasks(tasks: &[BacklogTask]) -> Self {
        let world = Self::new();
        world.register();
        world.sync(tasks);
        world
    }

    /// Ticks; the attempts that were picked.
    pub(crate) fn tick(&self) -> Vec<AttemptId> {
        self.program(Role::Tick, tick::tick).picked
    }

    /// Ticks, and expects one pick.
    pub(crate) fn pick(&self) -> AttemptId {
        let picked = self.tick();
        assert_eq!(picked.len(), 1, "{picked:?}");
        picked[0].clone()
    }

    /// Its Job is created and its pod claims it.
    pub(crate) fn start(&self, attempt: &AttemptId) {
        let (id, attempt_id) = (attempt.clone(), attempt.clone());
        self.program(Role::Dispatch, move |state, moment| dispatch::submit(state, moment, 1, &id));
        let (pod_uid, status) = ("pod-1".to_owned(), "running".to_owned());
        self.says(attempt, AttemptStarted { attempt_id, pod_uid, status });
    }

    /// A phase ended after so many milliseconds and left this log.
    pub(crate) fn phase(&self, attempt: &AttemptId, phase: Phase, milliseconds: u64, log: &[u8]) {
        let attempt_id = attempt.clone();
        self.says(
            attempt,
            AttemptProgress {
                attempt_id,
                phase,
                state: "ended".to_owned(),
                milliseconds: Some(milliseconds),
                detail: Some(format!("{} is through", phase.as_str())),
            },
        );
        self.store(attempt, "log", &format!("{}.log", phase.as_str()), log);
    }

    pub(crate) fn store(&self, attempt: &AttemptId, kind: &str, name: &str, bytes: &[u8]) {
        let put = self.artifacts.put(Bytes::copy_from_slice(bytes));
        let sha256 = self.runtime.block_on(put).unwrap();
        let fact = ArtifactCreated {
            artifact_id: format!("artifact-{}-{name}", &sha256.as_str()[..12]),
            attempt_id: attempt.clone(),
            storage_path: artifacts::key(&sha256),
            sha256,
            artifact_type: kind.to_owned(),
            size_bytes: bytes.len() as u64,
            name: name.to_owned(),
        };
        self.says(attempt, fact);
    }

    /// The gate refuses it.
    pub(crate) fn refuse(&self, attempt: &AttemptId) {
        let fact = AttemptFailed {
            attempt_id: attempt.clone(),
            status: "failed".to_owned(),
            class: FailureClass::Task,
            failure_type: "scope_violation".to_owned(),
            error_summary: "1 file is outside the allowed paths".to_owned(),
            phase: Some(Phase::Gate),
            violations: vec![Violation {
                rule: "outside_allowed_paths".to_owned(),
                path: "src/lib.rs".to_owned(),
                detail: "the task allows docs/a.md".to_owned(),
            }],
            checks: vec![],
        };
        self.says(attempt, fact);
    }

    /// Its branch stands in the repository with one new file, and its pull request is recorded.
    pub(crate) fn open_pull_request(&self, attempt: &AttemptId, title: &str) -> u64 {
        let id = attempt.clone();
        let known = self.state().attempts[attempt].clone();
        let path = format!("docs/{}.md", known.task);
        let changes = vec![FileChange {
            path,
            old: None,
            new: Some(NewFile { mode: FileMode::Regular, content: format!("by {id}\n").into() }),
        }];
        let commit = self.push(attempt, changes);
        let checked = AttemptChecked {
            attempt_id: id,
            diff_digest: Some(Digest::of(b"diff")),
            files: 1,
            ignored_files: 0,
            skeleton: true,
            checks: vec![CheckResult {
                name: "build".to_owned(),
                passed: true,
                milliseconds: 1_500,
                detail: "exit code 0".to_owned(),
                log: None,
            }],
        };
        self.says(attempt, checked);
        let branch = branch_name(&known.task, attempt);
        let url = format!("file:///shop#{branch}");
        let id = attempt.clone();
        self.program(Role::Publish, move |state, _| {
            publish::prepared(state, &id, &commit, &branch, "written")
        });
        let receipt = b"# Receipt\n\nTask *a*, checked.\n";
        let digest =
            self.runtime.block_on(self.artifacts.put(Bytes::from_static(receipt))).unwrap();
        let opened = publish::Opened {
            pull_request: OpenedPullRequest { number: None, url },
            title: title.to_owned(),
            draft: true,
            receipt: (digest.clone(), receipt.len() as u64, artifacts::key(&digest)),
        };
        let id = attempt.clone();
        self.program(Role::Publish, move |state, _| publish::succeeded(state, &id, &opened))
            .unwrap()
    }

    fn push(&self, attempt: &AttemptId, changes: Vec<FileChange>) -> GitCommit {
        let known = self.state().attempts[attempt].clone();
        let (repository, branch) = (self.repository(), branch_name(&known.task, attempt));
        let commit = NewGitCommit {
            base: known.base,
            changes,
            message: format!(
                "Write it\n\nLeviathan-Task: {}\nLeviathan-Attempt: {attempt}\n",
                known.task
            ),
            unix_seconds: 1_772_366_400,
        };
        self.runtime.block_on(async {
            let made = self.forge.create_commit(&repository, &commit).await.unwrap();
            self.forge.create_branch(&repository, &branch, &made).await.unwrap();
            made
        })
    }

    /// An event of a type that nobody knows, by a client of the original.
    pub(crate) fn foreign_event(&self, event_type: &str, payload: serde_json::Value) {
        let event = leviathan_core::event::NewEvent {
            event_id: Some("theirs-1".to_owned()),
            event_type: event_type.to_owned(),
            timestamp: Some("2026-03-01T11:59:00".to_owned()),
            actor_id: Some("worker".to_owned()),
            target: Some(target()),
            payload: payload.as_object().unwrap().clone(),
        };
        let legacy = Principal { role: Role::Legacy, name: None };
        self.decide(legacy, move |_, _| Decision::new(vec![event.clone()], ()));
    }
}
