//! The executor suite.
