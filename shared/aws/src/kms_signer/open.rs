//! Reaching a key with what the surroundings say, as every AWS tool does.

use aws_config::BehaviorVersion;
use aws_sdk_kms::Client;
use aws_sdk_kms::config::{AppName, Builder};
use leviathan_core::ports::SignerError;

use super::KmsSigner;

/// Why a key can't be reached.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KmsOpenError {
    /// Neither the environment nor the profile names a region.
    #[error("the key {key_id}: no region is known; set AWS_REGION to the one that it lies in")]
    NoRegion {
        /// What was to be opened.
        key_id: String,
    },
    /// It can't sign checkpoints.
    #[error(transparent)]
    Key(#[from] SignerError),
}

impl KmsSigner {
    /// The key `key_id` with the credentials, region and endpoint of the surroundings.
    pub async fn open(key_id: &str, name: &str) -> Result<Self, KmsOpenError> {
        // Named, not "latest": an update of the SDK must not change how it behaves.
        let mut around = aws_config::defaults(BehaviorVersion::v2026_01_12());
        if let Ok(name) = AppName::new("leviathan") {
            around = around.app_name(name);
        }
        let around = around.load().await;
        if around.region().is_none() {
            return Err(KmsOpenError::NoRegion { key_id: key_id.to_owned() });
        }
        let client = Client::from_conf(Builder::from(&around).build());
        Ok(Self::new(&client, key_id, name).await?)
    }
}
