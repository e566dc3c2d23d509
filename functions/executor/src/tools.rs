//! The tools that can do a task's work, one a file, and what they share.

pub mod builtin;
pub mod command;
pub mod docs;
pub mod surroundings;
pub mod tests;
