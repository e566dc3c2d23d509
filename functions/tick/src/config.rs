//! What the Lambda program reads from its environment.

use std::ffi::OsString;
use std::num::NonZeroU64;
use std::time::Duration;

use leviathan_aws::{QueueUrls, S3Place, SecretName};
use leviathan_runtime::config::variables::{
    DATA_PLACE, DISPATCH_QUEUE, GITHUB_API_URL, GITHUB_APP_ID, GITHUB_APP_KEY_SECRET, LOG_PLACE,
    PUBLISH_QUEUE, SECRETS_REFRESH,
};
use leviathan_runtime::config::{ConfigError, LOG, Reader, Text, Variable};
use leviathan_runtime::telemetry::Filter;

/// The key that checkpoints are signed with.
const CHECKPOINT_KEY: Variable = Variable::required(
    "LEVIATHAN_CHECKPOINT_KEY",
    "The ARN, id or alias of the KMS key that signs checkpoints: ECC_NIST_EDWARDS25519, SIGN_VERIFY.",
    "alias/leviathan-checkpoints",
);

/// The log's name.
const LOG_NAME: Variable = Variable::required(
    "LEVIATHAN_LOG_NAME",
    "The log's name, which stands in each checkpoint and is never changed: a name of yours, without \
     blanks and +.",
    "logs.example.com/leviathan",
);

/// Where checkpoints are copied to.
const CHECKPOINT_COPY_PLACE: Variable = Variable::optional(
    "LEVIATHAN_CHECKPOINT_COPY_PLACE",
    "The second place of trust: a bucket, best of another account, to which each checkpoint is copied.",
    "s3://example-leviathan-checkpoints",
);

/// The organisation's policy.
const ORGANISATION_POLICY: Variable = Variable::optional(
    "LEVIATHAN_ORGANISATION_POLICY_PARAMETER",
    "The name of the parameter or secret that holds the organisation's policy (YAML), which a target's \
     own can only narrow.",
    "ssm:/leviathan/organisation-policy",
);

/// Every variable of the program.
pub const VARIABLES: &[Variable] = &[
    LOG_PLACE,
    DATA_PLACE,
    DISPATCH_QUEUE,
    PUBLISH_QUEUE,
    LOG_NAME,
    CHECKPOINT_KEY,
    CHECKPOINT_COPY_PLACE,
    GITHUB_API_URL,
    GITHUB_APP_ID,
    GITHUB_APP_KEY_SECRET,
    ORGANISATION_POLICY,
    SECRETS_REFRESH,
    LOG,
];

/// The configuration of the Lambda program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TickConfig {
    /// The log's store.
    pub log: S3Place,
    /// The store of snapshots, views and artifacts.
    pub data: S3Place,
    /// Where effects are sent.
    pub queues: QueueUrls,
    /// The log's name.
    pub log_name: String,
    /// The KMS key of checkpoints.
    pub checkpoint_key: String,
    /// The second place of trust.
    pub checkpoint_copy: Option<S3Place>,
    /// GitHub's API.
    pub github_api_url: String,
    /// The GitHub App.
    pub github_app_id: String,
    /// Its private key.
    pub github_app_key: SecretName,
    /// The organisation's policy.
    pub organisation_policy: Option<SecretName>,
    /// How long a secret is kept.
    pub secrets_refresh: Duration,
    /// Which log lines are written.
    pub filter: Filter,
}

impl TickConfig {
    /// Reads it; all faults are told at once.
    pub fn read(
        environment: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, ConfigError> {
        let mut reader = Reader::new(VARIABLES, environment);
        let (log, data) = (reader.get(&LOG_PLACE), reader.get(&DATA_PLACE));
        let (dispatch, publish) = (reader.get(&DISPATCH_QUEUE), reader.get(&PUBLISH_QUEUE));
        let log_name = reader.get::<Text>(&LOG_NAME);
        let checkpoint_key = reader.get::<Text>(&CHECKPOINT_KEY);
        let checkpoint_copy = reader.get_optional(&CHECKPOINT_COPY_PLACE);
        let github_api_url = reader.get::<Text>(&GITHUB_API_URL);
        let github_app_id = reader.get::<Text>(&GITHUB_APP_ID);
        let github_app_key = reader.get(&GITHUB_APP_KEY_SECRET);
        let organisation_policy = reader.get_optional(&ORGANISATION_POLICY);
        let refresh = reader.get::<NonZeroU64>(&SECRETS_REFRESH);
        let filter = reader.get(&LOG);
        let built = || {
            Some(Self {
                log: log?,
                data: data?,
                queues: QueueUrls { dispatch: dispatch?, publish: publish? },
                log_name: log_name?.0,
                checkpoint_key: checkpoint_key?.0,
                checkpoint_copy,
                github_api_url: github_api_url?.0,
                github_app_id: github_app_id?.0,
                github_app_key: github_app_key?,
                organisation_policy,
                secrets_refresh: Duration::from_secs(refresh?.get()),
                filter: filter?,
            })
        };
        reader.finish(built())
    }
}
