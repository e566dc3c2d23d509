//! The command line as a library: `main.rs` only hands the arguments over.
//!
//! `cli` is the whole command tree; `commands` holds one file for each noun; `dev` runs every
//! program of Leviathan in this one process. Results go to stdout, notes to stderr (`output`), and
//! every failure says what to do next (`error`, `exit`).

pub mod cli;
pub mod commands;
pub mod dev;
pub mod error;
pub mod exit;
pub mod output;
pub mod place;
pub mod state_folder;
mod text;
