//! The HTTP API: ingest of events, artifacts, queries.
