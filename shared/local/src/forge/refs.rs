//! Branches: read, created, moved and deleted by compare-and-swap.

use leviathan_core::ids::GitCommit;
use leviathan_core::ports::ForgeError;

use super::git::{Git, said};

/// Where every branch of ours is.
pub(crate) const OURS: &str = "agent/";

/// The full name of a branch.
pub(crate) fn full(branch: &str) -> String {
    format!("refs/heads/{branch}")
}

/// Git's rules for a branch's name, so that one that breaks them is never taken for an option or
/// an expression.
pub(crate) fn is_branch_name(name: &str) -> bool {
    let part = |part: &str| !part.is_empty() && !part.starts_with('.') && !part.ends_with(".lock");
    !name.starts_with('-')
        && !name.ends_with('.')
        && name != "@"
        && !name.contains("..")
        && !name.contains("@{")
        && !name.chars().any(|c| c.is_ascii_control() || " ~^:?*[\\".contains(c))
        && name.split('/').all(part)
}

impl Git {
    /// Refuses a name that is no branch's.
    pub(crate) fn checked(&self, action: &'static str, branch: &str) -> Result<(), ForgeError> {
        if is_branch_name(branch) {
            return Ok(());
        }
        Err(self.refused(action, format!("{branch:?} is not a branch name that git allows")))
    }

    /// Where a branch stands; `None` when there is none.
    pub(crate) fn branch(&self, branch: &str) -> Result<Option<GitCommit>, ForgeError> {
        let action = "read the branch";
        self.checked(action, branch)?;
        self.commit_of(action, &format!("{}^{{commit}}", full(branch)))
    }

    /// Whether the git commit is in the repository.
    pub(crate) fn has_commit(&self, commit: &GitCommit) -> Result<bool, ForgeError> {
        let answer = self
            .call("read the git commit")
            .args(["cat-file", "-e"])
            .arg(format!("{commit}^{{commit}}"))
            .answer()?;
        Ok(answer.code == Some(0))
    }

    fn commit_of(
        &self,
        action: &'static str,
        expression: &str,
    ) -> Result<Option<GitCommit>, ForgeError> {
        let answer = self
            .call(action)
            .args(["rev-parse", "--verify", "--quiet", "--end-of-options", expression])
            .answer()?;
        match answer.code {
            Some(0) => Ok(Some(self.id(action, &answer.line())?)),
            Some(1) => Ok(None),
            _ => Err(self.unavailable(action, said(&answer))),
        }
    }

    /// Git's answer as the id of a git commit.
    pub(crate) fn id(&self, action: &'static str, text: &str) -> Result<GitCommit, ForgeError> {
        text.parse().map_err(|_| {
            let text: String = text.chars().take(80).collect();
            self.unavailable(action, format!("git answered {text:?} instead of an id"))
        })
    }

    /// The branch that a symbolic ref names; `None` when it names a git commit or nothing.
    pub(crate) fn symbolic(&self, name: &str) -> Result<Option<String>, ForgeError> {
        let answer = self
            .call("read the current branch")
            .args(["symbolic-ref", "--quiet", name])
            .answer()?;
        match answer.code {
            Some(0) => Ok(Some(answer.line())),
            _ => Ok(None),
        }
    }

    /// Every branch below a folder such as `agent/`, in the order of their names.
    pub(crate) fn branches(&self, below: &str) -> Result<Vec<(String, GitCommit)>, ForgeError> {
        let action = "list the branches";
        let answer = self
            .call(action)
            .args(["for-each-ref", "--format=%(objectname) %(refname)"])
            .arg(format!("refs/heads/{below}"))
            .ok()?;
        let listed = String::from_utf8_lossy(&answer.stdout).into_owned();
        listed
            .lines()
            .filter_map(|line| line.split_once(" refs/heads/"))
            .map(|(id, name)| Ok((name.to_owned(), self.id(action, id)?)))
            .collect()
    }

