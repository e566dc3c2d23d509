//! `POST /v1/events/ingest`: a client's bundle into the log (CONTRACT 1.2, DECISIONS 6). What
//! becomes of it is decided in `core::decide::ingest`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use http::HeaderMap;
use leviathan_core::decide::Decision;
use leviathan_core::decide::ingest::{self, Answer, Bundle, Fault, Sent, Step};
use leviathan_core::idempotency_key::{IdempotencyKey, KeyAge};
use leviathan_log::Transaction;
use serde_json::{Value, json};

use crate::app::App;
use crate::body;
use crate::caller::Caller;
use crate::error::ApiError;

pub(crate) async fn ingest(
    State(app): State<Arc<App>>,
    caller: Caller,
    request: Request,
) -> Result<Json<Value>, ApiError> {
    let (parts, body) = request.into_parts();
    let bytes = body::bytes(body, app.limits.bundle).await?;
    let text = body::json_text(&parts.headers, &bytes)?;
    let bundle = ingest::read(text).map_err(ApiError::Faults)?;
    let key = key(&parts.headers)?;
    let principal = caller.principal();
    let sent = Sent { bundle: &bundle, principal: &principal, key };
    if sent.all_or_nothing() {
        let faults = bundle.faults();
        if !faults.is_empty() {
            return Err(ApiError::Faults(faults));
        }
    }
    set_aside(&app, &bundle).await?;
    let transaction = Transaction {
        kind: "ingest".to_owned(),
        principal: principal.clone(),
        target: bundle.target_id(),
        bundle_id: Some(sent.known_by()),
        content_digest: Some(bundle.content()),
    };
    let bundle = Arc::new(bundle);
    let sent_bundle = Arc::clone(&bundle);
    let outcome = app
        .log
        .transact(&transaction, move |state, moment| match &caller {
            Caller::Attempt { epoch, .. } if *epoch != moment.epoch => Decision::nothing(None),
            _ => {
                let sent = Sent { bundle: &sent_bundle, principal: &principal, key };
                let Decision { events, answer } = ingest::decide(state, moment, &sent);
                Decision::new(events, Some(answer))
            }
        })
        .await?;
    if let Some(commit) = &outcome.commit {
        app.committed(commit).await;
    }
    let ingested = answer(outcome.answer)?;
    Ok(Json(json!({ "ingested": ingested, "bundle_id": bundle.bundle_id, "status": "ok" })))
}

/// Large payloads are there before the events that name them.
async fn set_aside(app: &App, bundle: &Bundle) -> Result<(), ApiError> {
    for bytes in bundle.elements.iter().filter_map(|element| element.set_aside.as_ref()) {
        app.artifacts.put(bytes.clone()).await?;
    }
    Ok(())
}

fn key(headers: &HeaderMap) -> Result<Option<IdempotencyKey>, ApiError> {
    let Some(sent) = headers.get("idempotency-key") else { return Ok(None) };
    let sent = sent.to_str().unwrap_or_default();
    sent.parse().map(Some).map_err(|problem| {
        let loc = vec![Step::from("header"), Step::from("idempotency-key")];
        let problem: leviathan_core::idempotency_key::KeyProblem = problem;
        Fault::value(loc, problem.to_string(), &Value::from(sent)).into()
    })
}

/// `None`: the token was made in another life of the log.
fn answer(answer: Option<Answer>) -> Result<u64, ApiError> {
    Err(match answer {
        None => ApiError::InvalidToken,
        Some(Answer::Taken { ingested }) => return Ok(ingested),
        Some(Answer::Faulty(faults)) => ApiError::Faults(faults),
        Some(Answer::Attempt(refusal)) => {
            ApiError::Conflict { code: refusal.code(), text: refusal.to_string() }
        }
        Some(Answer::Forbidden(refusal)) => ApiError::Forbidden(refusal.to_string()),
        Some(Answer::KeyUsed) => ApiError::Conflict {
            code: "key_used",
            text: "Another bundle came under this Idempotency-Key. Each bundle needs its own"
                .to_owned(),
        },
        Some(Answer::KeyAge(age)) => {
            let code = match age {
                KeyAge::Expired { .. } => "key_expired",
                KeyAge::FromTheFuture { .. } => "key_from_the_future",
            };
            ApiError::Conflict { code, text: age.to_string() }
        }
    })
}
