//! Opening a place with what the surroundings say, as every AWS tool does: AWS_PROFILE, AWS_REGION,
//! AWS_ENDPOINT_URL or AWS_ENDPOINT_URL_S3, keys or a role.

use aws_sdk_s3::Client;
use aws_sdk_s3::config::{Builder, Region};
use aws_types::SdkConfig;
use aws_types::service_config::ServiceConfigKey;

use super::{S3Store, TimeLimits};
use crate::s3_place::S3Place;
use crate::surroundings::Surroundings;

/// Why a place can't be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum S3OpenError {
    /// Neither the environment nor the profile names a region.
    #[error("{place}: no region is known; set AWS_REGION to the one that the bucket lies in")]
    NoRegion {
        /// What was to be opened.
        place: S3Place,
    },
}

/// Where a store with an endpoint of its own has no regions, requests are still signed for one.
const SIGNED_FOR: &str = "us-east-1";

impl S3Store {
    /// Opens a place with the credentials, region and endpoint of the surroundings. Asks S3 nothing:
    /// what is wrong with bucket or rights, the first request says.
    pub async fn open(place: S3Place) -> Result<Self, S3OpenError> {
        Self::open_in(&Surroundings::read().await, place)
    }

    /// The same in surroundings that were read before.
    pub fn open_in(around: &Surroundings, place: S3Place) -> Result<Self, S3OpenError> {
        let around = around.config();
        let mut config = Builder::from(around);
        // A store of somebody else's, an emulator or a private link is reached by a name that
        // knows nothing of buckets.
        let own_endpoint = has_own_endpoint(around);
        if own_endpoint {
            config = config.force_path_style(true);
        }
        if around.region().is_none() {
            if !own_endpoint {
                return Err(S3OpenError::NoRegion { place });
            }
            config = config.region(Region::from_static(SIGNED_FOR));
        }
        let client = Client::from_conf(config.build());
        Ok(Self::with_limits(&client, place, TimeLimits::default()))
    }
}

/// Whether an endpoint is set, for S3 or for all services: in the environment or in the profile.
fn has_own_endpoint(around: &SdkConfig) -> bool {
    let key = ServiceConfigKey::builder()
        .service_id("S3")
        .env("AWS_ENDPOINT_URL")
        .profile("endpoint_url")
        .build();
    let of_s3 = key.ok().and_then(|key| around.service_config()?.load_config(key));
    of_s3.is_some() || around.endpoint_url().is_some()
}
