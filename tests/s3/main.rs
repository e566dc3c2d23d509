//! The S3 store and the log over it, against a real HTTP server that misbehaves on purpose.

#![expect(clippy::unwrap_used, reason = "a test stops at the first thing that is wrong")]

mod answers;
mod command_line;
mod keeping;
mod log;
mod opening;
mod requests;
