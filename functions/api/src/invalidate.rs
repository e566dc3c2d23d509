//! `POST /v1/attempts/{attempt_id}/invalidate`: a person does not count an attempt (CONTRACT 1.3,
//! A1).

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Request, State};
use leviathan_core::decide::{Decision, ingest, operator};
use leviathan_core::event::NewEvent;
use leviathan_core::ids::AttemptId;
use leviathan_core::secret_scan::redact;
use leviathan_log::Transaction;
use serde_json::{Value, json};

use crate::app::App;
use crate::body;
use crate::caller::Caller;
use crate::error::ApiError;

/// The longest body and reason, in bytes.
const MAX_BODY: usize = 64 * 1024;
const MAX_REASON: usize = 4 * 1024;

pub(crate) async fn invalidate(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(attempt_id): Path<String>,
    request: Request,
) -> Result<Json<Value>, ApiError> {
    caller.may_read()?;
    let (parts, body) = request.into_parts();
    let bytes = body::bytes(body, MAX_BODY).await?;
    let text = body::json_text(&parts.headers, &bytes)?;
    let reason = ingest::read_text(text, "reason", MAX_REASON).map_err(ApiError::Faults)?;
    let reason = redact(&reason).into_owned();
    if !invalidate_ours(&app, &caller, &attempt_id, &reason).await? {
        invalidate_theirs(&app, &caller, &attempt_id, &reason).await?;
    }
    Ok(Json(json!({
        "status": "invalidated", "attempt_id": attempt_id, "invalidated": true, "reason": reason,
    })))
}

/// An attempt that our scheduler made: only a person may. False where it is none of ours.
async fn invalidate_ours(
    app: &App,
    caller: &Caller,
    attempt_id: &str,
    reason: &str,
) -> Result<bool, ApiError> {
    let Ok(attempt) = attempt_id.parse::<AttemptId>() else { return Ok(false) };
    let view = app.log.view().await?;
    // One that left the state is still the scheduler's: its view tells.
    let aged = match view.state.attempts.contains_key(&attempt) {
        true => None,
        false => match app.log.aged_attempt(&view, &attempt).await? {
            Some(aged) => Some(aged.attempt),
            None => return Ok(false),
        },
    };
    if *caller != Caller::Operator {
        let text = "Only an operator's token invalidates an attempt of the scheduler's";
        return Err(ApiError::Forbidden(text.to_owned()));
    }
    let transaction = Transaction::of("attempt.invalidate", caller.principal());
    let reason = reason.to_owned();
    let decide =
        move |state: &_, _: &_| operator::invalidate(state, aged.as_ref(), &attempt, &reason);
    let outcome = app.log.transact(&transaction, decide).await?;
    if let Some(commit) = &outcome.commit {
        app.committed(commit).await;
    }
    Ok(outcome.answer.is_ok())
}

/// An attempt of the original's workers, which is only shown.
async fn invalidate_theirs(
    app: &App,
    caller: &Caller,
    attempt_id: &str,
    reason: &str,
) -> Result<(), ApiError> {
    let shown = app.log.shown().await?;
    let found = app.log.shown_attempt(&shown, attempt_id).await?;
    let node = found.node.ok_or_else(|| ApiError::NoAttempt(attempt_id.to_owned()))?;
    if node.text("status") == "invalidated" {
        return Ok(());
    }
    let mut payload = serde_json::Map::new();
    payload.insert("attempt_id".to_owned(), Value::from(attempt_id));
    payload.insert("reason".to_owned(), Value::from(reason));
    let event = NewEvent {
        event_id: None,
        event_type: "attempt.invalidated".to_owned(),
        timestamp: None,
        actor_id: Some("operator".to_owned()),
        target: None,
        payload,
    };
    let transaction = Transaction::of("attempt.invalidate", caller.principal());
    let decide = move |_: &_, _: &_| Decision::new(vec![event.clone()], ());
    let outcome = app.log.transact(&transaction, decide).await?;
    if let Some(commit) = &outcome.commit {
        app.committed(commit).await;
    }
    Ok(())
}
