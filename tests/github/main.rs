//! The GitHub suite: the forge over GitHub's API and the receiver of its webhooks, against a stand-in
//! that speaks the documented protocol over HTTP with real git repositories behind it.

#[cfg(test)]
mod pull_requests;
#[cfg(test)]
mod requests;
#[cfg(test)]
mod sign_in;
#[cfg(test)]
mod story;
#[cfg(test)]
mod trouble;
#[cfg(test)]
mod webhooks;
#[cfg(test)]
mod world;
