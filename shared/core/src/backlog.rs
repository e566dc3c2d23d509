//! backlog.
