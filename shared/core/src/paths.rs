//! Paths inside a repository: one spelling for each, and two ways of naming many.
//!
//! - [`AllowedPaths`]: the entries of a task's `allowed_paths`. Plain: a file, or a directory.
//! - [`Patterns`]: the globs of a policy.
//!
//! All of it is text. Nothing here looks at a file system, so a symbolic link is the gate's matter.
//! What can't be understood is never allowed.

mod allowed;
mod patterns;
#[cfg(test)]
mod tests;

pub use allowed::AllowedPaths;
pub use patterns::Patterns;

/// Why a text can't be used as a path, an entry or a pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path:?} {problem}; {fix}")]
pub struct PathProblem {
    /// The text, cut to 200 characters.
    pub path: String,
    /// What is wrong with it.
    pub problem: String,
    /// What to write instead.
    pub fix: String,
}

impl PathProblem {
    fn new(path: &str, problem: impl Into<String>, fix: impl Into<String>) -> Self {
        let path = path.chars().take(200).collect();
        Self { path, problem: problem.into(), fix: fix.into() }
    }
}

/// The one spelling of a path in a repository: relative, `/` between parts, no empty part, no `.`,
/// no `..`, none at the end. Refuses what is empty, absolute, holds NUL, or leaves the repository.
///
/// Only the text decides: `a/../b` is `b`, even where `a` is a symbolic link.
pub fn normalise(path: &str) -> Result<String, PathProblem> {
    let refuse = |problem: &str, fix: &str| Err(PathProblem::new(path, problem, fix));
    if path.is_empty() {
        return refuse("is empty", "name a path in the repository");
    }
    if path.contains('\0') {
        return refuse("holds a NUL character", "no file can be called so");
    }
    if path.starts_with('/') {
        return refuse("is absolute", "name it from the repository's root, without the first `/`");
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                if parts.pop().is_none() {
                    return refuse("leaves the repository", "name a path inside, without `..`");
                }
            }
            part => parts.push(part),
        }
    }
    if parts.is_empty() {
        return refuse("is the repository itself", "name a file or a directory in it");
    }
    Ok(parts.join("/"))
}

/// Whether some part of it is `..`.
fn climbs(path: &str) -> bool {
    path.split('/').any(|part| part == "..")
}
