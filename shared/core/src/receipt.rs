//! The receipt: what a pull request says of how it came to be, and the texts around it.
//!
//! Titles, criteria, names and paths are foreign text (`markdown` makes them harmless); everything
//! else is a fact from the log. The same facts always give the same bytes: the body is an artifact.

mod body;
mod markdown;
#[cfg(test)]
mod tests;

use self::markdown::one_line;
use crate::diff::{Diff, FileChange};
use crate::fact::CheckResult;
use crate::ids::{AttemptId, Digest, GitCommit, TargetId};
use crate::task::TaskDefinition;

/// The longest title, in characters: what lists of pull requests still show.
const MAX_TITLE: usize = 120;

/// What a receipt states.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptFacts {
    /// The task as the attempt was given it.
    pub task: TaskDefinition,
    /// The target whose backlog holds it.
    pub target: TargetId,
    /// The attempt.
    pub attempt: AttemptId,
    /// Which attempt of the task, from 1.
    pub attempt_number: u32,
    /// The git commit that the change is against.
    pub base: GitCommit,
    /// The policy in force.
    pub policy_digest: Digest,
    /// Each invariant's result, in order.
    pub checks: Vec<CheckResult>,
    /// The change's artifact.
    pub diff_digest: Digest,
    /// What the change does to which path: [`ChangedFile::all_of`] the diff.
    pub files: Vec<ChangedFile>,
    /// Paths that the base's ignore rules left out of the change.
    pub ignored_files: u32,
    /// What wrote the change is a built-in skeleton: the pull request is a draft.
    pub skeleton: bool,
    /// The number of the log's commit that holds `attempt.checked`.
    pub log_commit: u64,
    /// Where backlog and policy came from, if not from the repository, such as `the state folder`.
    pub source: Option<String>,
    /// What it cost, such as `0.42 USD`; `None`: nothing that is counted.
    pub cost: Option<String>,
    /// The pull request's branch.
    pub branch: String,
    /// Whether the backlog entry is in the git commit, and if not, why.
    pub write_back: String,
}

/// One path of the change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedFile {
    /// In the repository.
    pub path: String,
    /// What happens to it.
    pub kind: ChangeKind,
}

/// What a change does to a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// It was not there.
    Added,
    /// Its content or mode is another.
    Modified,
    /// It goes.
    Deleted,
}

impl ChangeKind {
    /// The word in receipts.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Modified => "modified",
            Self::Deleted => "deleted",
        }
    }

    fn of(file: &FileChange) -> Self {
        match (&file.old, &file.new) {
            (None, _) => Self::Added,
            (Some(_), Some(_)) => Self::Modified,
            (Some(_), None) => Self::Deleted,
        }
    }
}

impl ChangedFile {
    /// Every path of a change, in its order.
    pub fn all_of(diff: &Diff) -> Vec<Self> {
        let of = |file: &FileChange| Self { path: file.path.clone(), kind: ChangeKind::of(file) };
        diff.files.iter().map(of).collect()
    }
}

/// The texts of a pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullRequestText {
    /// One line.
    pub title: String,
    /// Markdown, under 65,536 characters, which is what GitHub takes.
    pub body: String,
    /// The git commit's message: the title, a sentence, the trailers.
    pub git_commit_message: String,
    /// Not ready for review.
    pub draft: bool,
}

/// The texts for these facts.
pub fn render(facts: &ReceiptFacts) -> PullRequestText {
    let title = title(&facts.task);
    let git_commit_message = git_commit_message(&title, facts);
    PullRequestText { body: body::render(facts), title, git_commit_message, draft: facts.skeleton }
}

/// `feat(<scope>): <title>`, as the original's (CONTRACT 6.2).
fn title(task: &TaskDefinition) -> String {
    let words = one_line(&task.title, MAX_TITLE);
    let words = if words.is_empty() { "Untitled".to_owned() } else { words };
    format!("feat({}): {words}", one_line(&task.scope, 40))
}

/// The trailers are the last paragraph and nothing foreign with a line break is before them, so a
/// title cannot bring trailers of its own. `Leviathan-Attempt` is how a merge by squash or rebase
/// is recognised (DECISIONS 17).
fn git_commit_message(title: &str, facts: &ReceiptFacts) -> String {
    let ReceiptFacts { task, attempt, attempt_number, .. } = facts;
    let what = if facts.skeleton { "A skeleton to fill in" } else { "A change" };
    format!(
        "{title}\n\n{what}, made by Leviathan in attempt {attempt_number} of the task.\n\n\
         Leviathan-Task: {}\nLeviathan-Attempt: {attempt}\n",
        task.id
    )
}
