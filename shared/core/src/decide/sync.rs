//! What the files of a target say, against what the log knows (DECISIONS 5): the file on the
//! default branch is the wish, the log is the fact.

use std::collections::BTreeSet;

use super::{Decision, Moment};
use crate::backlog::{Backlog, BacklogTask};
use crate::event::NewEvent;
use crate::fact::{
    AttemptCancelled, BacklogRefused, BacklogSynced, Fact, FileProblem, TaskBlocked, TaskCompleted,
    TaskCreated, TaskRemoved, TaskStatus, TaskUpdated,
};
use crate::ids::{Digest, GitCommit, TargetId, TaskId};
use crate::policy::Policy;
use crate::state::{State, Target, Task, Wish};

/// Tasks that one commit takes up; the caller decides again until the answer is `Done`.
const MAX_TASKS_A_COMMIT: usize = 256;

/// Refused tasks that the log names; the rest are in the file for all to see.
const MAX_REFUSED_RECORDED: usize = 20;

/// The largest policy that fits an event line, in bytes of JSON.
const MAX_POLICY_BYTES: usize = 40 * 1024;

/// The largest list of allowed paths of one task, in bytes.
const MAX_ALLOWED_PATHS_BYTES: usize = 16 * 1024;

/// A target's files, read and parsed.
#[derive(Debug, Clone, PartialEq)]
pub struct Observed {
    /// Where they were read.
    pub git_commit: GitCommit,
    /// Of the backlog file's bytes.
    pub backlog_digest: Digest,
    /// The backlog.
    pub backlog: Backlog,
    /// The effective policy.
    pub policy: Policy,
    /// `repository`, or `state folder` for `leviathanctl try`.
    pub source: String,
}

/// How far the state follows the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// It does.
    Done,
    /// There is more than one commit should hold: decide again.
    More,
}

/// Takes up what the files say. Nothing is appended when the state follows them already.
pub fn sync(
    state: &State,
    moment: &Moment,
    target_id: &TargetId,
    observed: &Observed,
) -> Decision<Progress> {
    let Some(target) = state.targets.get(target_id) else {
        return Decision::nothing(Progress::Done);
    };
    if observed.policy.to_json().len() > MAX_POLICY_BYTES {
        let problem = FileProblem {
            file: ".leviathan/policy.yaml".to_owned(),
            line: 0,
            task_id: None,
            problem: "the effective policy is too large".to_owned(),
            expected: format!("at most {MAX_POLICY_BYTES} bytes as JSON"),
        };
        let refused = refuse(state, target_id, &observed.git_commit, &problem);
        return Decision::new(refused.events, Progress::Done);
    }
    let (fitting, too_large): (Vec<_>, Vec<_>) = observed.backlog.tasks.iter().partition(paths_fit);
    let mut events = Vec::new();
    let mut changed = 0;
    for task in &fitting {
        if changed == MAX_TASKS_A_COMMIT {
            return Decision::new(events, Progress::More);
        }
        let news = take_up(moment, target_id, target, task);
        changed += usize::from(!news.is_empty());
        events.extend(news);
    }
    events.extend(removals(target_id, target, &observed.backlog));
    let synced = summary(target_id, observed, &fitting, &too_large);
    let known = target.synced.as_ref().map(|synced| &synced.files);
    if known != Some(&synced) || target.problem.is_some() {
        events.push(Fact::from(synced).event(target_id));
    }
    Decision::new(events, Progress::Done)
}

/// Records that the files can't be used; what was known before stays in force.
pub fn refuse(
    state: &State,
    target_id: &TargetId,
    git_commit: &GitCommit,
    problem: &FileProblem,
) -> Decision<()> {
    let Some(target) = state.targets.get(target_id) else { return Decision::nothing(()) };
    if target.problem.as_ref().is_some_and(|known| known.problem == *problem) {
        return Decision::nothing(());
    }
    let fact = BacklogRefused {
        target_id: target_id.clone(),
        git_commit: git_commit.clone(),
        problem: problem.clone(),
    };
    Decision::new(vec![Fact::from(fact).event(target_id)], ())
}

fn paths_fit(task: &&BacklogTask) -> bool {
    let bytes: usize = task.definition.allowed_paths.iter().map(String::len).sum();
    bytes <= MAX_ALLOWED_PATHS_BYTES
}

fn summary(
    target_id: &TargetId,
    observed: &Observed,
    fitting: &[&BacklogTask],
    too_large: &[&BacklogTask],
) -> BacklogSynced {
    let too_large = too_large.iter().map(|task| FileProblem {
        file: ".leviathan/backlog.yaml".to_owned(),
        line: task.line,
        task_id: Some(task.definition.id.to_string()),
        problem: "its allowed_paths are too long".to_owned(),
        expected: format!("at most {MAX_ALLOWED_PATHS_BYTES} bytes together"),
    });
    let refused = observed.backlog.refused.iter().cloned().chain(too_large);
    BacklogSynced {
        target_id: target_id.clone(),
        git_commit: observed.git_commit.clone(),
        backlog: observed.backlog_digest.clone(),
        policy: observed.policy.clone(),
        policy_digest: observed.policy.digest(),
        source: observed.source.clone(),
        tasks: u32::try_from(fitting.len()).unwrap_or(u32::MAX),
        refused: refused.take(MAX_REFUSED_RECORDED).map(shorten).collect(),
    }
}

