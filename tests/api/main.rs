//! The API through its front door: HTTP over a socket, on a memory store and on a folder.

mod artifacts;
mod attack;
mod attempts;
mod contract;
mod ingest;
mod world;
