//! What became of a pull request: a repository has no such thing, so it is read off the branches,
//! however a person merged (DECISIONS 17).

use std::collections::BTreeSet;

use leviathan_core::ids::GitCommit;
use leviathan_core::ports::ForgeError;
use leviathan_core::ports::forge::{PullRequestStatus, WatchedPullRequest};

use super::git::Git;

const ACTION: &str = "look up the pull request";

/// Where publish writes the task's completion. Two pull requests touch this file side by side, so
/// a person who merges the second has often had to settle it by hand: its content is no evidence.
const WRITTEN_BACK: &str = ".leviathan/backlog.yaml";

/// How many git commits that touch the change's paths are compared, newest first.
const MOST_CANDIDATES: &str = "--max-count=2000";

/// How far the default branch was searched for one pull request's change, without finding it: the
/// next look begins where this one ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Searched {
    /// Everything behind this git commit was looked at.
    tip: GitCommit,
    /// A git commit that carries the trailer and makes another change.
    lookalike: Option<GitCommit>,
}

/// One path of a git commit's change: what `git diff-tree --raw` says, without the old side.
type Outcome = (Vec<u8>, String);

impl Git {
    /// See `Forge::pull_request`. `searched` is what the last look at it left behind.
    pub(crate) fn status(
        &self,
        default_branch: &str,
        watched: &WatchedPullRequest,
        searched: &mut Option<Searched>,
    ) -> Result<PullRequestStatus, ForgeError> {
        if let Some(tip) = self.branch(default_branch)?
            && self.has_commit(&watched.head_commit)?
        {
            if self.is_ancestor(&watched.head_commit, &tip)? {
                let commit = self.brought_by(&watched.head_commit, &watched.base_commit, &tip)?;
                return Ok(PullRequestStatus::Merged { commit, found_by: "ancestor" });
            }
            if searched.as_ref().is_none_or(|searched| searched.tip != tip) {
                let before = searched.take();
                let since = before.as_ref().map(|before| &before.tip);
                let before = before.as_ref().and_then(|before| before.lookalike.clone());
                match self.same_change(watched, since, &tip)? {
                    Same::Found { commit, found_by } => {
                        return Ok(PullRequestStatus::Merged { commit, found_by });
                    }
                    Same::OnlyTrailer(commit) => {
                        *searched = Some(Searched { tip, lookalike: Some(commit) });
                    }
                    Same::Nothing => *searched = Some(Searched { tip, lookalike: before }),
                }
            }
        }
        Ok(match self.branch(&watched.head)? {
            Some(head) => PullRequestStatus::Open { head },
            None => {
                let lookalike = searched.as_ref().and_then(|searched| searched.lookalike.as_ref());
                let reason = gone(&watched.head, default_branch, lookalike);
                PullRequestStatus::Closed { reason }
            }
        })
    }

    pub(crate) fn is_ancestor(
        &self,
        commit: &GitCommit,
        of: &GitCommit,
    ) -> Result<bool, ForgeError> {
        let answer = self
            .call(ACTION)
            .args(["merge-base", "--is-ancestor", commit.as_str(), of.as_str()])
            .answer()?;
        match answer.code {
            Some(0) => Ok(true),
            Some(1) => Ok(false),
            _ => Err(self.unavailable(ACTION, super::git::said(&answer))),
        }
    }

    /// The first git commit along the default branch that has `head` behind it: the merge commit,
    /// or `head` itself after a fast-forward.
    fn brought_by(
        &self,
        head: &GitCommit,
        base: &GitCommit,
        tip: &GitCommit,
    ) -> Result<GitCommit, ForgeError> {
        let after_head = self.listed(&["--ancestry-path", &format!("{head}..{tip}")])?;
        let mut after_head: BTreeSet<String> = after_head.into_iter().collect();
        after_head.insert(head.to_string());
        let along = self.listed(&["--first-parent", "--reverse", &format!("{base}..{tip}")])?;
        match along.into_iter().find(|commit| after_head.contains(commit)) {
            Some(commit) => self.id(ACTION, &commit),
            None => Ok(tip.clone()),
        }
    }

    fn listed(&self, args: &[&str]) -> Result<Vec<String>, ForgeError> {
        let answer = self.call(ACTION).arg("rev-list").args(args).ok()?;
        Ok(String::from_utf8_lossy(&answer.stdout).lines().map(str::to_owned).collect())
    }

