//! An answer, as GitHub words it.

use serde_json::{Value, json};

/// One answer.
#[derive(Debug, Clone)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Vec<u8>,
}

impl Reply {
    /// JSON.
    pub(super) fn json(status: u16, body: &Value) -> Self {
        let headers = vec![("content-type", "application/json; charset=utf-8".to_owned())];
        Self { status, headers, body: body.to_string().into_bytes() }
    }

    /// Plain bytes.
    pub(super) fn raw(bytes: Vec<u8>) -> Self {
        let headers = vec![("content-type", "application/vnd.github.raw+json".to_owned())];
        Self { status: 200, headers, body: bytes }
    }

    /// Success without a body.
    pub(super) fn nothing() -> Self {
        Self { status: 204, headers: Vec::new(), body: Vec::new() }
    }

    /// A refusal.
    pub(super) fn message(status: u16, message: &str) -> Self {
        let url = "https://docs.github.com/rest";
        Self::json(
            status,
            &json!({"message": message, "documentation_url": url, "status": status.to_string()}),
        )
    }

    /// 404.
    pub(super) fn not_found() -> Self {
        Self::message(404, "Not Found")
    }

    /// 422 with a detail.
    pub(super) fn invalid(detail: &Value) -> Self {
        let body = json!({"message": "Validation Failed", "errors": [detail], "status": "422"});
        Self::json(422, &body)
    }
}
