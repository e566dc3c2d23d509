//! `.leviathan/backlog.yaml`: the tasks that people wish for (CONTRACT 4.1).
//!
//! A mapping with `tasks`, or a bare list. What no task can be read from is refused whole; what is
//! wrong with one task refuses that one, with its line, and the others go on (DECISIONS 5).

mod relations;
mod task;
#[cfg(test)]
mod tests;

use crate::fact::{FileProblem, TaskStatus};
use crate::task::TaskDefinition;
use crate::yaml::{Document, Node};

/// Tasks in one file.
pub const MAX_TASKS: usize = 2_000;

/// The tasks of a backlog file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backlog {
    /// Those that can be used, in the file's order; each id once.
    pub tasks: Vec<BacklogTask>,
    /// Those that can't, each with its line.
    pub refused: Vec<FileProblem>,
}

/// One task as the file has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BacklogTask {
    /// What is to be done.
    pub definition: TaskDefinition,
    /// Whether a person says that it may run; missing is no.
    pub ready: bool,
    /// What the file says of its state; missing and null are pending.
    pub status: TaskStatus,
    /// Why it waits, where the file says so or its status word is not one of ours.
    pub blocked_reason: Option<String>,
    /// Who wrote the entry back.
    pub last_attempt_id: Option<String>,
    /// Where it begins, from 1.
    pub line: u32,
}

/// Reads a backlog file; `file` is what problems call it.
pub fn parse(file: &str, text: &str) -> Result<Backlog, FileProblem> {
    let document = Document::parse(file, text)?;
    let items = tasks_of(&document)?;
    if items.len() > MAX_TASKS {
        let problem = format!("the file has {} tasks", items.len());
        let expected = format!("at most {MAX_TASKS}; move completed ones to another file");
        return Err(document.problem(&document.root, problem, expected));
    }
    let mut refused = Vec::new();
    let mut tasks = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let id = id_of(&document, index, item)?;
        match task::read(&document, id, item) {
            Ok(task) => tasks.push(task),
            Err(problem) => {
                let task_id = id.as_text().map(str::to_owned);
                refused.push(FileProblem { task_id, ..problem });
            }
        }
    }
    relations::refuse_repeated_ids(file, &mut tasks, &mut refused);
    relations::refuse_cycles(file, &mut tasks, &mut refused);
    refused.sort_by_key(|problem| problem.line);
    Ok(Backlog { tasks, refused })
}

/// The list of tasks, in either form of the file.
pub(crate) fn tasks_of<'d>(
    document: &'d Document<'_>,
) -> Result<&'d [std::rc::Rc<Node>], FileProblem> {
    let root = &document.root;
    if let Some(items) = root.as_sequence() {
        return Ok(items);
    }
    let Some(entries) = root.as_mapping() else {
        let problem = format!("the file holds {}", root.kind());
        return Err(document.problem(root, problem, "a mapping with `tasks`, or a list of tasks"));
    };
    document.no_repeated_key(root)?;
    let Some(tasks) = root.get("tasks") else {
        let keys: Vec<&str> = entries.iter().filter_map(|entry| entry.key.as_text()).collect();
        let problem = format!("there is no `tasks`; the keys are: {}", listed(&keys));
        return Err(document.problem(root, problem, "a list of tasks under `tasks`"));
    };
    tasks.as_sequence().ok_or_else(|| {
        let problem = format!("`tasks` is {}", tasks.kind());
        document.problem(tasks, problem, "a list of tasks; `tasks: []` for none")
    })
}

/// The node of a task's id: `id`, or `task_id` where there is none.
fn id_of<'n>(
    document: &Document<'_>,
    index: usize,
    item: &'n Node,
) -> Result<&'n Node, FileProblem> {
    let expected = "a mapping with `id`, such as `- id: my-task`";
    let Some(entries) = item.as_mapping() else {
        let problem = format!("the task at index {index} is {}", item.kind());
        return Err(document.problem(item, problem, expected));
    };
    id_in(item).ok_or_else(|| {
        let keys: Vec<&str> = entries.iter().filter_map(|entry| entry.key.as_text()).collect();
        let found = listed(&keys);
        let problem = format!("the task at index {index} has no `id`; its keys are: {found}");
        document.problem(item, problem, expected)
    })
}

/// A task's `id`, or its `task_id`.
pub(crate) fn id_in(item: &Node) -> Option<&Node> {
    ["id", "task_id"].into_iter().find_map(|key| item.get(key).filter(|id| !id.is_null()))
}

/// At most ten keys, for a message.
fn listed(keys: &[&str]) -> String {
    let mut text: Vec<String> =
        keys.iter().take(10).map(|key| key.chars().take(40).collect()).collect();
    match keys.len() {
        0 => text.push("none".to_owned()),
        1..=10 => {}
        _ => text.push("…".to_owned()),
    }
    text.join(", ")
}
