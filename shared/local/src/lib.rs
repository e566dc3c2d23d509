//! The ports on one machine: folder, channel, child process, local repository.

pub mod cluster;
pub mod folder_store;
pub mod forge;
pub mod memory_store;
pub mod queue;
pub mod signer;

pub use cluster::{Launcher, LocalCluster};
pub use folder_store::FolderStore;
pub use memory_store::MemoryStore;
pub use signer::FileSigner;
