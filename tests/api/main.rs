//! The API through its front door: HTTP over a socket, on a memory store and on a folder.

#[cfg(test)]
mod artifacts;
#[cfg(test)]
mod attack;
#[cfg(test)]
mod attempts;
#[cfg(test)]
mod contract;
#[cfg(test)]
mod ingest;
#[cfg(test)]
mod past;
#[cfg(test)]
mod world;
