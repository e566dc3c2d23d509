//! Every door to the outside, as a trait. Adapters implement them in files of the same name.

pub mod clock;
pub mod cluster;
pub mod forge;
pub mod object_key;
pub mod object_store;
pub mod queue;
pub mod signer;

pub use clock::{Clock, Entropy};
pub use cluster::{Cluster, ClusterError, Job, JobSecrets, JobStatus};
pub use forge::{Forge, ForgeError};
pub use object_store::{ObjectStore, StoreError};
pub use queue::{Message, Queue, QueueError};
pub use signer::{Signer, SignerError};
