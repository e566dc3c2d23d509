//! The log through its outer door: transactions of several processes over real stores, exact
//! request counts, exact bytes, and damage of every kind, which must be found.

mod requests;
mod two_processes;
