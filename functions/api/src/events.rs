//! `GET /v1/events/recent`, and how an event looks in answers (CONTRACT 1.2).

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use http::Uri;
use leviathan_core::decide::ingest;
use leviathan_core::event::{Event, Payload};
use leviathan_core::timestamp;
use serde_json::{Value, json};

use crate::app::App;
use crate::caller::Reader;
use crate::error::ApiError;
use crate::query::Query;

/// Events in one answer, without and with a wish.
const DEFAULT: usize = 200;
const MOST: usize = 1000;

pub(crate) async fn recent(
    State(app): State<Arc<App>>,
    _: Reader,
    uri: Uri,
) -> Result<Json<Vec<Value>>, ApiError> {
    let limit = Query::of(&uri).limit(DEFAULT, MOST)?;
    let shown = app.log.shown().await?;
    let events = app.log.newest_events(&shown, limit).await?;
    let mut show = Show::of(&app);
    let mut answer = Vec::with_capacity(events.len());
    for event in events {
        let hash = event.hash.clone();
        let mut event = show.event(event).await?;
        event.insert("hash".to_owned(), Value::from(hash));
        answer.push(Value::Object(event));
    }
    Ok(Json(answer))
}

/// Large payloads that one answer gives back whole, in bytes; beyond that it shows what the log has
/// of them. A smaller `limit` shows the others.
const MOST_WHOLE_BYTES: usize = 16 * 1024 * 1024;

/// Events as one answer shows them.
pub(crate) struct Show<'a> {
    app: &'a App,
    whole_bytes_left: usize,
}

impl<'a> Show<'a> {
    pub(crate) fn of(app: &'a App) -> Self {
        Self { app, whole_bytes_left: MOST_WHOLE_BYTES }
    }

    /// An event without its hash.
    pub(crate) async fn event(&mut self, event: Event) -> Result<Payload, ApiError> {
        let Event { event_id, event_type, timestamp: sent, actor_id, payload, .. } = event;
        let payload = self.whole(payload).await?;
        let timestamp = shown_time(&sent);
        let shown = json!({
            "event_id": event_id, "event_type": event_type, "timestamp": timestamp,
            "actor_id": actor_id, "payload": payload,
        });
        match shown {
            Value::Object(shown) => Ok(shown),
            // `json!` of braces makes an object.
            _ => Ok(Payload::new()),
        }
    }

    /// Gives a large payload back whole; what was purged since shows what the log has of it.
    async fn whole(&mut self, payload: Payload) -> Result<Payload, ApiError> {
        let Some(whole) = ingest::whole(&payload) else { return Ok(payload) };
        let Some(left) = self.whole_bytes_left.checked_sub(whole.size_bytes) else {
            return Ok(payload);
        };
        match self.app.artifacts.get(&whole.sha256).await.map_err(ApiError::from) {
            Ok(bytes) => {
                self.whole_bytes_left = left;
                Ok(serde_json::from_slice(&bytes).unwrap_or(payload))
            }
            Err(problem) if problem.is_absent() => Ok(payload),
            Err(problem) => Err(problem),
        }
    }
}

/// A time as sent, in the original's spelling.
pub(crate) fn shown_time(sent: &str) -> String {
    timestamp::parse(sent).map_or_else(|_| sent.to_owned(), |time| time.isoformat())
}
