//! From what a person typed to the thing that they mean; an error lists those that there are.

use std::sync::Arc;

use leviathan_core::ids::{AttemptId, TargetId, TaskId};
use leviathan_core::state::{Attempt, Departure, PullRequest, State, Target, Task};
use leviathan_log::View;

use super::aged::Named;
use super::session::Session;

use crate::cli::{PrArgs, TaskArgs};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::Output;
use crate::text::one_line;

/// Candidates that an error lists.
const MOST_LISTED: usize = 10;

/// A task that was found, and where.
pub(crate) struct FoundTask<'a> {
    pub(crate) target_id: &'a TargetId,
    pub(crate) target: &'a Target,
    pub(crate) task_id: &'a TaskId,
    pub(crate) task: &'a Task,
}

/// A pull request that was found, and where.
pub(crate) struct FoundPullRequest<'a> {
    pub(crate) target_id: &'a TargetId,
    pub(crate) target: &'a Target,
    pub(crate) number: u64,
    pub(crate) pull_request: &'a PullRequest,
}

/// The targets that `--target` names, by id, name or repository; all of them without it.
pub(crate) fn targets<'a>(
    state: &'a State,
    named: Option<&str>,
) -> Result<Vec<(&'a TargetId, &'a Target)>, CommandError> {
    let Some(named) = named else { return Ok(state.targets.iter().collect()) };
    let found: Vec<_> = state
        .targets
        .iter()
        .filter(|(id, target)| {
            id.as_str() == named || target.name == named || target.repository == named
        })
        .collect();
    if found.is_empty() {
        let known = state.targets.keys().map(TargetId::to_string).collect();
        return Err(nothing_like("target", named, known, "run `leviathanctl dev --target` on it"));
    }
    Ok(found)
}

/// The task that the arguments name.
pub(crate) fn task<'a>(
    state: &'a State,
    arguments: &TaskArgs,
) -> Result<FoundTask<'a>, CommandError> {
    let targets = targets(state, arguments.target.as_deref())?;
    let all = || {
        targets.iter().flat_map(|&(target_id, target)| {
            target.tasks.iter().map(move |(task_id, task)| FoundTask {
                target_id,
                target,
                task_id,
                task,
            })
        })
    };
    let mut found: Vec<_> =
        all().filter(|found| found.task_id.as_str() == arguments.task).collect();
    match (found.pop(), found.len()) {
        (Some(only), 0) => Ok(only),
        (Some(last), _) => {
            found.push(last);
            let targets = found.iter().map(|found| found.target_id.to_string()).collect();
            Err(several("task", &arguments.task, targets))
        }
        (None, _) => {
            let known = all().map(|found| found.task_id.to_string()).collect();
            let hint = "see `leviathanctl tasks list`";
            Err(nothing_like("task", &arguments.task, known, hint))
        }
    }
}

/// The attempt with this id.
pub(crate) fn attempt<'a>(
    state: &'a State,
    named: &str,
) -> Result<(&'a AttemptId, &'a Attempt), CommandError> {
    let found = state.attempts.iter().find(|(id, _)| id.as_str() == named);
    found.ok_or_else(|| {
        let known = newest_first(state).into_iter().map(|(id, _)| id.to_string()).collect();
        nothing_like("attempt", named, known, "see `leviathanctl attempts list`")
    })
}

/// Every attempt, the newest first.
pub(crate) fn newest_first(state: &State) -> Vec<(&AttemptId, &Attempt)> {
    let mut attempts: Vec<_> = state.attempts.iter().collect();
    attempts.sort_by_key(|(id, attempt)| {
        (std::cmp::Reverse((attempt.created_at, attempt.commits.first().copied())), *id)
    });
    attempts
}

/// A view in which the named pull request is, if there ever was one. By its branch it is looked for
/// among all of them.
pub(crate) fn with_pull_request(
    session: &Session,
    arguments: &PrArgs,
    output: Output,
) -> Result<Arc<View>, CommandError> {
    let named = arguments.pull_request.as_str();
    if let Ok(number) = named.strip_prefix('#').unwrap_or(named).parse() {
        return session.view_with(&Named::PullRequest(number));
    }
    let view = session.view()?;
    if pull_request(&view.state, arguments).is_ok() {
        return Ok(view);
    }
    let is_it = |departure: &Departure| {
        matches!(departure, Departure::PullRequest { pull_request, .. }
            if pull_request.opened.branch_name == named)
    };
    session.view_with_aged(None, usize::MAX, is_it, output)
}

/// The pull request with this number or branch.
pub(crate) fn pull_request<'a>(
    state: &'a State,
    arguments: &PrArgs,
) -> Result<FoundPullRequest<'a>, CommandError> {
    let named = arguments.pull_request.as_str();
    let number: Option<u64> = named.strip_prefix('#').unwrap_or(named).parse().ok();
    let targets = targets(state, arguments.target.as_deref())?;
    let all = || {
        targets.iter().flat_map(|&(target_id, target)| {
            target.pull_requests.iter().map(move |(&number, pull_request)| FoundPullRequest {
                target_id,
                target,
                number,
                pull_request,
            })
        })
    };
    let mut found: Vec<_> = all()
        .filter(|found| {
            number == Some(found.number) || found.pull_request.opened.branch_name == named
        })
        .collect();
    match (found.pop(), found.len()) {
        (Some(only), 0) => Ok(only),
        (Some(last), _) => {
            found.push(last);
            let targets = found.iter().map(|found| found.target_id.to_string()).collect();
            Err(several("pull request", named, targets))
        }
        (None, _) => {
            let known = all()
                .map(|found| {
                    format!("{} ({})", found.number, found.pull_request.opened.branch_name)
                })
                .collect();
            Err(nothing_like("pull request", named, known, "see `leviathanctl pr list`"))
        }
    }
}

fn nothing_like(kind: &str, named: &str, known: Vec<String>, hint: &str) -> CommandError {
    let what = format!("there is no {kind} {}", one_line(named));
    let next = if known.is_empty() {
        format!("there is none at all; {hint}")
    } else {
        format!("there is {}; {hint}", listed(&known))
    };
    CommandError::not_found(what, next)
}

fn several(kind: &str, named: &str, targets: Vec<String>) -> CommandError {
    CommandError::new(
        Exit::Usage,
        format!("more than one target has a {kind} {}: {}", one_line(named), listed(&targets)),
        "name one of them with --target",
    )
}

fn listed(names: &[String]) -> String {
    let mut text =
        names.iter().take(MOST_LISTED).map(|name| one_line(name)).collect::<Vec<_>>().join(", ");
    let more = names.len().saturating_sub(MOST_LISTED);
    if more > 0 {
        text.push_str(&format!(" and {more} more"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_lists_a_few_candidates_and_counts_the_rest() {
        let names: Vec<String> = (0..12).map(|n| format!("t{n}")).collect();
        assert_eq!(listed(&names[..2]), "t0, t1");
        assert!(listed(&names).ends_with("t9 and 2 more"));
    }

    #[test]
    fn what_does_not_exist_is_answered_with_what_does() {
        let error = nothing_like("task", "a\u{1b}b", vec!["x".to_owned()], "look");
        assert_eq!(error.exit, Exit::NotFound);
        assert_eq!(error.what, r"there is no task a\u{1b}b");
        assert_eq!(error.next, "there is x; look");
        let error = nothing_like("task", "a", vec![], "look");
        assert_eq!(error.next, "there is none at all; look");
    }
}
