//! What the Lambda program reads from its environment.

use std::ffi::OsString;
use std::num::NonZeroU64;
use std::time::Duration;

use leviathan_aws::{S3Place, SecretName};
use leviathan_runtime::config::variables::{DATA_PLACE, LOG_PLACE, SECRETS_REFRESH};
use leviathan_runtime::config::{ConfigError, LOG, Reader, Variable};
use leviathan_runtime::telemetry::Filter;

/// What GitHub signs its deliveries with.
const WEBHOOK_SECRET: Variable = Variable::required(
    "LEVIATHAN_WEBHOOK_SECRET",
    "The name of the secret that GitHub signs its webhooks with.",
    "secretsmanager:leviathan/webhook-secret",
)
.naming_a_secret();

/// The same while a new one is brought in.
const WEBHOOK_NEXT_SECRET: Variable = Variable::optional(
    "LEVIATHAN_WEBHOOK_NEXT_SECRET",
    "The name of a second such secret, which counts as well: while one is changed for the other.",
    "secretsmanager:leviathan/webhook-secret-next",
)
.naming_a_secret();

/// Every variable of the program.
pub const VARIABLES: &[Variable] =
    &[LOG_PLACE, DATA_PLACE, WEBHOOK_SECRET, WEBHOOK_NEXT_SECRET, SECRETS_REFRESH, LOG];

/// The configuration of the Lambda program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrIngestConfig {
    /// The log's store.
    pub log: S3Place,
    /// The store of snapshots.
    pub data: S3Place,
    /// What GitHub signs its deliveries with: one secret, or two.
    pub webhook_secrets: Vec<SecretName>,
    /// How long a secret is kept.
    pub secrets_refresh: Duration,
    /// Which log lines are written.
    pub filter: Filter,
}

impl PrIngestConfig {
    /// Reads it; all faults are told at once.
    pub fn read(
        environment: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, ConfigError> {
        let mut reader = Reader::new(VARIABLES, environment);
        let (log, data) = (reader.get(&LOG_PLACE), reader.get(&DATA_PLACE));
        let secret = reader.get::<SecretName>(&WEBHOOK_SECRET);
        let next = reader.get_optional::<SecretName>(&WEBHOOK_NEXT_SECRET);
        let refresh = reader.get::<NonZeroU64>(&SECRETS_REFRESH);
        let filter = reader.get(&LOG);
        let built = || {
            Some(Self {
                log: log?,
                data: data?,
                webhook_secrets: [secret?].into_iter().chain(next).collect(),
                secrets_refresh: Duration::from_secs(refresh?.get()),
                filter: filter?,
            })
        };
        reader.finish(built())
    }
}
