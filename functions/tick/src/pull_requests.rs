//! What became of a target's open pull requests, however it came about.

use leviathan_core::decide::{Moment, pull_request};
use leviathan_core::ids::TargetId;
use leviathan_core::ports::forge::WatchedPullRequest;
use leviathan_core::state::{State, Target};

use crate::{Tick, Trouble, repository, transaction};

impl Tick {
    /// Appends what is new of each open pull request. Whether anything was.
    pub(crate) async fn follow_pull_requests(
        &self,
        id: &TargetId,
        target: &Target,
    ) -> Result<bool, Trouble> {
        let mut news = false;
        for (number, pull_request) in target.open_pull_requests() {
            let opened = &pull_request.opened;
            let watched = WatchedPullRequest {
                number: *number,
                head: opened.branch_name.clone(),
                head_commit: opened.commit_sha.clone(),
                base_commit: opened.base_commit.clone(),
                attempt: opened.attempt_id.to_string(),
            };
            let status = self.forge.pull_request(&repository(target), &watched).await?;
            let transaction = transaction("pull_request", Some(id));
            let (id, number) = (id.clone(), *number);
            let decide = move |state: &State, moment: &Moment| {
                pull_request::news(state, moment, &id, number, &status)
            };
            news |= self.log.transact(&transaction, decide).await?.commit.is_some();
        }
        Ok(news)
    }
}
