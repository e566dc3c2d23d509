//! Every program of Leviathan in this one process, on one machine.
//!
//! The way of the data is the deployed one: `tick` decides, the queue carries, `dispatch` starts the
//! Job's phases as child processes, their `report` speaks to `api` over HTTP, `publish` makes the
//! branch and the pull request. Only the ports are this machine's (`leviathan-local`).

pub mod engine;
mod live;
mod next_steps;
mod run;
pub mod sample;
mod secrets;
mod story;
mod targets;
mod trust;
pub mod wrapper;

pub use engine::{Engine, Setup, open_cluster};
pub use run::Run;
pub use targets::{Chosen, Finding, choose, finding_forge, register, warn_empty, warn_uncommitted};
