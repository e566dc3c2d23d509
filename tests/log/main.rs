//! The log suite.
