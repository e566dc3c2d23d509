//! What GitHub sends by itself: whether a delivery is GitHub's, and what it tells. Pure; recording it
//! is pr-ingest's.

mod event;
mod signature;
#[cfg(test)]
mod tests;

pub use event::{ParseError, PullRequestNews, Told, parse};
pub use signature::{SignatureError, sign, verify};
