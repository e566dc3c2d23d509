//! A log in which the target `shop` has tasks and an attempt of one: what dispatch and an executor
//! find when it is their turn.

use leviathan_core::backlog::{Backlog, BacklogTask};
use leviathan_core::decide::sync::Observed;
use leviathan_core::decide::{Decision, Moment, dispatch, operator, sync, tick};
use leviathan_core::event::{Principal, Role};
use leviathan_core::fact::{TargetRegistered, TaskStatus};
use leviathan_core::ids::{AttemptId, Digest, TargetId};
use leviathan_core::policy::{Guardrails, Limits, Policy, ScopePolicy, Tool};
use leviathan_core::state::State;
use leviathan_core::task::{Priority, TaskDefinition};
use leviathan_log::{Log, Transaction};

/// The target's id.
pub fn shop() -> TargetId {
    "shop".parse().expect("a good id")
}

/// Target `shop` with tasks a, b, c on separate paths.
pub async fn backlog(log: &Log) {
    let target = shop();
    let registered = TargetRegistered {
        target_id: target.clone(),
        name: "shop".to_owned(),
        repo_url: "/srv/shop".to_owned(),
        default_branch: "main".to_owned(),
    };
    decide(log, Principal::operator("ada"), move |state, _| operator::register(state, &registered))
        .await;
    let observed = Observed {
        git_commit: "ab".repeat(20).parse().expect("a good id"),
        backlog_digest: Digest::of(b"backlog"),
        backlog: Backlog { tasks: ["a", "b", "c"].map(task).to_vec(), refused: vec![] },
        policy: policy(),
        source: "repository".to_owned(),
    };
    loop {
        let (target, observed) = (target.clone(), observed.clone());
        let sync =
            move |state: &State, moment: &Moment| sync::sync(state, moment, &target, &observed);
        if decide(log, Principal::program(Role::Tick), sync).await == sync::Progress::Done {
            return;
        }
    }
}

/// An attempt that the next tick picks and dispatch submits.
pub async fn submitted(log: &Log) -> AttemptId {
    let report = decide(log, Principal::program(Role::Tick), tick::tick).await;
    let attempt = report.picked.first().expect("a task may run").clone();
    let id = attempt.clone();
    decide(log, Principal::program(Role::Dispatch), move |state, moment| {
        dispatch::submit(state, moment, 1, &id)
    })
    .await;
    attempt
}

/// One decision, appended.
async fn decide<A: Send + 'static>(
    log: &Log,
    principal: Principal,
    decide: impl FnMut(&State, &Moment) -> Decision<A> + Send + 'static,
) -> A {
    let transaction = Transaction::of("test", principal);
    log.transact(&transaction, decide).await.expect("the log takes it").answer
}

fn task(id: &str) -> BacklogTask {
    BacklogTask {
        definition: TaskDefinition {
            id: id.parse().expect("a good id"),
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
        ready: id != "c",
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
        forbidden_paths: vec![],
        invariants: vec![],
        guardrails: Guardrails::default(),
        limits: Limits::default(),
        write_back: true,
    }
}
