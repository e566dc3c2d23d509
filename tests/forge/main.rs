//! The forge suite: the local forge and publish over real git repositories in temporary folders.

#[cfg(test)]
mod repository;
#[cfg(test)]
mod writes;
