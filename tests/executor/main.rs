//! The executor suite: each phase through its command line, on real git repositories.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a helper that cannot go on ends its test, with the cause"
)]

mod api;
mod check;
mod gate;
mod in_a_cluster;
mod in_a_pod;
mod prepare;
mod report;
mod work;
mod world;
