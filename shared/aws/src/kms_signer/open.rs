//! Reaching a key with what the surroundings say, as every AWS tool does.

use aws_sdk_kms::Client;
use aws_sdk_kms::config::Builder;
use leviathan_core::ports::SignerError;

use super::KmsSigner;
use crate::surroundings::{NoRegion, Surroundings};

/// Why a key can't be reached.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KmsOpenError {
    /// Neither the environment nor the profile names a region.
    #[error("the key {key_id}: {source}")]
    NoRegion {
        /// What was to be opened.
        key_id: String,
        /// What to do.
        source: NoRegion,
    },
    /// It can't sign checkpoints.
    #[error(transparent)]
    Key(#[from] SignerError),
}

impl KmsSigner {
    /// The key `key_id` with the credentials, region and endpoint of the surroundings.
    pub async fn open(key_id: &str, name: &str) -> Result<Self, KmsOpenError> {
        Self::open_in(&Surroundings::read().await, key_id, name).await
    }

    /// The same in surroundings that were read before.
    pub async fn open_in(
        around: &Surroundings,
        key_id: &str,
        name: &str,
    ) -> Result<Self, KmsOpenError> {
        let around = around.config();
        if around.region().is_none() {
            return Err(KmsOpenError::NoRegion { key_id: key_id.to_owned(), source: NoRegion });
        }
        let client = Client::from_conf(Builder::from(around).build());
        Ok(Self::new(&client, key_id, name).await?)
    }
}
