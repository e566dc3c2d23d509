//! Tokens: for an app one for each repository, with the rights that are asked for and no others,
//! kept until shortly before it ends.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use http::Method;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::app::App;
use super::transport::{Answer, Wire};
use super::{Access, Auth, Client, Fault, GitHubOptions, OptionsError, PAUSE, TRIES};
use crate::{Location, Secret};

/// A token is not used in its last minutes: what it is sent with may take some time.
const SPARE: SignedDuration = SignedDuration::from_secs(5 * 60);

/// A token and its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepositoryToken {
    /// The token.
    pub token: Secret,
    /// From then on GitHub refuses it; `None`: it does not say.
    pub expires_at: Option<Timestamp>,
}

/// Where tokens come from.
pub(super) struct Tokens {
    source: Source,
    kept: Mutex<Kept>,
}

enum Source {
    App(App),
    Token(Secret),
}

#[derive(Default)]
struct Kept {
    tokens: BTreeMap<(String, Access), RepositoryToken>,
    /// The app's installation by repository: it changes only when the app is installed anew.
    installations: BTreeMap<String, u64>,
}

#[derive(Deserialize)]
struct Installation {
    id: u64,
}

#[derive(Deserialize)]
struct Minted {
    token: String,
    expires_at: Timestamp,
}

impl Tokens {
    pub(super) fn new(options: &GitHubOptions) -> Result<Self, OptionsError> {
        let source = match &options.auth {
            Auth::App { app_id, private_key_pem } => {
                Source::App(App::new(app_id, private_key_pem)?)
            }
            Auth::Token(token) => Source::Token(token.clone()),
        };
        Ok(Self { source, kept: Mutex::default() })
    }

    /// Forgets what is kept for a repository, since GitHub no longer takes it. `false`: nothing
    /// else could be had.
    pub(super) fn forget(&self, location: &Location) -> bool {
        let key = location.key();
        let mut kept = self.kept();
        kept.installations.remove(&key);
        kept.tokens.retain(|(repository, _), _| *repository != key);
        matches!(self.source, Source::App(_))
    }

    /// The repository's token.
    pub(super) async fn get(
        &self,
        client: &Client,
        location: &Location,
        access: Access,
    ) -> Result<RepositoryToken, Fault> {
        let app = match &self.source {
            Source::Token(token) => {
                return Ok(RepositoryToken { token: token.clone(), expires_at: None });
            }
            Source::App(app) => app,
        };
        let key = (location.key(), access);
        let now = client.clock.now();
        let kept = self.kept().tokens.get(&key).cloned();
        if let Some(token) = kept.filter(|token| token.lives_at(now)) {
            return Ok(token);
        }
        let installation = self.installation(client, app, location).await?;
        let token = mint(client, app, location, installation, access).await;
        if let Err(Fault::NotFound(_)) = &token {
            // The app was removed and installed anew: another installation.
            self.forget(location);
        }
        let token = token.map_err(|fault| not_minted(fault, access))?;
        self.kept().tokens.insert(key, token.clone());
        Ok(token)
    }

    async fn installation(
        &self,
        client: &Client,
        app: &App,
        location: &Location,
    ) -> Result<u64, Fault> {
        let key = location.key();
        let known = self.kept().installations.get(&key).copied();
        if let Some(id) = known {
            return Ok(id);
        }
        let path = format!("/repos/{}/{}/installation", location.owner(), location.name());
        let answer = as_app(client, app, location, Method::GET, path, None).await;
        let answer = answer.map_err(not_installed)?;
        let installation: Installation = super::json(&answer.body)?;
        self.kept().installations.insert(key, installation.id);
        Ok(installation.id)
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RepositoryToken {
    fn lives_at(&self, now: Timestamp) -> bool {
        match self.expires_at {
            Some(end) => now.saturating_add(SPARE).is_ok_and(|later| later < end),
            None => true,
        }
    }
}

async fn mint(
    client: &Client,
    app: &App,
    location: &Location,
    installation: u64,
    access: Access,
) -> Result<RepositoryToken, Fault> {
    let permissions: Map<String, Value> = access
        .permissions()
        .iter()
        .map(|(name, level)| ((*name).to_owned(), Value::from(*level)))
        .collect();
    let body = json!({"repositories": [location.name()], "permissions": permissions});
    let path = format!("/app/installations/{installation}/access_tokens");
    let answer = as_app(client, app, location, Method::POST, path, Some(&body)).await?;
    let minted: Minted = super::json(&answer.body)?;
    Ok(RepositoryToken { token: Secret::from(minted.token), expires_at: Some(minted.expires_at) })
}

/// A request in the app's own name. Another token more does no harm, so each can be repeated.
async fn as_app(
    client: &Client,
    app: &App,
    location: &Location,
    method: Method,
    path: String,
    body: Option<&Value>,
) -> Result<Answer, Fault> {
    let mut pause = PAUSE;
    let mut made = 0;
    loop {
        made += 1;
        let token = app.token(client.clock.now())?;
        let (method, path) = (method.clone(), path.clone());
        let wire = Wire { method, path, body, token: token.expose(), raw: false, etag: None };
        match client.exchange(location, wire).await {
            Err(Fault::Unclear(reason)) if made < TRIES => {
                tracing::info!(repository = %location, "asking GitHub for a token again: {reason}");
                client.clock.sleep(pause).await;
                pause = pause.saturating_mul(2);
            }
            other => return other,
        }
    }
}

/// What the faults of a sign-in mean.
fn not_installed(fault: Fault) -> Fault {
    match fault {
        Fault::NotFound(_) => Fault::Refused(
            "the GitHub App is not installed there, or the repository does not exist; install it \
             on this repository, or correct the target's address"
                .to_owned(),
        ),
        other => not_signed_in(other),
    }
}

fn not_minted(fault: Fault, access: Access) -> Fault {
    match fault {
        Fault::NotFound(_) => Fault::Unclear(
            "the app's installation is gone; if it was installed anew, the next try finds it"
                .to_owned(),
        ),
        Fault::Unprocessable(said) | Fault::Forbidden(said) => Fault::Refused(format!(
            "GitHub gives the app no token there with {access}: {said}; give the app these \
             permissions, accept them for the installation, and let it see the repository"
        )),
        other => not_signed_in(other),
    }
}

fn not_signed_in(fault: Fault) -> Fault {
    match fault {
        Fault::Unauthorized(said) => Fault::Refused(format!(
            "GitHub does not take the app's sign-in ({said}): the app's id and private key do not \
             belong together, the key was deleted at GitHub, or this machine's clock is wrong by \
             more than a minute"
        )),
        other => other,
    }
}
