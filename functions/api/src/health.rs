//! `GET /healthz`: the process answers. Says nothing about what is inside.

use axum::Json;
use serde_json::{Value, json};

pub(crate) async fn healthz() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}
