//! What the Lambda program reads from its environment.

use std::ffi::OsString;
use std::num::NonZeroU64;
use std::time::Duration;

use leviathan_aws::{S3Place, SecretName};
use leviathan_runtime::config::variables::{
    DATA_PLACE, GITHUB_API_URL, GITHUB_APP_ID, GITHUB_APP_KEY_SECRET, LOG_PLACE, SECRETS_REFRESH,
};
use leviathan_runtime::config::{ConfigError, LOG, Reader, Text, Variable};
use leviathan_runtime::telemetry::Filter;

/// Every variable of the program.
pub const VARIABLES: &[Variable] = &[
    LOG_PLACE,
    DATA_PLACE,
    GITHUB_API_URL,
    GITHUB_APP_ID,
    GITHUB_APP_KEY_SECRET,
    SECRETS_REFRESH,
    LOG,
];

/// The configuration of the Lambda program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishConfig {
    /// The log's store.
    pub log: S3Place,
    /// The store of snapshots, views and artifacts.
    pub data: S3Place,
    /// GitHub's API.
    pub github_api_url: String,
    /// The GitHub App.
    pub github_app_id: String,
    /// Its private key.
    pub github_app_key: SecretName,
    /// How long a secret is kept.
    pub secrets_refresh: Duration,
    /// Which log lines are written.
    pub filter: Filter,
}

impl PublishConfig {
    /// Reads it; all faults are told at once.
    pub fn read(
        environment: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, ConfigError> {
        let mut reader = Reader::new(VARIABLES, environment);
        let (log, data) = (reader.get(&LOG_PLACE), reader.get(&DATA_PLACE));
        let github_api_url = reader.get::<Text>(&GITHUB_API_URL);
        let github_app_id = reader.get::<Text>(&GITHUB_APP_ID);
        let github_app_key = reader.get(&GITHUB_APP_KEY_SECRET);
        let refresh = reader.get::<NonZeroU64>(&SECRETS_REFRESH);
        let filter = reader.get(&LOG);
        let built = || {
            Some(Self {
                log: log?,
                data: data?,
                github_api_url: github_api_url?.0,
                github_app_id: github_app_id?.0,
                github_app_key: github_app_key?,
                secrets_refresh: Duration::from_secs(refresh?.get()),
                filter: filter?,
            })
        };
        reader.finish(built())
    }
}
