//! work: runs the tool that policy names for the task's scope.

use leviathan_core::policy::Tool;

use crate::job::JobFolder;
use crate::result::{PhaseFailure, PhasePassed};
use crate::tools::builtin;
use crate::tools::command;
use crate::tools::docs::Docs;
use crate::tools::tests::Tests;

/// Lets the tool change the workspace.
pub fn run(folder: &JobFolder) -> Result<PhasePassed, PhaseFailure> {
    let (task, policy) = (&folder.job.task, &folder.job.policy);
    let Some(scope) = policy.scopes.get(&task.scope) else {
        let known: Vec<&str> = policy.scopes.keys().map(String::as_str).collect();
        return Err(PhaseFailure::policy(
            "scope_not_in_policy",
            format!("policy names no tool for scope {:?}; it has {known:?}", task.scope),
        ));
    };
    match &scope.tool {
        Tool::Docs => builtin::write(&Docs, folder),
        Tool::Tests => builtin::write(&Tests, folder),
        Tool::Command(command) => command::work(folder, command),
    }
}
