//! `GET /v1/tasks`: each task, where it stands, and why it does not run now.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use http::Uri;
use jiff::Timestamp;
use leviathan_core::ids::TargetId;
use leviathan_core::reason::Reason;
use leviathan_core::state::Task;
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
    let targets = view.state.targets.iter();
    let tasks: Vec<Value> = targets
        .filter(|(id, _)| wanted.is_none_or(|wanted| wanted == id.as_str()))
        .flat_map(|(id, target)| target.tasks.values().map(move |task| (id, task)))
        .filter(|(_, task)| !task.removed)
        .take(limit)
        .map(|(target, task)| show(target, task))
        .collect();
    Ok(Json(json!({ "count": tasks.len(), "tasks": tasks })))
}

fn show(target: &TargetId, task: &Task) -> Value {
    let wish = &task.wish;
    json!({
        "task_id": wish.task_id,
        "target": target,
        "title": wish.title,
        "scope": wish.scope,
        "priority": wish.priority,
        "ready": wish.ready,
        "status": task.status,
        "blocked_reason": task.blocked_reason,
        "reason": task.refusal.as_ref().map(reason),
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
