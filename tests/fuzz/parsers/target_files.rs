//! People's files: backlog, policy and contract are refused with a message or understood, and a
//! write-back changes nothing but its task.

use leviathan_core::ids::{AttemptId, TaskId};
use leviathan_core::policy_file::{self, PolicySource};
use leviathan_core::write_back::{Completion, complete};
use leviathan_core::{backlog, contract};

/// Panics where something is accepted that should not be.
pub(crate) fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let _ = contract::parse("contract.yaml", text);
    let source = PolicySource { file: "policy.yaml", text };
    let _ = policy_file::effective(None, Some(source));
    let Ok(before) = backlog::parse("backlog.yaml", text) else { return };
    let Some(first) = before.tasks.first() else { return };
    let completion = Completion {
        task: first.definition.id.clone(),
        attempt: "docs-abcdefghij".parse::<AttemptId>().unwrap(),
        branch: "agent/docs".to_owned(),
        completed_at: "2026-11-24T12:00:00Z".to_owned(),
    };
    let Ok(written) = complete(text, &completion) else { return };
    let after = backlog::parse("backlog.yaml", &written).unwrap();
    let others = |tasks: &[backlog::BacklogTask], id: &TaskId| {
        tasks
            .iter()
            .filter(|t| t.definition.id != *id)
            .map(|t| t.definition.digest())
            .collect::<Vec<_>>()
    };
    let id = &first.definition.id;
    assert_eq!(others(&before.tasks, id), others(&after.tasks, id));
}