    /// Creates one of our branches; see `Forge::create_branch`.
    pub(crate) fn create_branch(&self, branch: &str, commit: &GitCommit) -> Result<(), ForgeError> {
        let action = "create the branch";
        self.checked(action, branch)?;
        if !branch.starts_with(OURS) {
            let reason = format!("{branch} is not below {OURS}: only branches there are ours");
            return Err(self.refused(action, reason));
        }
        if !self.has_commit(commit)? {
            return Err(self.refused(action, format!("{commit} is not in the repository")));
        }
        let nothing = "0".repeat(commit.as_str().len());
        let answer = self.update_ref(action, branch, [commit.as_str(), &nothing], "create")?;
        if answer.code == Some(0) {
            return Ok(());
        }
        match self.branch(branch)? {
            Some(found) if &found == commit => Ok(()),
            Some(found) => Err(ForgeError::BranchTaken {
                repository: self.location.clone(),
                branch: branch.to_owned(),
                found,
                wanted: commit.clone(),
            }),
            None => Err(self.no_branch(action, branch, &said(&answer))),
        }
    }

    /// Moves a branch from one git commit to another; `false`: it was not where it was expected.
    /// `why` goes into the branch's log, if the repository keeps one.
    pub(crate) fn move_branch(
        &self,
        branch: &str,
        to: &GitCommit,
        from: &GitCommit,
        why: &str,
    ) -> Result<bool, ForgeError> {
        let action = "move the branch";
        self.checked(action, branch)?;
        let answer = self.update_ref(action, branch, [to.as_str(), from.as_str()], why)?;
        match answer.code {
            Some(0) => Ok(true),
            _ if self.branch(branch)?.as_ref() != Some(from) => Ok(false),
            _ => Err(self.unavailable(action, said(&answer))),
        }
    }

    /// Deletes a branch that stands at `expected`; `false`: it stands elsewhere.
    pub(crate) fn delete_branch(
        &self,
        branch: &str,
        expected: &GitCommit,
    ) -> Result<bool, ForgeError> {
        let action = "delete the branch";
        self.checked(action, branch)?;
        let answer = self
            .call(action)
            .args(["update-ref", "--no-deref", "-d"])
            .args([&full(branch), expected.as_str()])
            .answer()?;
        match answer.code {
            Some(0) => Ok(true),
            _ => match self.branch(branch)? {
                None => Ok(true),
                Some(found) if &found != expected => Ok(false),
                Some(_) => Err(self.unavailable(action, said(&answer))),
            },
        }
    }

    fn update_ref(
        &self,
        action: &'static str,
        branch: &str,
        new_and_old: [&str; 2],
        why: &str,
    ) -> Result<super::git::Answer, ForgeError> {
        self.call(action)
            .args(["update-ref", "--no-deref", "-m", &format!("leviathan: {why}")])
            .arg(full(branch))
            .args(new_and_old)
            .answer()
    }

    /// Why a branch could not be created although no branch of that name is there: a branch called
    /// like one of its folders stays in the way until a person renames it; a lock may pass.
    fn no_branch(&self, action: &'static str, branch: &str, said: &str) -> ForgeError {
        let parents = branch.match_indices('/').filter_map(|(at, _)| branch.get(..at));
        for parent in parents {
            if matches!(self.branch(parent), Ok(Some(_))) {
                let reason = format!(
                    "a branch named {parent} exists, so that git can hold no {branch}; rename it: \
                     git branch -m {parent} {parent}-branch"
                );
                return self.refused(action, reason);
            }
        }
        if matches!(self.branches(&format!("{branch}/")), Ok(below) if !below.is_empty()) {
            return self.refused(action, format!("branches below {branch}/ are in its way"));
        }
        self.unavailable(action, said)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn branch_names_follow_gits_rules() {
        for (name, allowed) in [
            ("main", true),
            ("agent/fix-parser-abc", true),
            ("feature/ünïcode", true),
            ("release-1.x", true),
            ("", false),
            ("-d", false),
            ("@", false),
            ("a b", false),
            ("a..b", false),
            ("a@{1}", false),
            ("a^", false),
            ("a~1", false),
            ("a:b", false),
            ("a\nb", false),
            ("a/", false),
            ("/a", false),
            ("a//b", false),
            ("a/.b", false),
            ("a.lock", false),
            ("a.lock/b", false),
            ("a.", false),
        ] {
            assert_eq!(is_branch_name(name), allowed, "{name:?}");
        }
    }
}
