//! The ports on one machine: folder, channel, child process, local repository.

pub mod forge;
