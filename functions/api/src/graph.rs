//! `GET /v1/graph/summary`, in both spellings that clients read (CONTRACT 1.2; 1.3 A4).

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use leviathan_core::graph::RecentEvent;
use serde_json::{Map, Value, json};

use crate::app::App;
use crate::caller::Reader;
use crate::error::ApiError;

pub(crate) async fn summary(
    State(app): State<Arc<App>>,
    _: Reader,
) -> Result<Json<Value>, ApiError> {
    let shown = app.log.shown().await?;
    let graph = &shown.graph;
    let (nodes, total_nodes) = counts(graph.nodes_by_type());
    let (edges, total_edges) = counts(graph.edges_by_type());
    let targets = nodes.get("Target").cloned().unwrap_or_else(|| Value::from(0));
    let recent: Vec<Value> = graph.recent().map(event).collect();
    Ok(Json(json!({
        "nodes_by_type": nodes, "edges_by_type": edges, "recent_events": recent,
        "total_nodes": total_nodes, "total_edges": total_edges,
        "node_types": nodes, "edge_types": edges,
        "targets": targets, "total_events": graph.events(),
    })))
}

fn counts<'a>(counts: impl Iterator<Item = (&'a str, u64)>) -> (Map<String, Value>, u64) {
    let mut total = 0_u64;
    let by_type = counts.map(|(name, count)| {
        total = total.saturating_add(count);
        (name.to_owned(), Value::from(count))
    });
    let by_type = by_type.collect();
    (by_type, total)
}

fn event(event: &RecentEvent) -> Value {
    json!({
        "event_id": event.event_id, "timestamp": event.timestamp, "event_type": event.event_type,
        "actor_id": event.actor_id, "target": event.target, "attempt_id": event.attempt_id,
    })
}
