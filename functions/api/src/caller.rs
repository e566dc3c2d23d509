//! Who calls, by the bearer token, and what that lets them do (CONTRACT 1.1, DECISIONS 2).

use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::header::AUTHORIZATION;
use http::request::Parts;
use leviathan_core::event::{Principal, Role};
use leviathan_core::ids::AttemptId;

use crate::app::App;
use crate::error::ApiError;

/// Whose token it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Caller {
    /// A person.
    Operator,
    /// A worker or client of the original.
    Legacy,
    /// One attempt's executor.
    Attempt {
        /// The attempt.
        attempt: AttemptId,
        /// The life of the log that its token was made in.
        epoch: u64,
    },
}

impl Caller {
    /// Who stands beside each of its events.
    pub(crate) fn principal(&self) -> Principal {
        match self {
            Self::Operator => Principal::operator("operator"),
            Self::Legacy => Principal::program(Role::Legacy),
            Self::Attempt { attempt, .. } => Principal::attempt(attempt),
        }
    }

    /// Executors write, and read nothing: what one needs to know it has been given.
    pub(crate) fn may_read(&self) -> Result<(), ApiError> {
        match self {
            Self::Operator | Self::Legacy => Ok(()),
            Self::Attempt { .. } => Err(ApiError::Forbidden(
                "An attempt's token only reports what its attempt does".to_owned(),
            )),
        }
    }
}

impl FromRequestParts<Arc<App>> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let header = parts.headers.get(AUTHORIZATION).ok_or(ApiError::NotAuthenticated)?;
        let header = header.to_str().map_err(|_| ApiError::NotAuthenticated)?;
        let (scheme, token) = header.split_once(' ').ok_or(ApiError::NotAuthenticated)?;
        if token.is_empty() || !scheme.eq_ignore_ascii_case("bearer") {
            return Err(ApiError::NotAuthenticated);
        }
        let tokens = app.tokens();
        if tokens.key.is(&tokens.operator, token) {
            return Ok(Self::Operator);
        }
        if tokens.legacy.as_ref().is_some_and(|legacy| tokens.key.is(legacy, token)) {
            return Ok(Self::Legacy);
        }
        let bearer = tokens.key.read(token, app.clock.now()).ok_or(ApiError::InvalidToken)?;
        Ok(Self::Attempt { attempt: bearer.attempt, epoch: bearer.epoch })
    }
}

/// A caller who may read.
pub(crate) struct Reader;

impl FromRequestParts<Arc<App>> for Reader {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        Caller::from_request_parts(parts, app).await?.may_read()?;
        Ok(Self)
    }
}
