//! The test world: what the suites share.
