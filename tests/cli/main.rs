//! The command line as a person or a script meets it: the real program, on state folders whose
//! logs were told by the decisions themselves.

mod attempts;
mod events;
mod exits;
mod help;
mod init;
mod lists;
mod orders;
mod pull_requests;
mod story;
mod why;
mod world;
