//! The crash suite.
