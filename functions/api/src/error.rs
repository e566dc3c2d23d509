//! Every answer that is no success, in one place.
//!
//! The caller gets a fixed text (and, where the original had none, a code) and, for faults in what
//! it sent, where they are. What happened inside goes to the log lines, once, here; no answer
//! repeats it. Bodies and headers are the original's where it had the case (CONTRACT 1.1).

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::header::{ALLOW, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use leviathan_core::decide::ingest::Fault;
use leviathan_core::ids::Digest;
use leviathan_core::ports::StoreError;
use leviathan_log::LogError;
use leviathan_log::artifacts::ArtifactError;
use leviathan_log::commit::EncodeError;
use serde_json::{Value, json};

/// Why a request is not answered.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    /// No token, or not as `Authorization: Bearer`.
    #[error("Not authenticated")]
    NotAuthenticated,
    /// A token that nobody has, or that is over.
    #[error("Invalid token")]
    InvalidToken,
    /// The caller may not do that.
    #[error("{0}")]
    Forbidden(String),
    /// No such URL.
    #[error("Not Found")]
    NotFound,
    /// No such artifact.
    #[error("Artifact {0} not found")]
    NoArtifact(Digest),
    /// No such attempt.
    #[error("Attempt {0} not found")]
    NoAttempt(String),
    /// The URL knows other methods.
    #[error("Method Not Allowed")]
    Method {
        /// Those that it knows.
        allow: &'static str,
    },
    /// What was sent is wrong, entry by entry.
    #[error("{} faults", .0.len())]
    Faults(Vec<Fault>),
    /// The body can't be read at all.
    #[error("There was an error parsing the body")]
    Body,
    /// It does not fit what is so.
    #[error("{text}")]
    Conflict {
        /// For machines.
        code: &'static str,
        /// For a person.
        text: String,
    },
    /// More than one request may bring.
    #[error("{0}")]
    TooLarge(String),
    /// The log did not do it.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The artifact store did not do it.
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
}

impl ApiError {
    /// An artifact that is not there, any more or yet.
    pub(crate) fn is_absent(&self) -> bool {
        let Self::Artifact(ArtifactError::Store { source, .. }) = self else { return false };
        matches!(source, StoreError::NotFound { .. })
    }
}

impl From<Box<Fault>> for ApiError {
    fn from(fault: Box<Fault>) -> Self {
        Self::Faults(vec![*fault])
    }
}

impl From<Fault> for ApiError {
    fn from(fault: Fault) -> Self {
        Self::Faults(vec![fault])
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        match self {
            Self::NotAuthenticated => {
                let header = [(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))];
                (StatusCode::UNAUTHORIZED, header, detail(&self)).into_response()
            }
            Self::InvalidToken => (StatusCode::UNAUTHORIZED, detail(&self)).into_response(),
            Self::Forbidden(_) => coded(StatusCode::FORBIDDEN, "forbidden", self.to_string()),
            Self::NotFound | Self::NoArtifact(_) | Self::NoAttempt(_) => {
                (StatusCode::NOT_FOUND, detail(&self)).into_response()
            }
            Self::Method { allow } => {
                let header = [(ALLOW, HeaderValue::from_static(allow))];
                (StatusCode::METHOD_NOT_ALLOWED, header, detail(&self)).into_response()
            }
            Self::Faults(faults) => {
                (StatusCode::UNPROCESSABLE_ENTITY, Json(json!({ "detail": faults })))
                    .into_response()
            }
            Self::Body => (StatusCode::BAD_REQUEST, detail(&self)).into_response(),
            Self::Conflict { code, text } => coded(StatusCode::CONFLICT, code, text),
            Self::TooLarge(text) => coded(StatusCode::PAYLOAD_TOO_LARGE, "too_large", text),
            Self::Log(problem) => log_problem(&problem),
            Self::Artifact(problem) => artifact_problem(problem),
        }
    }
}

fn detail(error: &ApiError) -> Json<Value> {
    Json(json!({ "detail": error.to_string() }))
}

fn coded(status: StatusCode, code: &str, text: impl Into<String>) -> Response {
    (status, Json(json!({ "detail": text.into(), "code": code }))).into_response()
}

fn later(code: &str, text: &str) -> Response {
    let mut response = coded(StatusCode::SERVICE_UNAVAILABLE, code, text);
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("2"));
    response
}

