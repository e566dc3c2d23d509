//! The forge suite: the local forge and publish over real git repositories in temporary folders.

#[cfg(test)]
mod kinds;
#[cfg(test)]
mod pull_requests;
#[cfg(test)]
mod repository;
#[cfg(test)]
mod targets;
#[cfg(test)]
mod writes;