fn take_up(
    moment: &Moment,
    target_id: &TargetId,
    target: &Target,
    task: &BacklogTask,
) -> Vec<NewEvent> {
    let known = target.tasks.get(&task.definition.id);
    let mut wish = wish(moment, target_id, target, task);
    let Some(known) = known else {
        let status = wish.status;
        let mut facts = vec![Fact::from(wish)];
        facts.extend(said_by_file(moment, target_id, task, status));
        return events(target_id, facts);
    };
    let wanted_again = matches!(known.status, TaskStatus::Completed | TaskStatus::Blocked)
        && wish.status == TaskStatus::Pending
        && (known.wish.status != TaskStatus::Pending || (!known.wish.ready && wish.ready));
    if wanted_again {
        wish.generation = known.wish.generation.saturating_add(1);
        wish.created_at = moment.now;
    }
    if Wish::from(wish.clone()) == known.wish && !known.removed {
        return Vec::new();
    }
    let status = wish.status;
    let newly = status != known.wish.status && status != known.status;
    let mut facts = vec![Fact::from(TaskUpdated(wish))];
    if newly && matches!(status, TaskStatus::Completed | TaskStatus::Blocked) {
        if let Some(attempt) = &known.attempt {
            let reason = format!("the backlog says status: {}", status.as_str());
            facts.push(AttemptCancelled { attempt_id: attempt.clone(), reason }.into());
        }
        facts.extend(said_by_file(moment, target_id, task, status));
    }
    events(target_id, facts)
}

fn wish(moment: &Moment, target_id: &TargetId, target: &Target, task: &BacklogTask) -> TaskCreated {
    let known = target.tasks.get(&task.definition.id);
    let definition = &task.definition;
    let criteria = definition.acceptance_criteria.iter().take(20);
    TaskCreated {
        task_id: definition.id.clone(),
        node_id: definition.id.to_string(),
        node_type: "Task".to_owned(),
        target_id: target_id.clone(),
        title: cut(&definition.title, 200),
        scope: cut(&definition.scope, 100),
        priority: definition.priority,
        estimated_size: cut(&definition.estimated_size, 40),
        allowed_paths: definition.allowed_paths.clone(),
        acceptance_criteria: criteria.map(|text| cut(text, 300)).collect(),
        dependencies: definition.dependencies.iter().take(100).cloned().collect(),
        ready: task.ready,
        status: task.status,
        definition: definition.digest(),
        generation: known.map_or_else(|| target.first_generation(), |task| task.wish.generation),
        created_at: known.map_or(moment.now, |task| task.wish.created_at),
    }
}

/// Completed or blocked in the file: as the person says.
fn said_by_file(
    moment: &Moment,
    target_id: &TargetId,
    task: &BacklogTask,
    status: TaskStatus,
) -> Option<Fact> {
    let (target_id, task_id) = (target_id.clone(), task.definition.id.clone());
    match status {
        TaskStatus::Completed => Some(
            TaskCompleted {
                target_id,
                task_id,
                status: "completed".to_owned(),
                completed_at: moment.now,
                reason: "the backlog says status: completed".to_owned(),
            }
            .into(),
        ),
        TaskStatus::Blocked => {
            let reason = match &task.blocked_reason {
                Some(reason) => format!("the backlog says status: blocked ({})", cut(reason, 300)),
                None => "the backlog says status: blocked".to_owned(),
            };
            Some(TaskBlocked { target_id, task_id, reason }.into())
        }
        TaskStatus::Pending | TaskStatus::InProgress | TaskStatus::PrOpen => None,
    }
}

/// Tasks that left the file. One that is still there but refused is not gone.
fn removals(target_id: &TargetId, target: &Target, backlog: &Backlog) -> Vec<NewEvent> {
    let present: BTreeSet<&str> = backlog
        .tasks
        .iter()
        .map(|task| task.definition.id.as_str())
        .chain(backlog.refused.iter().filter_map(|problem| problem.task_id.as_deref()))
        .collect();
    let gone = |(id, task): &(&TaskId, &Task)| !task.removed && !present.contains(id.as_str());
    let mut facts = Vec::new();
    for (task_id, task) in target.tasks.iter().filter(gone).take(MAX_TASKS_A_COMMIT) {
        if let Some(attempt) = &task.attempt {
            let reason = "the task was deleted from the backlog".to_owned();
            facts.push(AttemptCancelled { attempt_id: attempt.clone(), reason }.into());
        }
        facts.push(TaskRemoved { target_id: target_id.clone(), task_id: task_id.clone() }.into());
    }
    events(target_id, facts)
}

fn events(target_id: &TargetId, facts: Vec<Fact>) -> Vec<NewEvent> {
    facts.into_iter().map(|fact| fact.event(target_id)).collect()
}

fn shorten(problem: FileProblem) -> FileProblem {
    FileProblem {
        file: cut(&problem.file, 200),
        line: problem.line,
        task_id: problem.task_id.map(|id| cut(&id, 128)),
        problem: cut(&problem.problem, 400),
        expected: cut(&problem.expected, 400),
    }
}

/// At most `most` characters; what was cut is marked.
fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(most.saturating_sub(1)).collect();
    cut.push('…');
    cut
}
