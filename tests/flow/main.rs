//! The flow suite.
