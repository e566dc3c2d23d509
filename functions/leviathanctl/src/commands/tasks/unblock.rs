//! `leviathanctl tasks unblock`: a person wants a blocked task tried again.

use leviathan_core::decide::operator::{self, Refusal};
use leviathan_core::ids::{TargetId, TaskId};
use serde::Serialize;

use crate::cli::{Global, UnblockArgs};
use crate::commands::select;
use crate::commands::session::Session;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::{Format, Output};

#[derive(Serialize)]
struct Unblocked<'a> {
    target_id: &'a TargetId,
    task_id: &'a TaskId,
    status: &'static str,
    reason: &'a str,
}

pub(super) fn run(
    arguments: &UnblockArgs,
    global: &Global,
    output: Output,
) -> Result<Exit, CommandError> {
    let session = Session::to_order(global, output)?;
    let view = session.view()?;
    let found = select::task(&view.state, &arguments.task)?;
    let (target_id, task_id, reason) = (found.target_id, found.task_id, &arguments.reason);
    let (target, task, why) = (target_id.clone(), task_id.clone(), reason.clone());
    let outcome = session.order("task.unblock", target_id, move |state, _| {
        operator::unblock(state, &target, &task, &why)
    })?;
    outcome.answer.map_err(refused)?;
    if output.format == Format::Json {
        output.json(&Unblocked { target_id, task_id, status: "pending", reason });
    } else {
        output.line(format!("Task {task_id} is pending again, its attempts counted anew."));
    }
    output.note("`leviathanctl dev` picks it up at its next tick.");
    Ok(Exit::Done)
}

/// An order that changes nothing, as a failure of the command.
pub(in crate::commands) fn refused(refusal: Refusal) -> CommandError {
    let exit = match refusal {
        Refusal::NoTask { .. } | Refusal::NoAttempt(_) => Exit::NotFound,
        Refusal::NotBlocked { .. } | Refusal::Ended { .. } => Exit::Failed,
    };
    CommandError::new(exit, refusal.to_string(), "")
}
