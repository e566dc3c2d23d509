//! The forge suite.
