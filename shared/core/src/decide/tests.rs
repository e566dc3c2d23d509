//! Decisions, by short stories: each decides on a state, and the events fold into the next one as
//! the log would fold them.

mod properties;
mod pull_requests;
mod restore;
pub(crate) mod story;
mod sync;
mod tick;
