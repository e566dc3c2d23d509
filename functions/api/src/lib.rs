//! The HTTP API.
//!
//! - woken by: HTTPS requests (a function URL; `leviathanctl dev` on one machine)
//! - does: takes in events and artifacts of executors and of the original's workers; answers
//!   what is known
//! - may touch: the log, artifacts, the queue
//! - must never: talk to a forge or a cluster
//!
//! As a Lambda program (`main.rs`, feature `lambda`) it answers a function URL; in `leviathanctl dev`
//! it listens on this machine.
//!
//! The way of a request: [`router`] finds the handler (`routes.rs` has every URL), the handler
//! takes a `Caller` (which needs a good token), then reads query and body, then
//! asks the log, which keeps the state and what is only shown. The order of these steps is the original's
//! (CONTRACT 1.1). What goes wrong becomes an answer in `error.rs`, and only there.

mod app;
mod artifacts;
mod attempts;
mod body;
mod caller;
#[cfg(feature = "lambda")]
pub mod config;
mod error;
mod events;
mod failures;
mod graph;
mod health;
mod ingest;
mod invalidate;
mod query;
mod routes;
mod tasks;

pub use app::{App, Limits, Ports, Tokens};
pub use leviathan_core::attempt_token::{KeyTooShort, TokenKey};
pub use routes::router;
