//! Who may call, out of secrets that somebody may change while the program runs.

use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use leviathan_api::{App, KeyTooShort, TokenKey, Tokens};
use leviathan_aws::{Secret, SecretError, SecretName, Secrets};

/// Which secrets there are.
pub(crate) struct Names {
    pub(crate) attempt_key: SecretName,
    pub(crate) operator_token: SecretName,
    pub(crate) legacy_token: Option<SecretName>,
}

/// What they hold.
#[derive(PartialEq, Eq)]
pub(crate) struct Held {
    attempt_key: Secret,
    operator_token: Secret,
    legacy_token: Option<Secret>,
}

impl Names {
    /// All of them at once. What was read a short while ago is not asked for.
    pub(crate) async fn read(&self, secrets: &Secrets) -> Result<Held, SecretError> {
        let legacy = async {
            match &self.legacy_token {
                Some(name) => secrets.get(name).await.map(Some),
                None => Ok(None),
            }
        };
        let key = secrets.get(&self.attempt_key);
        let (attempt_key, operator_token, legacy_token) =
            tokio::try_join!(key, secrets.get(&self.operator_token), legacy)?;
        Ok(Held { attempt_key, operator_token, legacy_token })
    }
}

/// A secret can't be used for what it is there for.
#[derive(Debug, thiserror::Error)]
#[error("the secret {name}: {source}; store a longer one")]
pub(crate) struct Unusable {
    name: SecretName,
    source: KeyTooShort,
}

impl Names {
    /// What they hold, as the API wants it.
    pub(crate) fn tokens(&self, held: &Held) -> Result<Tokens, Unusable> {
        let key = TokenKey::new(held.attempt_key.expose().as_bytes())
            .map_err(|source| Unusable { name: self.attempt_key.clone(), source })?;
        let legacy = held.legacy_token.as_ref().map(Secret::expose);
        Ok(Tokens::new(key, held.operator_token.expose(), legacy))
    }
}

/// Lets requests in, with the secrets as they are now.
pub(crate) struct Door {
    app: Arc<App>,
    secrets: Secrets,
    names: Names,
    held: Mutex<Held>,
}

impl Door {
    pub(crate) fn new(app: Arc<App>, secrets: Secrets, names: Names, held: Held) -> Self {
        Self { app, secrets, names, held: Mutex::new(held) }
    }

    /// Takes up what was changed. A key that can't sign is not taken up.
    async fn renew(&self) -> Result<(), SecretError> {
        let news = self.names.read(&self.secrets).await?;
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if *held == news {
            return Ok(());
        }
        match self.names.tokens(&news) {
            Ok(tokens) => {
                self.app.renew(tokens);
                *held = news;
                tracing::info!("a secret was changed: the new one counts from now on");
            }
            Err(problem) => tracing::error!("a changed secret is not taken up: {problem}"),
        }
        Ok(())
    }
}

/// Before each request.
pub(crate) async fn renewed(
    State(door): State<Arc<Door>>,
    request: Request,
    next: Next,
) -> Response {
    if let Err(problem) = door.renew().await {
        tracing::error!("a request is not answered: {problem}");
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    next.run(request).await
}
