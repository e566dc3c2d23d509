//! What the handlers work with.

use std::sync::{Arc, PoisonError, RwLock};

use leviathan_core::attempt_token::{Sealed, TokenKey};
use leviathan_core::effects::effects;
use leviathan_core::ports::{Clock, Queue};
use leviathan_log::artifacts::Artifacts;
use leviathan_log::{Committed, Log};

/// The API, over its ports.
pub struct App {
    pub(crate) log: Arc<Log>,
    pub(crate) artifacts: Artifacts,
    pub(crate) queue: Arc<dyn Queue>,
    pub(crate) clock: Arc<dyn Clock>,
    tokens: RwLock<Arc<Tokens>>,
    pub(crate) limits: Limits,
}

/// What the API reaches.
pub struct Ports {
    /// The log. One that is [showing](Log::showing) begins from a view of what is only shown.
    pub log: Arc<Log>,
    /// Where artifacts lie.
    pub artifacts: Artifacts,
    /// Takes messages for dispatch and publish.
    pub queue: Arc<dyn Queue>,
    /// Ends attempts' tokens.
    pub clock: Arc<dyn Clock>,
}

/// Who may call.
pub struct Tokens {
    pub(crate) key: TokenKey,
    pub(crate) operator: Sealed,
    pub(crate) legacy: Option<Sealed>,
}

impl Tokens {
    /// `key` signs attempts' tokens; `operator` is a person's token, `legacy` the one of workers and
    /// clients of the original, if there are any. An empty token lets nobody in.
    pub fn new(key: TokenKey, operator: &str, legacy: Option<&str>) -> Self {
        let legacy = legacy.filter(|token| !token.is_empty()).map(|token| key.seal(token));
        Self { operator: key.seal(operator), legacy, key }
    }
}

/// How much one request may bring, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// A bundle.
    pub bundle: usize,
    /// An artifact.
    pub artifact: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bundle: 6 * 1024 * 1024, artifact: 16 * 1024 * 1024 }
    }
}

impl App {
    /// An API that has read nothing yet.
    pub fn new(ports: Ports, tokens: Tokens, limits: Limits) -> Self {
        let Ports { log, artifacts, queue, clock } = ports;
        let tokens = RwLock::new(Arc::new(tokens));
        Self { log, artifacts, queue, clock, tokens, limits }
    }

    /// From now on these may call: a secret was changed.
    pub fn renew(&self, tokens: Tokens) {
        *self.tokens.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(tokens);
    }

    /// Who may call.
    pub(crate) fn tokens(&self) -> Arc<Tokens> {
        Arc::clone(&self.tokens.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// What has to happen once a commit of ours is there: its messages are sent. One that the queue
    /// does not take is sent by the next tick.
    pub(crate) async fn committed(&self, commit: &Committed) {
        for message in effects(commit.header().epoch, commit.events()) {
            if let Err(problem) = self.queue.send(&message).await {
                tracing::warn!(seq = commit.seq(), %problem, "left for the next tick");
            }
        }
    }
}
