//! `GET /v1/attempts` and `GET /v1/attempts/{attempt_id}` (CONTRACT 1.2; 1.3 A2, A13).

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use http::Uri;
use leviathan_core::graph::{AttemptRow, Node};
use serde_json::{Value, json};

use crate::app::App;
use crate::caller::Reader;
use crate::error::ApiError;
use crate::events::Show;
use crate::query::Query;

/// Attempts in one answer, without and with a wish.
const DEFAULT: usize = 10;
const MOST: usize = 1000;

pub(crate) async fn list(
    State(app): State<Arc<App>>,
    _: Reader,
    uri: Uri,
) -> Result<Json<Value>, ApiError> {
    let query = Query::of(&uri);
    let limit = query.limit(DEFAULT, MOST)?;
    let shown = app.log.shown().await?;
    let rows = app.log.shown_attempts(&shown, query.text("target"), limit).await?;
    let attempts: Vec<Value> = rows.into_iter().map(row).collect();
    Ok(Json(json!({ "count": attempts.len(), "attempts": attempts })))
}

fn row(row: AttemptRow) -> Value {
    let AttemptRow { attempt_id, task_id, target, status, timestamp, pr_url, pr_number } = row;
    json!({
        "attempt_id": attempt_id, "task_id": task_id, "target": target, "status": status,
        "timestamp": timestamp, "pr_url": pr_url, "pr_number": pr_number,
    })
}

/// An attempt that nobody knows is no error: its node is null.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    _: Reader,
    Path(attempt_id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let shown = app.log.shown().await?;
    let found = app.log.shown_attempt(&shown, &attempt_id).await?;
    let mut show = Show::of(&app);
    let mut events = Vec::with_capacity(found.events.len());
    for event in found.events {
        events.push(show.event(event).await?);
    }
    let attempt = found.node.as_ref().map(node);
    let artifacts: Vec<Value> = found.produced.iter().map(node).collect();
    Ok(Json(json!({ "attempt_node": attempt, "events": events, "artifacts": artifacts })))
}

fn node(node: &Node) -> Value {
    json!({
        "node_id": node.node_id, "node_type": node.node_type.as_str(),
        "properties": node.properties, "created_at": node.created_at,
        "updated_at": node.updated_at,
    })
}
