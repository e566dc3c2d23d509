//! The Lambda programs as they are deployed: the real binaries under a stand-in of Lambda's Runtime
//! API, their stores, queues, secrets and keys on an emulator of AWS.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is wrong"
)]

mod api;
mod by_hand;
mod configuration;
mod page;
mod pr_ingest;
mod publish;
mod tick;
mod world;
