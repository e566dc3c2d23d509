//! `GET /v1/tasks`: each task, where it stands, and why it does not run now.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use http::Uri;
use jiff::Timestamp;
use leviathan_core::decide::predicates::{Answer, Candidate, PolicyPatterns, Tally, ask_all};
use leviathan_core::fact::TaskStatus;
use leviathan_core::ids::{TargetId, TaskId};
use leviathan_core::reason::Reason;
use leviathan_core::state::{Target, Task};
use serde_json::{Value, json};

use crate::app::App;
use crate::caller::Reader;
use crate::error::ApiError;
use crate::events::shown_time;
use crate::query::Query;

/// Tasks in one answer, without and with a wish.
const DEFAULT: usize = 1000;
const MOST: usize = 100_000;

/// By target and id. Tasks that left the backlog file are not listed.
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    _: Reader,
    uri: Uri,
) -> Result<Json<Value>, ApiError> {
    let query = Query::of(&uri);
    let limit = query.limit(DEFAULT, MOST)?;
    let wanted = query.text("target");
    let view = app.log.view().await?;
    let asked = Asked {
        tally: Tally::of(&view.state),
        patterns: PolicyPatterns::default(),
        now: app.clock.now(),
    };
    let targets = view.state.targets.iter();
    let tasks: Vec<Value> = targets
        .filter(|(id, _)| wanted.is_none_or(|wanted| wanted == id.as_str()))
        .flat_map(|(id, target)| {
            target.tasks.iter().map(move |(task_id, task)| Place { id, target, task_id, task })
        })
        .filter(|place| !place.task.removed)
        .take(limit)
        .map(|place| show(&place, asked.reason(&place)))
        .collect();
    Ok(Json(json!({ "count": tasks.len(), "tasks": tasks })))
}

/// A task, and where it is.
struct Place<'a> {
    id: &'a TargetId,
    target: &'a Target,
    task_id: &'a TaskId,
    task: &'a Task,
}

/// The predicates, asked anew: the state keeps only one word of their recorded answer.
struct Asked {
    tally: Tally,
    patterns: PolicyPatterns,
    now: Timestamp,
}

impl Asked {
    /// Why a pending task does not run now.
    fn reason(&self, place: &Place<'_>) -> Option<Reason> {
        let Place { id, target, task_id, task } = *place;
        if task.status != TaskStatus::Pending {
            return None;
        }
        let candidate = Candidate {
            target_id: id,
            target,
            policy: &target.synced.as_ref()?.files.policy,
            task_id,
            task,
            tally: &self.tally,
            patterns: &self.patterns,
            now: self.now,
        };
        match ask_all(&candidate) {
            Answer::Pass => None,
            Answer::Wait(reason) | Answer::Block(reason) => Some(reason),
        }
    }
}

fn show(Place { id, task_id, task, .. }: &Place<'_>, why: Option<Reason>) -> Value {
    let wish = &task.wish;
    json!({
        "task_id": task_id,
        "target": id,
        "title": wish.title,
        "scope": wish.scope,
        "priority": wish.priority,
        "ready": wish.ready,
        "status": task.status,
        "blocked_reason": task.blocked_reason,
        "reason": why.as_ref().map(reason),
        "dependencies": wish.dependencies,
        "allowed_paths": wish.allowed_paths,
        "attempt_id": task.attempt,
        "attempts": task.attempts,
        "pr_number": task.pull_request,
        "generation": wish.generation,
        "retry_at": task.retry_at.map(time),
        "completed_at": task.completed_at.map(time),
    })
}

fn reason(reason: &Reason) -> Value {
    json!({
        "predicate": reason.predicate, "code": reason.code, "explanation": reason.explanation,
        "until": reason.until.map(time),
    })
}

fn time(moment: Timestamp) -> String {
    shown_time(&moment.to_string())
}