/// As the original's server answers what it did not expect.
fn internal() -> Response {
    (StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error").into_response()
}

fn log_problem(problem: &LogError) -> Response {
    match problem {
        LogError::Encode(
            EncodeError::TooManyEvents { .. }
            | EncodeError::TooManyBytes { .. }
            | EncodeError::LineTooLong { .. },
        ) => coded(StatusCode::PAYLOAD_TOO_LARGE, "too_large", problem.to_string()),
        LogError::Unknown { .. } | LogError::Interrupted => {
            tracing::warn!(%problem, "the outcome of an append is unknown");
            later(
                "unknown",
                "It is not known whether this was stored. Send the same request again: it is \
                 stored once",
            )
        }
        LogError::Store { .. } | LogError::Busy { .. } => {
            tracing::warn!(%problem, "the log was not reached");
            later(
                "unavailable",
                "The log can't be reached now, and nothing was stored. Send the \
                 same request again",
            )
        }
        LogError::NewerLog { .. } | LogError::ClockOff { .. } | LogError::Closed { .. } => {
            tracing::error!(%problem, "this program can't append");
            later(
                "unavailable",
                "This program can't append to the log now. An operator has to look",
            )
        }
        LogError::Encode(_)
        | LogError::Hole { .. }
        | LogError::Damaged { .. }
        | LogError::Foreign { .. }
        | LogError::Shorter { .. }
        | LogError::Snapshot { .. }
        | LogError::Seal(_)
        | LogError::View { .. }
        | LogError::NoSuchCommit { .. } => {
            tracing::error!(%problem, "the log can't be used");
            internal()
        }
    }
}

fn artifact_problem(problem: ArtifactError) -> Response {
    match problem {
        ArtifactError::Store { digest, source: StoreError::NotFound { .. } } => {
            ApiError::NoArtifact(digest).into_response()
        }
        ArtifactError::TooLarge { .. } => {
            coded(StatusCode::PAYLOAD_TOO_LARGE, "too_large", problem.to_string())
        }
        ArtifactError::Store { .. } => {
            tracing::warn!(%problem, "the artifact store was not reached");
            later("unavailable", "Artifacts can't be reached now. Send the same request again")
        }
        ArtifactError::Corrupt { .. } => {
            tracing::error!(%problem, "an artifact is damaged");
            internal()
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
    use leviathan_log::Nonce;

    use super::*;

    async fn answer(error: ApiError) -> (u16, bool, String) {
        let response = error.into_response();
        let later = response.headers().contains_key(RETRY_AFTER);
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), 64 * 1024).await.unwrap();
        (status, later, String::from_utf8(body.to_vec()).unwrap())
    }

    fn unclear() -> StoreError {
        let (key, reason) = ("events/secret-bucket".to_owned(), "10.0.0.7 refused".to_owned());
        StoreError::Unclear { key, reason }
    }

    #[tokio::test]
    async fn what_happened_inside_stays_inside() {
        let digest = Digest::of(b"x");
        let reason = "10.0.0.7 refused".to_owned();
        let missing = "events/secret-bucket".to_owned();
        for (error, status, later) in [
            (ApiError::Log(LogError::Store { source: unclear() }), 503, true),
            (ApiError::Log(LogError::Unknown { seq: 7, nonce: Nonce([7; 16]), reason }), 503, true),
            (ApiError::Log(LogError::Busy { races: 64 }), 503, true),
            (ApiError::Log(LogError::ClockOff { seconds: 999, limit: 300 }), 503, true),
            (ApiError::Log(LogError::NewerLog { needed: 9, understood: 1 }), 503, true),
            (
                ApiError::Log(LogError::Hole { missing, evidence: "10.0.0.7".to_owned() }),
                500,
                false,
            ),
            (ApiError::Log(LogError::NoSuchCommit { seq: 7 }), 500, false),
            (
                ApiError::Artifact(ArtifactError::Store {
                    digest: digest.clone(),
                    source: unclear(),
                }),
                503,
                true,
            ),
            (
                ApiError::Artifact(ArtifactError::Corrupt {
                    digest: digest.clone(),
                    found: digest,
                }),
                500,
                false,
            ),
        ] {
            let shown = format!("{error:?}");
            let (found, retry, body) = answer(error).await;
            assert_eq!((found, retry), (status, later), "{shown}");
            for inner in ["secret-bucket", "10.0.0.7", "0707", "999"] {
                assert!(!body.contains(inner), "{shown}: {body}");
            }
            if status == 500 {
                assert_eq!(body, "Internal Server Error");
            }
        }
    }

    #[tokio::test]
    async fn a_bundle_that_is_too_large_is_told_the_limit() {
        let error = LogError::Encode(EncodeError::TooManyEvents { count: 2000 });
        let (status, _, body) = answer(error.into()).await;
        assert!(status == 413 && body.contains("1024"), "{status} {body}");
    }
}
