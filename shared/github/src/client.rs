//! One request to GitHub: with the right token, within its time, not while GitHub throttles, and
//! again where that is safe.
//!
//! `options` is what a caller gives, `app` how an app signs itself in, `tokens` one token for one
//! repository, `transport` the bytes, `fault` what an answer's status means, `etags` what a
//! conditional request saves.

mod app;
mod etags;
mod fault;
mod options;
mod throttle;
mod tokens;
mod transport;

use std::sync::Arc;
use std::time::Duration;

use http::Method;
use leviathan_core::ports::forge::Repository;
use leviathan_core::ports::{Clock, ForgeError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::Location;

pub(crate) use fault::Fault;
pub use options::{Access, Auth, GitHubOptions, Identity, OptionsError, TimeLimits};
pub use tokens::RepositoryToken;

use etags::Etags;
use throttle::Throttle;
use tokens::Tokens;
use transport::{Answer, Transport, Wire};

/// How often one request is made in all, where repeating is safe.
const TRIES: u32 = 3;

/// How long to wait before the second try; twice that before the third.
const PAUSE: Duration = Duration::from_millis(500);

/// What GitHub is asked for; paths begin below the repository.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    method: Method,
    /// Below `/repos/OWNER/NAME`, percent-encoded, with its query.
    path: String,
    body: Option<Value>,
    /// Whether a second time can do no harm.
    repeatable: bool,
    raw: bool,
    etag: Option<String>,
}

impl Call {
    /// A read.
    pub(crate) fn get(path: impl Into<String>) -> Self {
        let (method, path) = (Method::GET, path.into());
        Self { method, path, body: None, repeatable: true, raw: false, etag: None }
    }

    /// A read of an object's plain bytes.
    pub(crate) fn get_raw(path: impl Into<String>) -> Self {
        Self { raw: true, ..Self::get(path) }
    }

    /// A write that is made once: whether it was done is looked up by the caller.
    pub(crate) fn write(method: Method, path: impl Into<String>, body: Option<Value>) -> Self {
        Self { method, body, repeatable: false, ..Self::get(path) }
    }

    /// A write that can be made again: an object that nothing points to, named by its content.
    pub(crate) fn create_object(path: impl Into<String>, body: Value) -> Self {
        Self { method: Method::POST, body: Some(body), ..Self::get(path) }
    }
}

/// The way to one GitHub.
pub(crate) struct Client {
    transport: Transport,
    tokens: Tokens,
    throttle: Throttle,
    etags: Etags,
    clock: Arc<dyn Clock>,
    pub(crate) options: GitHubOptions,
    host: String,
}

impl Client {
    /// One that has asked nothing yet.
    pub(crate) fn new(options: GitHubOptions) -> Result<Self, OptionsError> {
        let host = options.checked()?;
        Ok(Self {
            transport: Transport::new(&options)?,
            tokens: Tokens::new(&options)?,
            throttle: Throttle::default(),
            etags: Etags::default(),
            clock: Arc::clone(&options.clock),
            host,
            options,
        })
    }

    /// The repository's place, if it is at this GitHub.
    pub(crate) fn locate(
        &self,
        action: &'static str,
        repository: &Repository,
    ) -> Result<Location, ForgeError> {
        let refused = |reason: String| ForgeError::Refused {
            action,
            repository: repository.location.clone(),
            reason,
        };
        let location: Location = match repository.location.parse() {
            Ok(location) => location,
            Err(error) => return Err(refused(error.to_string())),
        };
        if location.host() != self.host {
            return Err(refused(format!(
                "it is at {}, and this program talks to the GitHub at {}; give it the address of \
                 that GitHub's API, or remove the target",
                location.host(),
                self.host
            )));
        }
        Ok(location)
    }

    /// Asks, and reads the answer as JSON.
    pub(crate) async fn ask<T: DeserializeOwned>(
        &self,
        location: &Location,
        call: Call,
    ) -> Result<T, Fault> {
        let answer = self.send(location, call).await?;
        json(&answer.body)
    }

