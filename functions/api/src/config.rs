//! What the Lambda program reads from its environment.

use std::ffi::OsString;
use std::num::NonZeroU64;
use std::time::Duration;

use leviathan_aws::{QueueUrls, S3Place, SecretName};
use leviathan_runtime::config::variables::{
    ATTEMPT_KEY_SECRET, DATA_PLACE, DISPATCH_QUEUE, LOG_PLACE, PUBLISH_QUEUE, SECRETS_REFRESH,
};
use leviathan_runtime::config::{ConfigError, LOG, Reader, Variable};
use leviathan_runtime::telemetry::Filter;

/// The name of the operator's token.
const OPERATOR_TOKEN_SECRET: Variable = Variable::required(
    "LEVIATHAN_OPERATOR_TOKEN_SECRET",
    "The name of the secret that holds the token with which people call the API.",
    "secretsmanager:leviathan/operator-token",
)
.naming_a_secret();

/// The name of the token of the original's workers.
const LEGACY_TOKEN_SECRET: Variable = Variable::optional(
    "LEVIATHAN_LEGACY_TOKEN_SECRET",
    "The name of the secret that holds the token of workers and clients of the original.",
    "secretsmanager:leviathan/legacy-token",
)
.naming_a_secret();

/// Every variable of the program.
pub const VARIABLES: &[Variable] = &[
    LOG_PLACE,
    DATA_PLACE,
    DISPATCH_QUEUE,
    PUBLISH_QUEUE,
    ATTEMPT_KEY_SECRET,
    OPERATOR_TOKEN_SECRET,
    LEGACY_TOKEN_SECRET,
    SECRETS_REFRESH,
    LOG,
];

/// The configuration of the Lambda program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiConfig {
    /// The log's store.
    pub log: S3Place,
    /// The store of snapshots, views and artifacts.
    pub data: S3Place,
    /// Where effects are sent.
    pub queues: QueueUrls,
    /// Signs attempts' tokens.
    pub attempt_key: SecretName,
    /// A person's token.
    pub operator_token: SecretName,
    /// The token of workers of the original.
    pub legacy_token: Option<SecretName>,
    /// How long a secret is kept.
    pub secrets_refresh: Duration,
    /// Which log lines are written.
    pub filter: Filter,
}

impl ApiConfig {
    /// Reads it; all faults are told at once.
    pub fn read(
        environment: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, ConfigError> {
        let mut reader = Reader::new(VARIABLES, environment);
        let (log, data) = (reader.get(&LOG_PLACE), reader.get(&DATA_PLACE));
        let (dispatch, publish) = (reader.get(&DISPATCH_QUEUE), reader.get(&PUBLISH_QUEUE));
        let attempt_key = reader.get(&ATTEMPT_KEY_SECRET);
        let operator_token = reader.get(&OPERATOR_TOKEN_SECRET);
        let legacy_token = reader.get_optional(&LEGACY_TOKEN_SECRET);
        let refresh = reader.get::<NonZeroU64>(&SECRETS_REFRESH);
        let filter = reader.get(&LOG);
        let built = || {
            Some(Self {
                log: log?,
                data: data?,
                queues: QueueUrls { dispatch: dispatch?, publish: publish? },
                attempt_key: attempt_key?,
                operator_token: operator_token?,
                legacy_token,
                secrets_refresh: Duration::from_secs(refresh?.get()),
                filter: filter?,
            })
        };
        reader.finish(built())
    }
}
