//! The cluster port on Kubernetes: an attempt is one Job with one pod, and a Secret of its own.
//!
//! [`connect`] makes the client, [`KubernetesCluster`] is the port, [`manifest`] is what it creates:
//! a pure function, so that it can be read, validated and compared without a cluster.

mod cluster;
mod connect;
mod fault;
mod judge;
pub mod manifest;
mod names;
mod settings;
mod token;

pub use cluster::KubernetesCluster;
pub use connect::{ConnectError, Connection, connect};
pub use names::{ATTEMPT_LABEL, DIGEST_ANNOTATION, EPOCH_LABEL, TARGET_LABEL};
pub use settings::{JobSettings, Resources, SettingsFault};
pub use token::{BearerToken, TokenError};