    /// Asks, and takes the answer's bytes as they are.
    pub(crate) async fn bytes(
        &self,
        location: &Location,
        call: Call,
    ) -> Result<bytes::Bytes, Fault> {
        Ok(self.send(location, call).await?.body)
    }

    /// A read that costs GitHub's budget nothing while the answer stays the same: what `extract`
    /// took from the last answer is kept with its ETag.
    pub(crate) async fn ask_if_changed<A, T>(
        &self,
        location: &Location,
        path: String,
        extract: impl FnOnce(A) -> Result<T, Fault> + Send,
    ) -> Result<T, Fault>
    where
        A: DeserializeOwned,
        T: Serialize + DeserializeOwned,
    {
        let key = format!("{} {path}", location.key());
        let known = self.etags.get::<T>(&key);
        let (etag, known) = known.map_or((None, None), |(etag, value)| (Some(etag), Some(value)));
        let answer = self.send(location, Call { etag, ..Call::get(path) }).await?;
        match (answer.not_modified, known) {
            (true, Some(value)) => Ok(value),
            (true, None) => {
                Err(Fault::Unclear("it answered 304 to an unconditional request".to_owned()))
            }
            (false, _) => {
                let value = extract(json(&answer.body)?)?;
                self.etags.put(key, answer.etag, &value);
                Ok(value)
            }
        }
    }

    /// The token of one repository, for a program that is not this one: prepare's clone.
    pub(crate) async fn repository_token(
        &self,
        location: &Location,
        access: Access,
    ) -> Result<RepositoryToken, Fault> {
        self.throttle.check(location, self.clock.now())?;
        self.tokens.get(self, location, access).await
    }

    async fn send(&self, location: &Location, call: Call) -> Result<Answer, Fault> {
        let tries = if call.repeatable { TRIES } else { 1 };
        let mut pause = PAUSE;
        let mut renewed = false;
        let mut made = 0;
        loop {
            made += 1;
            match self.once(location, &call).await {
                Err(Fault::Unclear(reason)) if made < tries => {
                    tracing::info!(repository = %location, "asking GitHub again: {reason}");
                    self.clock.sleep(pause).await;
                    pause = pause.saturating_mul(2);
                }
                // A token can end early: the app was installed anew, or its rights were changed.
                // Nothing was done, so asking again with a new one is safe for writes as well.
                Err(Fault::Unauthorized(_)) if !renewed && self.tokens.forget(location) => {
                    renewed = true;
                    made -= 1;
                }
                other => return other,
            }
        }
    }

    async fn once(&self, location: &Location, call: &Call) -> Result<Answer, Fault> {
        self.throttle.check(location, self.clock.now())?;
        let token = self.tokens.get(self, location, self.options.access).await?;
        let path = format!("/repos/{}/{}{}", location.owner(), location.name(), call.path);
        let wire = Wire {
            method: call.method.clone(),
            path,
            body: call.body.as_ref(),
            token: token.token.expose(),
            raw: call.raw,
            etag: call.etag.as_deref(),
        };
        self.exchange(location, wire).await
    }

    /// One request on the wire, and what GitHub says of throttling taken to heart.
    async fn exchange(&self, location: &Location, wire: Wire<'_>) -> Result<Answer, Fault> {
        let result = self.transport.exchange(wire, self.clock.now()).await;
        if let Err(Fault::Throttled { until, .. }) = &result {
            self.throttle.until(location, *until);
        }
        result
    }
}

fn json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Fault> {
    // Serde's message can quote the answer; where it broke is enough.
    serde_json::from_slice(body).map_err(|error| {
        let place = format!("line {}, column {}", error.line(), error.column());
        Fault::Unreadable(format!("GitHub's answer is not what its documentation says ({place})"))
    })
}
