//! The log through its outer door: transactions of several processes over real stores, exact
//! request counts, exact bytes, and damage of every kind, which must be found.

#![expect(clippy::unwrap_used, reason = "a test stops at the first thing that is wrong")]

mod backup;
mod checkpointed;
mod closing;
mod corpus;
mod damage;
mod dying_store;
mod faults;
mod forms;
mod golden;
mod graph;
mod group;
mod heartbeat;
mod independent;
mod independent_seal;
mod keeping;
mod kill;
mod patience;
mod read_back;
mod refusals;
mod replay;
mod requests;
mod requests_proof;
mod resealing;
mod restore;
mod restore_unclear;
mod round_trips;
pub(crate) mod seal;
mod seal_checks;
mod snapshots;
mod two_processes;
mod versions;
mod views;
