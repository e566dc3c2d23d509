//! The append-only log's protocol over the object-store port.

pub mod artifacts;
