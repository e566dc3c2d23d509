//! The test world: what the suites share.

pub mod clock;
pub mod counting_store;
pub mod log_builders;
