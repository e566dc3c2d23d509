//! Merging without a working tree, and only where nobody has the default branch checked out.

use leviathan_core::ids::GitCommit;
use leviathan_core::ports::ForgeError;
use leviathan_core::ports::forge::{MergeOutcome, WatchedPullRequest};

use super::checkouts::{self, Checkout};
use super::discover::Located;
use super::git::{Git, said, text};

const ACTION: &str = "merge the pull request";

impl Git {
    /// See `Forge::merge`.
    pub(crate) fn merge(
        &self,
        located: &Located,
        default_branch: &str,
        watched: &WatchedPullRequest,
        message: &str,
        unix_seconds: i64,
    ) -> Result<MergeOutcome, ForgeError> {
        let Some(tip) = self.branch(default_branch)? else {
            return Err(self.refused(ACTION, format!("there is no branch {default_branch}")));
        };
        self.ours_still(watched)?;
        if self.is_ancestor(&watched.head_commit, &tip)? {
            return Ok(MergeOutcome::Merged { commit: tip });
        }
        if let Some(busy) = self.checked_out(located, default_branch)? {
            return Ok(MergeOutcome::CheckedOut { command: by_hand(&busy, &watched.head) });
        }
        let tree = match self.merged_tree(&tip, &watched.head_commit)? {
            Ok(tree) => tree,
            Err(files) => return Ok(MergeOutcome::Conflict { files }),
        };
        let parents = [&tip, &watched.head_commit];
        let commit = self.commit_tree(ACTION, &tree, &parents, message, unix_seconds)?;
        // Again, as late as can be: what is checked out from here on sees the branch move, as it
        // would under any `git push` into this repository.
        if let Some(busy) = self.checked_out(located, default_branch)? {
            return Ok(MergeOutcome::CheckedOut { command: by_hand(&busy, &watched.head) });
        }
        let why = format!("merge {}", watched.head);
        if self.move_branch(default_branch, &commit, &tip, &why)? {
            return Ok(MergeOutcome::Merged { commit });
        }
        let reason = format!("{default_branch} moved in the meantime; nothing was changed");
        Err(self.unavailable(ACTION, reason))
    }

    /// The working tree that is busy with the branch, if any.
    pub(crate) fn checked_out(
        &self,
        located: &Located,
        branch: &str,
    ) -> Result<Option<Checkout>, ForgeError> {
        Ok(checkouts::all(self, located)?.into_iter().find(|checkout| checkout.branch == branch))
    }

    fn ours_still(&self, watched: &WatchedPullRequest) -> Result<(), ForgeError> {
        match self.branch(&watched.head)? {
            Some(head) if head == watched.head_commit => Ok(()),
            Some(head) => {
                let reason = format!(
                    "{} stands at {head}, not at {} that was checked: somebody pushed to it, so \
                     it is theirs to merge, with git",
                    watched.head, watched.head_commit
                );
                Err(self.refused(ACTION, reason))
            }
            None => Err(self.refused(ACTION, format!("there is no branch {}", watched.head))),
        }
    }

    /// The merge's tree, or the files that conflict. Tried aside first, so that a conflict leaves
    /// not even an object behind.
    fn merged_tree(
        &self,
        tip: &GitCommit,
        head: &GitCommit,
    ) -> Result<Result<String, Vec<String>>, ForgeError> {
        let aside = tempfile::tempdir_in(&self.dir)
            .map_err(|error| self.unavailable(ACTION, error.to_string()))?;
        let tried = self
            .merge_tree(tip, head)
            .env("GIT_OBJECT_DIRECTORY", aside.path())
            .env("GIT_ALTERNATE_OBJECT_DIRECTORIES", self.dir.join("objects"))
            .answer()?;
        match tried.code {
            Some(0) => {}
            Some(1) => return Ok(Err(conflicts(&tried.stdout))),
            _ => return Err(self.refused(ACTION, said(&tried))),
        }
        let tree = self.merge_tree(tip, head).ok()?;
        let id = tree.stdout.split(|b| *b == 0).next().unwrap_or_default();
        Ok(Ok(String::from_utf8_lossy(id).into_owned()))
    }

    fn merge_tree(&self, tip: &GitCommit, head: &GitCommit) -> super::git::Call<'_> {
        self.call(ACTION)
            .args(["merge-tree", "--write-tree", "-z", "--name-only", "--no-messages"])
            .args([tip.as_str(), head.as_str()])
    }
}

/// `git merge-tree -z --name-only`: the tree, then each conflicted path.
fn conflicts(answer: &[u8]) -> Vec<String> {
    let mut files: Vec<String> = answer
        .split(|b| *b == 0)
        .skip(1)
        .filter(|path| !path.is_empty())
        .map(|path| String::from_utf8_lossy(path).into_owned())
        .collect();
    files.dedup();
    files
}

/// The command that a person runs instead.
fn by_hand(busy: &Checkout, head: &str) -> String {
    let path = text(&busy.path);
    shell_words::join(["git", "-C", &path, "merge", "--no-ff", "--no-edit", head])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_for_a_person_is_quoted_for_the_shell() {
        let busy = Checkout { path: "/home/me/my repo's".into(), branch: "main".to_owned() };
        let command = by_hand(&busy, "agent/x-1");
        let words = shell_words::split(&command).unwrap();
        assert_eq!(words[2], "/home/me/my repo's");
        assert_eq!(words.last().unwrap(), "agent/x-1");
    }

    #[test]
    fn conflicting_paths_are_each_named_once() {
        assert_eq!(conflicts(b"tree\0a b\0a b\0c\0"), ["a b", "c"]);
        assert_eq!(conflicts(b"tree\0"), Vec::<String>::new());
    }
}
