//! Who may append what (DECISIONS 2). The state folds only what the table allows; the rest is
//! stored and shown, and changes nothing.

use crate::event::{Event, Principal, Role};
use crate::fact::Fact;

/// Whether an event of this type by this role may change the state.
pub fn may_append(role: Role, event_type: &str) -> bool {
    let roles: &[Role] = match event_type {
        "target.registered" => &[Role::Operator],
        "backlog.synced" | "backlog.refused" | "task.created" | "task.updated" | "task.removed"
        | "task.refused" | "attempt.created" | "attempt.timed_out" | "log.heartbeat" => {
            &[Role::Tick]
        }
        "task.completed" => &[Role::Tick, Role::PrIngest, Role::Operator],
        "task.blocked" => &[Role::Tick, Role::PrIngest, Role::Publish, Role::Operator],
        "task.unblocked" => &[Role::Tick, Role::Operator],
        "attempt.submitted" => &[Role::Dispatch],
        "attempt.started" | "attempt.progress" | "attempt.checked" => &[Role::Attempt],
        "attempt.failed" => &[Role::Attempt, Role::Dispatch, Role::Publish],
        "attempt.succeeded" | "publish.prepared" | "publish.refused" | "publish.failed"
        | "pr.created" => &[Role::Publish],
        "attempt.cancelled" => &[Role::Tick, Role::Operator],
        "attempt.invalidated" => &[Role::Operator],
        "artifact.created" => &[Role::Attempt, Role::Publish],
        "pr.updated" | "pr.merged" | "pr.closed" => &[Role::Tick, Role::PrIngest, Role::Operator],
        "event.refused" => &[Role::Api],
        "log.closed" | "log.restored" => &[Role::Keeper],
        _ => &[],
    };
    roles.contains(&role)
}

/// The fact that this event states, if its principal may state it. An attempt's executor speaks for
/// its own attempt only.
pub fn authorised(event: &Event) -> Option<Fact> {
    if !may_append(event.principal.role, &event.event_type) {
        return None;
    }
    let fact = Fact::read(&event.event_type, &event.payload)?;
    let own = event.principal.role != Role::Attempt || speaks_for(&event.principal, &fact);
    own.then_some(fact)
}

fn speaks_for(principal: &Principal, fact: &Fact) -> bool {
    fact.attempt().is_some_and(|attempt| principal.is_attempt(attempt))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The whole table, so that a change of one cell is seen in review.
    #[test]
    fn each_role_may_append_exactly_these_types() {
        let allowed = |role: Role| -> Vec<&str> {
            Fact::TYPES.iter().copied().filter(|event_type| may_append(role, event_type)).collect()
        };
        let table: [(Role, &[&str]); 9] = [
            (
                Role::Tick,
                &[
                    "backlog.synced",
                    "backlog.refused",
                    "task.created",
                    "task.updated",
                    "task.removed",
                    "task.refused",
                    "task.completed",
                    "task.blocked",
                    "task.unblocked",
                    "attempt.created",
                    "attempt.timed_out",
                    "attempt.cancelled",
                    "pr.updated",
                    "pr.merged",
                    "pr.closed",
                    "log.heartbeat",
                ],
            ),
            (Role::Dispatch, &["attempt.submitted", "attempt.failed"]),
            (
                Role::Publish,
                &[
                    "task.blocked",
                    "attempt.succeeded",
                    "attempt.failed",
                    "artifact.created",
                    "publish.prepared",
                    "publish.refused",
                    "publish.failed",
                    "pr.created",
                ],
            ),
            (
                Role::PrIngest,
                &["task.completed", "task.blocked", "pr.updated", "pr.merged", "pr.closed"],
            ),
            (Role::Api, &["event.refused"]),
            (
                Role::Operator,
                &[
                    "target.registered",
                    "task.completed",
                    "task.blocked",
                    "task.unblocked",
                    "attempt.cancelled",
                    "attempt.invalidated",
                    "pr.updated",
                    "pr.merged",
                    "pr.closed",
                ],
            ),
            (
                Role::Attempt,
                &[
                    "attempt.started",
                    "attempt.progress",
                    "attempt.checked",
                    "attempt.failed",
                    "artifact.created",
                ],
            ),
            (Role::Legacy, &[]),
            (Role::Keeper, &["log.closed", "log.restored"]),
        ];
        for (role, expected) in table {
            assert_eq!(allowed(role), expected, "{role:?}");
        }
    }
}
