//! The seeded simulation of the log: several processes on one event loop over a store that
//! misbehaves, each run judged by its whole history.
//!
//! - `LEVIATHAN_SIM_SEEDS=N`: how many seeds (500 without).
//! - `LEVIATHAN_SIM_SEED=N`: this seed alone, with its trace printed.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test stops at the first thing that is wrong, and says what it did"
)]

mod backing_up;
mod check;
mod client;
mod conformance;
mod determinism;
mod event_loop;
mod every_place;
mod fault_table;
mod faults;
mod faulty_store;
mod figures;
mod frozen;
mod history;
mod keeper;
mod mutants;
mod network;
mod process;
mod reader;
mod rollback;
mod sealing;
mod seeds;
mod spoiler;
mod ticker;
mod vandal;
mod weather;
mod world;
