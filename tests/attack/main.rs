//! The attack suite.
