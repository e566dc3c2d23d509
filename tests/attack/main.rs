//! Attacks on the machine that runs untrusted commands. Each ends in a refused change or an
//! untouched host, and its assertion names the defence that held.
//!
//! `confine`: on the confinement alone. `jobs`: whole Jobs of the local cluster, with the real
//! executor on real git repositories. `cluster`: the cluster's own promises, which the attacks
//! lean on.

#[cfg(test)]
#[expect(dead_code, reason = "the executor suite uses more of it")]
#[path = "../executor/api.rs"]
mod api;
#[cfg(test)]
mod cluster;
#[cfg(test)]
mod confine;
#[cfg(test)]
mod job_world;
#[cfg(test)]
mod jobs;
#[cfg(test)]
mod sandbox;
#[cfg(test)]
#[expect(dead_code, reason = "the executor suite uses more of it")]
#[path = "../executor/world.rs"]
mod world;
