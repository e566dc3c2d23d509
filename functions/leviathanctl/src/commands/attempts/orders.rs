//! `leviathanctl attempts cancel` and `invalidate`: a person's word against an attempt.

use leviathan_core::decide::Decision;
use leviathan_core::decide::operator::{self, Refusal};
use leviathan_core::ids::{AttemptId, TargetId, TaskId};
use leviathan_core::state::{Attempt, State};
use serde::Serialize;

use crate::cli::{Global, ReasonArgs};
use crate::commands::aged::Named;
use crate::commands::confirm::confirm;
use crate::commands::select;
use crate::commands::session::Session;
use crate::commands::tasks::refused;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::{Format, Output};

/// The decision of one order.
type Decide = fn(&State, Option<&Attempt>, &AttemptId, &str) -> Decision<Result<(), Refusal>>;

/// An order, and the words for it.
struct Order {
    /// In the log.
    kind: &'static str,
    /// The status afterwards.
    status: &'static str,
    decide: Decide,
    /// What it costs, in the question.
    cost: &'static str,
}

#[derive(Serialize)]
struct Done<'a> {
    target_id: &'a TargetId,
    task_id: &'a TaskId,
    attempt_id: &'a AttemptId,
    /// What it is, or would be with `dry_run`.
    status: &'static str,
    reason: &'a str,
    /// `false`: it was so already.
    changed: bool,
    dry_run: bool,
}

pub(super) fn cancel(
    arguments: &ReasonArgs,
    global: &Global,
    output: Output,
) -> Result<Exit, CommandError> {
    let order = Order {
        kind: "attempt.cancel",
        status: "cancelled",
        decide: operator::cancel,
        cost: "its Job is ended and what it has done so far is lost",
    };
    give(&order, arguments, global, output)
}

pub(super) fn invalidate(
    arguments: &ReasonArgs,
    global: &Global,
    output: Output,
) -> Result<Exit, CommandError> {
    let order = Order {
        kind: "attempt.invalidate",
        status: "invalidated",
        decide: operator::invalidate,
        cost: "a live one is ended, and its failure no longer counts",
    };
    give(&order, arguments, global, output)
}

fn give(
    order: &Order,
    arguments: &ReasonArgs,
    global: &Global,
    output: Output,
) -> Result<Exit, CommandError> {
    let session = Session::to_order_unless(arguments.dry_run, global, output)?;
    let view = session.view_with(&Named::Attempt(&arguments.attempt))?;
    let (id, attempt) = select::attempt(&view.state, &arguments.attempt)?;
    let reason = arguments.reason.as_str();
    // Asked beforehand, so that nobody is asked about what can't be done.
    let planned = (order.decide)(&view.state, Some(attempt), id, reason);
    planned.answer.map_err(refused)?;
    let mut done = Done {
        target_id: &attempt.target,
        task_id: &attempt.task,
        attempt_id: id,
        status: order.status,
        reason,
        changed: !planned.events.is_empty(),
        dry_run: arguments.dry_run,
    };
    if done.changed && !arguments.dry_run {
        let question = format!(
            "Attempt {id} of task {} becomes {}: {}. Go ahead?",
            attempt.task, order.status, order.cost
        );
        confirm(&question, arguments.yes)?;
        let (decide, known) = (order.decide, attempt.clone());
        let (ordered, why) = (id.clone(), reason.to_owned());
        let outcome = session.order(order.kind, &attempt.target, move |state, _| {
            decide(state, Some(&known), &ordered, &why)
        })?;
        outcome.answer.map_err(refused)?;
        done.changed = outcome.commit.is_some();
    }
    tell(&done, output);
    Ok(Exit::Done)
}

fn tell(done: &Done<'_>, output: Output) {
    if output.format == Format::Json {
        output.json(done);
        return;
    }
    let (id, status) = (done.attempt_id, done.status);
    output.line(match (done.changed, done.dry_run) {
        (false, _) => format!("Attempt {id} is {status} already: nothing to change."),
        (true, true) => format!("Attempt {id} of task {} would be {status}.", done.task_id),
        (true, false) => format!("Attempt {id} of task {} is {status}.", done.task_id),
    });
}
