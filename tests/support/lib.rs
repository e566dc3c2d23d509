//! The test world: what the suites share.
#![expect(clippy::expect_used, reason = "a helper that cannot go on ends its test, with the cause")]

pub mod clock;
pub mod counting_store;
pub mod emulator;
pub mod github_server;
pub mod lambda;
pub mod log_builders;
pub mod machine;
pub mod past;
pub mod programs;
pub mod repository;
pub mod s3_server;
pub mod shop;
pub mod story;
pub mod wrapped;
