//! What may stand between the programs and their ports. The command line puts nothing there; the
//! crash test counts every call and ends the process at the chosen one (DECISIONS 18).

use std::sync::Arc;

use leviathan_core::ports::{Cluster, Forge, ObjectStore, Queue};

/// Wraps each port as it is handed to the programs.
pub trait PortWrapper: Send + Sync {
    /// The log's or the artifacts' store; `name` tells which.
    fn store(&self, _name: &'static str, store: Arc<dyn ObjectStore>) -> Arc<dyn ObjectStore> {
        store
    }
    /// The queue.
    fn queue(&self, queue: Arc<dyn Queue>) -> Arc<dyn Queue> {
        queue
    }
    /// The cluster.
    fn cluster(&self, cluster: Arc<dyn Cluster>) -> Arc<dyn Cluster> {
        cluster
    }
    /// The forge.
    fn forge(&self, forge: Arc<dyn Forge>) -> Arc<dyn Forge> {
        forge
    }
}

/// Nothing in between.
pub struct AsTheyAre;

impl PortWrapper for AsTheyAre {}
