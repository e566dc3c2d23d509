//! What runs have left behind, from the log and from the repository, in a form in which two can be
//! compared: what differs from run to run (times, numbers of attempts, ids made from these) is
//! written the same in both.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use leviathan_core::decide::tick::explain;
use leviathan_core::event::Event;
use leviathan_core::fact::{FailureClass, TaskStatus};
use leviathan_core::ports::ObjectStore;
use leviathan_core::state::{Attempt, State, Task};
use leviathan_local::FolderStore;
use leviathan_log::keys;

use crate::clock::TrueClock;
use crate::log_builders::log_over;
use crate::repository::{BACKLOG, Repository};

/// The log of a state folder, read whole and verified.
pub struct Story {
    /// Each commit's bytes, in order.
    pub commits: Vec<Bytes>,
    /// Each event, in order.
    pub events: Vec<Event>,
    /// Where it all led to.
    pub state: State,
    /// What `Log::verify` found wrong.
    pub fault: Option<String>,
}

/// How one target's tasks, pull requests and branches ended up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Each task with its status and, where it waits or is blocked, why.
    pub tasks: BTreeMap<String, String>,
    /// Attempts that ended otherwise than by the machinery's fault, by task.
    pub ends: BTreeMap<String, Vec<String>>,
    /// Each pull request with its task, status and title, in order of these.
    pub pull_requests: Vec<String>,
    /// What each of our branches changes.
    pub branches: Vec<String>,
}

impl Story {
    /// Reads the log under this state folder.
    pub fn read(state: &Path) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let runtime = runtime.expect("a runtime without threads can be made");
        runtime.block_on(Self::read_all(state))
    }

    async fn read_all(state: &Path) -> Self {
        let store = Arc::new(FolderStore::read_only(state.join("log")));
        let log = log_over(Arc::clone(&store) as Arc<dyn ObjectStore>, Arc::new(TrueClock), 1);
        let report = log.verify(None, |_| {}).await.expect("the store can be read");
        let (mut commits, mut events) = (Vec::new(), Vec::new());
        for seq in 0..report.commits {
            let object = store.get(&keys::commit(seq)).await;
            commits.push(object.expect("a sound commit is there").bytes);
            events.extend(log.read(seq).await.expect("a sound commit can be read").events);
        }
        let fault = report.fault.map(|fault| fault.to_string());
        let state = match fault {
            None => log.view().await.expect("a sound log can be folded").state.clone(),
            Some(_) => State::default(),
        };
        Self { commits, events, state, fault }
    }

    /// Every place at which a second attempt of a task was begun, or a second result accepted,
    /// while there was one.
    pub fn doubles(&self) -> Vec<String> {
        let mut live: BTreeMap<String, String> = BTreeMap::new();
        let mut results = BTreeSet::new();
        let mut doubles = Vec::new();
        for event in &self.events {
            let text = |key| event.payload.get(key).and_then(|value| value.as_str());
            let attempt = text("attempt_id").unwrap_or_default().to_owned();
            match event.event_type.as_str() {
                "attempt.created" => {
                    let task = text("task_id").unwrap_or_default().to_owned();
                    if let Some(other) = live.insert(task, attempt.clone()) {
                        doubles.push(format!("{attempt} was begun while {other} was live"));
                    }
                }
                "attempt.succeeded"
                | "attempt.failed"
                | "attempt.timed_out"
                | "attempt.cancelled"
                | "attempt.invalidated"
                | "publish.refused" => live.retain(|_, other| *other != attempt),
                "attempt.checked" | "pr.created"
                    if !results.insert((event.event_type.clone(), attempt.clone())) =>
                {
                    doubles.push(format!("{attempt} has two of {}", event.event_type));
                }
                _ => {}
            }
        }
        doubles
    }

    /// How the tasks of the only target ended up.
    pub fn outcome(&self, repository: &Repository) -> Outcome {
        let mut tasks = BTreeMap::new();
        let mut pull_requests = Vec::new();
        for (target_id, target) in &self.state.targets {
            for (id, task) in &target.tasks {
                let standing = match task.status {
                    TaskStatus::Pending => {
                        let answers = explain(&self.state, Timestamp::now(), target_id, id);
                        codes(answers.unwrap_or_default())
                    }
                    _ => self.plain(task.blocked_reason.as_deref().unwrap_or_default()),
                };
                tasks.insert(id.to_string(), format!("{:?}: {standing}", task.status));
            }
            pull_requests.extend(target.pull_requests.values().map(|known| {
                let opened = &known.opened;
                let status = known.status.as_str();
                let draft = if opened.draft { " (draft)" } else { "" };
                format!("{}: {status}{draft}: {}", opened.task_id, opened.title)
            }));
        }
        pull_requests.sort();
        let mut branches: Vec<String> = repository
            .agent_branches()
            .keys()
            .map(|branch| self.change_of(repository, branch))
            .collect();
        branches.sort();
        Outcome { tasks, ends: self.ends(), pull_requests, branches }
    }

    /// The only live target's task of this id.
    pub fn task(&self, id: &str) -> &Task {
        let tasks = self.state.targets.values().flat_map(|target| &target.tasks);
        let found = tasks.into_iter().find(|(task, _)| task.as_str() == id);
        found.map(|(_, task)| task).expect("the log knows the task")
    }

    fn ends(&self) -> BTreeMap<String, Vec<String>> {
        let mut ends: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for attempt in self.state.attempts.values().filter(|attempt| !is_lost(attempt)) {
            let failure = attempt.end.as_ref().and_then(|end| end.failure_type.clone());
            let failure = failure.unwrap_or_default();
            let end = format!("{} {failure}", attempt.status.as_str());
            ends.entry(attempt.task.to_string()).or_default().push(end);
        }
        ends
    }

    fn change_of(&self, repository: &Repository, branch: &str) -> String {
        let base = repository.git(["merge-base", "main", branch]);
        let raw = repository.git(["diff-tree", "-r", "--no-renames", &base, branch]);
        let changed: Vec<&str> = raw.lines().filter(|line| !line.ends_with(BACKLOG)).collect();
        let backlog = repository.git(["diff", &base, branch, "--", BACKLOG]);
        let backlog: Vec<&str> = backlog
            .lines()
            .filter(|line| !line.starts_with("index ") && !line.contains("completed_at:"))
            .collect();
        self.plain(&format!("{branch}\n{}\n{}", changed.join("\n"), backlog.join("\n")))
    }

    /// Without what differs from run to run.
    fn plain(&self, text: &str) -> String {
        let ids = self.state.attempts.iter();
        ids.fold(text.to_owned(), |text, (id, attempt)| {
            text.replace(id.as_str(), &format!("<attempt of {}>", attempt.task))
        })
    }
}

/// It ended by the machinery's fault: how often depends on when the process was killed.
fn is_lost(attempt: &Attempt) -> bool {
    attempt.end.as_ref().is_some_and(|end| end.class == Some(FailureClass::Infra))
}

fn codes(answers: Vec<(&'static str, Option<leviathan_core::reason::Reason>)>) -> String {
    let codes = answers.into_iter().filter_map(|(_, reason)| reason.map(|reason| reason.code));
    codes.collect::<Vec<_>>().join(", ")
}
