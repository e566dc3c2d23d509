//! The command line as a person or a script meets it: the real program, on state folders whose
//! logs were told by the decisions themselves.

#[cfg(test)]
mod attempts;
#[cfg(test)]
mod backup_page;
#[cfg(test)]
mod events;
#[cfg(test)]
mod exits;
#[cfg(test)]
mod help;
#[cfg(test)]
mod init;
#[cfg(test)]
mod journal;
#[cfg(test)]
mod keeping;
#[cfg(test)]
mod lists;
#[cfg(test)]
mod log;
#[cfg(test)]
mod orders;
#[cfg(test)]
mod past;
#[cfg(test)]
mod proofs;
#[cfg(test)]
mod pull_requests;
#[cfg(test)]
mod story;
#[cfg(test)]
mod why;
#[cfg(test)]
mod world;
