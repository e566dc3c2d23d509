//! `PUT` and `GET /v1/artifacts/{sha256}`: bytes by their digest (CONTRACT 1.3, A18).
//!
//! What an attempt's executor stores is recorded as its `artifact.created`; these count among the
//! events that it may append, so their number is bounded.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Request, State};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderName, X_CONTENT_TYPE_OPTIONS};
use leviathan_core::decide::attempt::{self, Verdict};
use leviathan_core::decide::ingest::{Fault, Step};
use leviathan_core::decide::{Decision, Moment};
use leviathan_core::fact::{ArtifactCreated, Fact};
use leviathan_core::ids::{AttemptId, Digest};
use leviathan_core::secret_scan::redact;
use leviathan_core::state;
use leviathan_log::Transaction;
use leviathan_log::artifacts::key;
use serde_json::{Value, json};

use crate::app::App;
use crate::body;
use crate::caller::{Caller, Reader};
use crate::error::ApiError;
use crate::query::{self, Query};

/// The longest kind and name, in bytes.
const MAX_KIND: usize = 32;
const MAX_NAME: usize = 128;

pub(crate) async fn put(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(sha256): Path<String>,
    request: Request,
) -> Result<Json<Value>, ApiError> {
    let digest = digest(&sha256)?;
    let record = match &caller {
        Caller::Operator | Caller::Legacy => None,
        Caller::Attempt { attempt, epoch } => {
            let artifact = describe(attempt, &digest, &Query::of(request.uri()))?;
            may_store(&app, *epoch, &artifact).await?;
            Some((artifact, *epoch))
        }
    };
    let bytes = body::bytes(request.into_body(), app.limits.artifact).await?;
    let size = bytes.len();
    let found = Digest::of(&bytes);
    if found != digest {
        let msg = format!("The body's SHA-256 is {found}");
        return Err(Fault::value(at_digest(), msg, &Value::from(sha256)).into());
    }
    app.artifacts.put(bytes).await?;
    if let Some((artifact, epoch)) = record {
        let artifact = ArtifactCreated { size_bytes: size as u64, ..artifact };
        record_artifact(&app, &caller, epoch, artifact).await?;
    }
    Ok(Json(json!({ "sha256": digest, "size": size, "status": "ok" })))
}

pub(crate) async fn get(
    State(app): State<Arc<App>>,
    _: Reader,
    Path(sha256): Path<String>,
) -> Result<([(HeaderName, &'static str); 3], bytes::Bytes), ApiError> {
    let bytes = app.artifacts.get(&digest(&sha256)?).await?;
    // Anything can be in there: a browser must not run it.
    let headers = [
        (CONTENT_TYPE, "application/octet-stream"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (CONTENT_DISPOSITION, "attachment"),
    ];
    Ok((headers, bytes))
}

fn digest(text: &str) -> Result<Digest, ApiError> {
    text.parse().map_err(|problem: leviathan_core::ids::IdError| {
        let msg = format!("Expected {}", problem.rule);
        Fault::value(at_digest(), msg, &Value::from(text)).into()
    })
}

fn at_digest() -> Vec<Step> {
    vec![Step::from("path"), Step::from("sha256")]
}

/// What the executor says that it stores; the size is not known yet.
fn describe(
    attempt: &AttemptId,
    digest: &Digest,
    query: &Query,
) -> Result<ArtifactCreated, ApiError> {
    let kind = query.required("kind")?;
    let is_word = |b: u8| b.is_ascii_lowercase() || b == b'_';
    if kind.is_empty() || kind.len() > MAX_KIND || !kind.bytes().all(is_word) {
        let msg = format!("Expected 1 to {MAX_KIND} characters from a-z and _");
        return Err(Fault::value(query::at("kind"), msg, &Value::from(kind)).into());
    }
    let name = query.required("name")?;
    if name.is_empty() || name.len() > MAX_NAME || name.chars().any(char::is_control) {
        let msg = format!("Expected 1 to {MAX_NAME} bytes without control characters");
        return Err(Fault::value(query::at("name"), msg, &Value::from(name)).into());
    }
    let name = redact(name).into_owned();
    let short = digest.as_str().get(..12).unwrap_or_default();
    Ok(ArtifactCreated {
        artifact_id: format!("artifact-{short}-{name}"),
        attempt_id: attempt.clone(),
        sha256: digest.clone(),
        artifact_type: kind.to_owned(),
        size_bytes: 0,
        storage_path: key(digest),
        name,
    })
}

/// Refuses early: nothing is stored for an attempt that may not say so.
async fn may_store(app: &App, epoch: u64, artifact: &ArtifactCreated) -> Result<(), ApiError> {
    let view = app.log.view().await?;
    let now = app.clock.now();
    let newest = view.position.recorded_at;
    let moment = Moment { now, epoch: view.state.epoch(), newest };
    let (_, answer) = judge(&view.state, &moment, epoch, artifact);
    answer
}

/// Whether the record is to be appended, and what the executor is told.
fn judge(
    state: &state::State,
    moment: &Moment,
    epoch: u64,
    artifact: &ArtifactCreated,
) -> (bool, Result<(), ApiError>) {
    if epoch != moment.epoch {
        return (false, Err(ApiError::InvalidToken));
    }
    let fact = Fact::from(artifact.clone());
    match attempt::judge(state, moment.now, &artifact.attempt_id, &fact, &[]) {
        Verdict::Accept | Verdict::Late => (true, Ok(())),
        Verdict::Already => (false, Ok(())),
        Verdict::Refuse(refusal) => {
            let conflict = ApiError::Conflict { code: refusal.code(), text: refusal.to_string() };
            (false, Err(conflict))
        }
    }
}

/// Appends `artifact.created`, unless the very same is there.
async fn record_artifact(
    app: &App,
    caller: &Caller,
    epoch: u64,
    artifact: ArtifactCreated,
) -> Result<(), ApiError> {
    let known = {
        // An executor's attempt is live, so that what it produced is at hand.
        let shown = app.log.shown().await?;
        let nodes = shown.graph.artifacts(artifact.attempt_id.as_str());
        nodes.iter().any(|node| node.node_id == artifact.artifact_id)
    };
    if known {
        return Ok(());
    }
    let transaction = Transaction::of("artifact", caller.principal());
    let outcome = app
        .log
        .transact(&transaction, move |state, moment| {
            let target = state.attempts.get(&artifact.attempt_id).map(|a| a.target.clone());
            match (judge(state, moment, epoch, &artifact), target) {
                ((true, answer), Some(target)) => {
                    let event = Fact::from(artifact.clone()).event(&target);
                    Decision::new(vec![event], answer)
                }
                ((_, answer), _) => Decision::nothing(answer),
            }
        })
        .await?;
    if let Some(commit) = &outcome.commit {
        app.committed(commit).await;
    }
    outcome.answer
}
