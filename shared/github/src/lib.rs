//! GitHub, or a company's own GitHub Enterprise: the forge port over its REST API, and its webhooks.
//!
//! `location` reads a repository's address, `secret` keeps keys out of everything that is printed,
//! `webhook` says whether a delivery is GitHub's and what it tells. The rest talks to GitHub and
//! needs the feature `client`: `forge` is the port, `client` one request with its token, time-outs
//! and throttling.

#[cfg(feature = "client")]
mod client;
#[cfg(feature = "client")]
mod forge;
mod location;
mod secret;
pub mod webhook;

#[cfg(feature = "client")]
pub use client::{
    Access, Auth, GitHubOptions, Identity, OptionsError, RepositoryToken, TimeLimits,
};
#[cfg(feature = "client")]
pub use forge::GitHub;
pub use location::{Location, LocationError};
pub use secret::Secret;
