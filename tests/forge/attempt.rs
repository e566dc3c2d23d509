//! An attempt on its way to its pull request: a real repository, a log in memory, and every event
//! that came before.

use std::sync::Arc;

use jiff::SignedDuration;
use leviathan_core::authority::authorised;
use leviathan_core::backlog;
use leviathan_core::decide::sync::{self, Observed, Progress};
use leviathan_core::decide::{Decision, dispatch, operator, tick};
use leviathan_core::diff::{Diff, FileChange};
use leviathan_core::event::{Principal, Role};
use leviathan_core::fact::{
    AttemptChecked, AttemptStarted, CheckResult, Fact, TargetRegistered, Violation,
};
use leviathan_core::ids::{AttemptId, Digest, GitCommit, TargetId, branch_name};
use leviathan_core::policy::{Command, Guardrails, Limits, Policy, ScopePolicy, Tool};
use leviathan_core::ports::{Forge, ObjectStore};
use leviathan_core::state::{Attempt, State};
use leviathan_local::memory_store::MemoryStore;
use leviathan_log::artifacts::Artifacts;
use leviathan_log::{Log, Transaction};
use leviathan_publish::{Publish, Published, publish};
use leviathan_tests::clock::HandClock;
use leviathan_tests::log_builders::log_over;

use crate::repository::{BACKLOG, World, add};

pub(crate) const TASKS: &str = "\
# The team's list. Keep it short.
tasks:
  - id: fix-parser   # found by Ada
    title: \"Mend the parser\"
    scope: code
    priority: high
    ready: true
    status: pending
    allowed_paths: [src/parser.rs, change.md]
    acceptance_criteria:
      - 'tests pass'
  - id: other
    title: Another
    scope: code
    ready: false
    allowed_paths: [other/]
";

/// The task with other paths.
pub(crate) fn tasks_allowing(paths: &str) -> String {
    TASKS.replace("[src/parser.rs, change.md]", paths)
}

pub(crate) fn policy() -> Policy {
    let command = Command {
        argv: vec!["true".to_owned()],
        env: vec![],
        files: vec![],
        time_limit_seconds: 60,
    };
    let code = ScopePolicy {
        allowed_paths: vec!["**".to_owned()],
        tool: Tool::Command(command),
        max_files: None,
    };
    Policy {
        enabled: true,
        scopes: [("code".to_owned(), code)].into(),
        forbidden_paths: vec![".github/**".to_owned()],
        invariants: vec![],
        guardrails: Guardrails { max_attempts_per_task: 9, ..Default::default() },
        limits: Limits::default(),
        write_back: true,
    }
}

/// One attempt and all that it needs.
pub(crate) struct Running {
    pub(crate) world: World,
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) clock: Arc<HandClock>,
    pub(crate) log: Arc<Log>,
    pub(crate) artifacts: Artifacts,
    pub(crate) base: GitCommit,
    pub(crate) id: AttemptId,
    pub(crate) policy: Policy,
    pub(crate) source: &'static str,
}

pub(crate) fn target() -> TargetId {
    "sample".parse().unwrap()
}

impl Running {
    /// Claimed by its pod; the tool is at work.
    pub(crate) async fn new() -> Self {
        Self::under(policy(), "repository").await
    }

    pub(crate) async fn under(policy: Policy, source: &'static str) -> Self {
        let world = World::new();
        let base = world.commit(BACKLOG, TASKS, "the list");
        let store = Arc::new(MemoryStore::new());
        let clock = Arc::new(HandClock::default());
        let log = Arc::new(log_over(store.clone(), clock.clone(), 1));
        let artifacts = Artifacts::new(store.clone());
        let id = "to-be-decided".parse().unwrap();
        let mut running = Self { world, store, clock, log, artifacts, base, id, policy, source };
        running.begin().await;
        running
    }

    async fn begin(&mut self) {
        let registered = TargetRegistered {
            target_id: target(),
            name: "sample".to_owned(),
            repo_url: self.world.target().location,
            default_branch: "main".to_owned(),
        };
        let person = Principal::operator("ada");
        self.commit(person, move |state| operator::register(state, &registered)).await;
        self.sync(TASKS, &self.base.clone()).await;
        let scheduler = Transaction::of("tick", Principal::program(Role::Tick));
        let picked = self.log.transact(&scheduler, tick::tick).await.unwrap().answer.picked;
        self.id = picked.first().expect("the task is picked").clone();
        let dispatcher = Transaction::of("dispatch", Principal::program(Role::Dispatch));
        let id = self.id.clone();
        let submit = move |state: &State, moment: &_| dispatch::submit(state, moment, 1, &id);
        self.log.transact(&dispatcher, submit).await.unwrap();
        let (attempt_id, pod_uid) = (self.id.clone(), "pod-1".to_owned());
        self.says(AttemptStarted { attempt_id, pod_uid, status: "running".to_owned() }).await;
    }

