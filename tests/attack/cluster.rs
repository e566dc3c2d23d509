//! The promises of the local cluster.
