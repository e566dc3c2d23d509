//! The cli suite.