    /// The files as tick reads them at this git commit.
    pub(crate) async fn sync(&self, text: &str, at: &GitCommit) {
        self.sync_under(text, at, &self.policy).await;
    }

    pub(crate) async fn sync_under(&self, text: &str, at: &GitCommit, policy: &Policy) {
        let backlog = backlog::parse(BACKLOG, text).unwrap();
        for task in &backlog.tasks {
            self.artifacts.put(task.definition.to_json().into_bytes()).await.unwrap();
        }
        let observed = Observed {
            git_commit: at.clone(),
            backlog_digest: Digest::of(text.as_bytes()),
            backlog,
            policy: policy.clone(),
            source: self.source.to_owned(),
        };
        let scheduler = Transaction::of("sync", Principal::program(Role::Tick));
        loop {
            let observed = observed.clone();
            let sync =
                move |state: &State, moment: &_| sync::sync(state, moment, &target(), &observed);
            let outcome = self.log.transact(&scheduler, sync).await.unwrap();
            if outcome.answer == Progress::Done {
                return;
            }
        }
    }

    pub(crate) async fn commit<A: Send + 'static>(
        &self,
        principal: Principal,
        mut decide: impl FnMut(&State) -> Decision<A> + Send + 'static,
    ) -> A {
        let transaction = Transaction::of("test", principal);
        self.log.transact(&transaction, move |state, _| decide(state)).await.unwrap().answer
    }

    async fn says(&self, fact: impl Into<Fact>) {
        let event = fact.into().event(&target());
        let principal = Principal::attempt(&self.id);
        self.commit(principal, move |_| Decision::new(vec![event.clone()], ())).await;
    }

    /// The usual change: the parser mended, a note added.
    pub(crate) fn change(&self) -> Vec<FileChange> {
        vec![
            add("change.md", "what changed\n"),
            self.world.edit(&self.base, "src/parser.rs", "fn mended() {}\n"),
        ]
    }

    /// The executor's result, with this diff.
    pub(crate) async fn checked(&self, files: Vec<FileChange>) {
        let diff = Diff { base: self.base.clone(), files };
        self.checked_bytes(diff.to_bytes()).await;
    }

    pub(crate) async fn checked_bytes(&self, bytes: Vec<u8>) {
        let digest = self.artifacts.put(bytes).await.unwrap();
        self.checked_as(Some(digest), true).await;
    }

    pub(crate) async fn checked_as(&self, diff_digest: Option<Digest>, passed: bool) {
        self.clock.advance(SignedDuration::from_secs(60));
        let check = CheckResult {
            name: "tests".to_owned(),
            passed,
            milliseconds: 12,
            detail: "exit code 0".to_owned(),
            log: None,
        };
        let attempt_id = self.id.clone();
        let fact = AttemptChecked {
            attempt_id,
            diff_digest,
            files: 2,
            ignored_files: 0,
            skeleton: false,
            checks: vec![check],
        };
        self.says(fact).await;
    }

    /// Publish as one process of several has it.
    pub(crate) fn context(&self, forge: impl Forge + 'static, seed: u64) -> Publish {
        let store: Arc<dyn ObjectStore> = self.store.clone();
        let log = Arc::new(log_over(store, self.clock.clone(), seed));
        Publish { log, forge: Arc::new(forge), artifacts: self.artifacts.clone() }
    }

    pub(crate) async fn publish(&self) -> Published {
        self.publish_with(self.world.forge.clone()).await
    }

    pub(crate) async fn publish_with(&self, forge: impl Forge + 'static) -> Published {
        publish(&self.context(forge, 2), &self.id, 1).await.unwrap()
    }

    pub(crate) async fn state(&self) -> State {
        self.log.view().await.unwrap().state.clone()
    }

    pub(crate) async fn attempt(&self) -> Attempt {
        self.state().await.attempts[&self.id].clone()
    }

    /// What publish refused, from the event that says so.
    pub(crate) async fn violations(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        for seq in self.attempt().await.commits {
            for event in self.log.read(seq).await.unwrap().events {
                if let Some(Fact::PublishRefused(fact)) = authorised(&event) {
                    found.extend(fact.violations);
                }
            }
        }
        found
    }

    pub(crate) fn branch(&self) -> String {
        branch_name(&"fix-parser".parse().unwrap(), &self.id)
    }

    /// Branches below `agent/` with where they stand.
    pub(crate) fn branches(&self) -> String {
        self.world.git([
            "for-each-ref",
            "--format=%(refname:short) %(objectname)",
            "refs/heads/agent",
        ])
    }
}