    /// A git commit on the default branch that makes the same change: after a squash, a rebase or
    /// a cherry-pick, with the trailer or, where a person wrote a message of their own, with every
    /// file of the change, the written-back one included.
    fn same_change(
        &self,
        watched: &WatchedPullRequest,
        since: Option<&GitCommit>,
        tip: &GitCommit,
    ) -> Result<Same, ForgeError> {
        let (base, head) = (watched.base_commit.as_str(), watched.head_commit.as_str());
        let ours = self.results(&[base, head])?;
        let paths: Vec<String> =
            ours.iter().map(|(path, _)| String::from_utf8_lossy(path).into_owned()).collect();
        if paths.is_empty() {
            return Ok(Same::Nothing);
        }
        let (not_base, not_since) = (format!("^{base}"), since.map(|since| format!("^{since}")));
        let mut args = vec!["--full-history", "--no-merges", MOST_CANDIDATES];
        args.extend([tip.as_str(), not_base.as_str()]);
        args.extend(not_since.as_deref());
        args.push("--");
        args.extend(paths.iter().map(String::as_str));
        let mut only_trailer = None;
        for commit in self.listed(&args)? {
            let theirs = self.results(&[&commit])?;
            if theirs == ours {
                let found_by = if self.has_trailer(&commit, &watched.attempt)? {
                    "trailer"
                } else {
                    "same change"
                };
                return Ok(Same::Found { commit: self.id(ACTION, &commit)?, found_by });
            }
            if !self.has_trailer(&commit, &watched.attempt)? {
                continue;
            }
            let commit = self.id(ACTION, &commit)?;
            if essential(theirs) == essential(ours.clone())
                || self.lines(&[commit.as_str()])? == self.lines(&[base, head])?
            {
                return Ok(Same::Found { commit, found_by: "trailer" });
            }
            only_trailer.get_or_insert(commit);
        }
        Ok(only_trailer.map_or(Same::Nothing, Same::OnlyTrailer))
    }

    /// Each path that changed with the mode and blob that it has after.
    fn results(&self, commits: &[&str]) -> Result<BTreeSet<Outcome>, ForgeError> {
        let answer = self
            .call(ACTION)
            .args(["diff-tree", "-r", "-z", "--raw", "--root", "--no-commit-id", "--no-renames"])
            .args(["--no-abbrev", "--no-ext-diff"])
            .args(commits)
            .ok()?;
        let mut fields = answer.stdout.split(|b| *b == 0);
        let mut results = BTreeSet::new();
        while let (Some(facts), Some(path)) = (fields.next(), fields.next()) {
            // `:<old mode> <new mode> <old id> <new id> <letter>`
            let facts = String::from_utf8_lossy(facts).into_owned();
            let facts: Vec<&str> = facts.split(' ').collect();
            if let [_, mode, _, id, _] = facts.as_slice() {
                results.insert((path.to_vec(), format!("{mode} {id}")));
            }
        }
        Ok(results)
    }

    /// The lines that a change takes away and adds, without where they stand: the same after a
    /// rebase over other changes of the same file.
    fn lines(&self, commits: &[&str]) -> Result<Vec<u8>, ForgeError> {
        let exempt = format!(":(exclude,literal){WRITTEN_BACK}");
        let answer = self
            .call(ACTION)
            .args(["diff-tree", "-r", "-p", "-U0", "--root", "--no-commit-id", "--no-renames"])
            .args(["--binary", "--full-index", "--no-ext-diff", "--no-textconv", "--no-color"])
            .args(["--src-prefix=a/", "--dst-prefix=b/", "--diff-algorithm=myers"])
            .args(commits)
            .args(["--", ".", &exempt])
            .env("GIT_LITERAL_PATHSPECS", "0")
            .ok()?;
        let moves = |line: &&[u8]| line.starts_with(b"@@ ") || line.starts_with(b"index ");
        let kept: Vec<&[u8]> =
            answer.stdout.split(|b| *b == b'\n').filter(|line| !moves(line)).collect();
        Ok(kept.join(&b'\n'))
    }

    /// Whether the message carries our trailer, also where `git merge --squash` has indented it.
    fn has_trailer(&self, commit: &str, attempt: &str) -> Result<bool, ForgeError> {
        let answer = self.call(ACTION).args(["cat-file", "commit", commit]).ok()?;
        let text = String::from_utf8_lossy(&answer.stdout).into_owned();
        let message = text.split_once("\n\n").map_or("", |(_, message)| message);
        Ok(carries(message, attempt))
    }
}

/// What `same_change` found.
enum Same {
    /// The change is in this git commit.
    Found { commit: GitCommit, found_by: &'static str },
    /// This git commit says so in its message but changes something else.
    OnlyTrailer(GitCommit),
    /// No such git commit.
    Nothing,
}

fn essential(results: BTreeSet<Outcome>) -> BTreeSet<Outcome> {
    let mut results = results;
    results.retain(|(path, _)| path != WRITTEN_BACK.as_bytes());
    results
}

fn carries(message: &str, attempt: &str) -> bool {
    message.lines().filter_map(|line| line.trim().split_once(':')).any(|(name, value)| {
        name.eq_ignore_ascii_case("Leviathan-Attempt") && value.trim() == attempt
    })
}

fn gone(head: &str, default_branch: &str, lookalike: Option<&GitCommit>) -> String {
    match lookalike {
        Some(commit) => format!(
            "branch {head} was deleted; {commit} on {default_branch} carries its trailer, but \
             makes another change"
        ),
        None => format!("branch {head} was deleted and its change is not in {default_branch}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_trailer_is_found_where_git_and_people_put_it() {
        for (message, found) in [
            ("subject\n\nLeviathan-Task: t\nLeviathan-Attempt: a-1\n", true),
            ("Squashed commit of the following:\n\n    Leviathan-Attempt: a-1\n", true),
            ("subject\n\nleviathan-attempt:a-1", true),
            ("subject\n\nLeviathan-Attempt: a-12\n", false),
            ("this reverts Leviathan-Attempt: a-1", false),
            ("", false),
        ] {
            assert_eq!(carries(message, "a-1"), found, "{message:?}");
        }
    }
}
