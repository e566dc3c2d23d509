//! What the surroundings say of AWS: region, credentials, endpoint, read once for all clients of a
//! program, from where every AWS tool has them.

use aws_config::{AppName, BehaviorVersion};
use aws_types::SdkConfig;

/// What was read.
#[derive(Debug, Clone)]
pub struct Surroundings(SdkConfig);

/// Neither the environment nor the profile names a region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no region is known; set AWS_REGION (Lambda sets it by itself)")]
pub struct NoRegion;

impl From<SdkConfig> for Surroundings {
    /// What somebody else has read or made up.
    fn from(around: SdkConfig) -> Self {
        Self(around)
    }
}

impl Surroundings {
    /// Reads them. Asks nobody on the network: keys are fetched by the first request.
    pub async fn read() -> Self {
        // Named, not "latest": an update of the SDK must not change how it behaves.
        let mut around = aws_config::defaults(BehaviorVersion::v2026_01_12());
        if let Ok(name) = AppName::new("leviathan") {
            around = around.app_name(name);
        }
        Self(around.load().await)
    }

    /// The same, if a region is among them.
    pub async fn with_region() -> Result<Self, NoRegion> {
        let around = Self::read().await;
        if around.0.region().is_some() { Ok(around) } else { Err(NoRegion) }
    }

    /// For clients.
    pub(crate) fn config(&self) -> &SdkConfig {
        &self.0
    }
}
