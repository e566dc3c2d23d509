//! `GET /v1/failures` (CONTRACT 1.2; 1.3 A3, A10).

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use http::Uri;
use leviathan_core::graph::Failure;
use serde_json::{Value, json};

use crate::app::App;
use crate::caller::Reader;
use crate::error::ApiError;
use crate::query::Query;

/// Failures in one answer, without and with a wish.
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
    let failures = app.log.shown_failures(&shown, query.text("target"), limit).await?;
    let failures: Vec<Value> = failures.iter().map(failure).collect();
    Ok(Json(json!({ "count": failures.len(), "failures": failures })))
}

fn failure(failure: &Failure) -> Value {
    json!({
        "attempt_id": failure.attempt_id, "task_id": failure.task_id, "target": failure.target,
        "error": failure.error, "timestamp": failure.timestamp,
    })
}
