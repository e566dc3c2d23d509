//! The forge suite: the local forge and publish over real git repositories in temporary folders.

#[cfg(test)]
mod attempt;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod kinds;
#[cfg(test)]
mod publish;
#[cfg(test)]
mod pull_requests;
#[cfg(test)]
mod repository;
#[cfg(test)]
mod targets;
#[cfg(test)]
mod writable;
#[cfg(test)]
mod writes;
