//! The architecture suite.
