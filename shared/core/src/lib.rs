//! The rules of Leviathan. Pure: no I/O, no clock, no randomness; the same state, time and input
//! always give the same answer (`clippy.toml` beside this crate keeps it so).

pub mod attempt_token;
pub mod authority;
pub mod backlog;
pub mod chain;
pub mod contract;
pub mod decide;
pub mod diff;
pub mod effects;
pub mod event;
pub mod fact;
pub mod gate;
pub mod graph;
pub mod idempotency_key;
pub mod ids;
pub mod paths;
pub mod policy;
pub mod policy_file;
pub mod ports;
pub mod reason;
pub mod receipt;
pub mod secret_scan;
pub mod starter;
pub mod state;
pub mod task;
pub mod timestamp;
pub mod write_back;
mod yaml;
