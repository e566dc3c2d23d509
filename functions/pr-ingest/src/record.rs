//! What a delivery tells, recorded by the decision that tick uses for the same news.

use leviathan_core::decide::{Moment, pull_request};
use leviathan_core::event::{Principal, Role};
use leviathan_core::ids::{GitCommit, TargetId};
use leviathan_core::ports::forge::PullRequestStatus;
use leviathan_core::state::State;
use leviathan_github::Location;
use leviathan_github::webhook::PullRequestNews;
use leviathan_log::{LogError, Transaction};

use crate::PrIngest;
use crate::answer::Answer;

impl PrIngest {
    /// Records what became of a pull request, for each target that is this repository.
    pub(crate) async fn pull_request(
        &self,
        repository: &Location,
        number: u64,
        news: PullRequestNews,
    ) -> Answer {
        match self.record(repository, number, &status(news)).await {
            Ok(recorded) => recorded.answer(repository, number),
            Err(error) => unavailable(&error),
        }
    }

    /// A push is no news by itself: tick asks every target's default branch where it stands.
    pub(crate) async fn pushed(
        &self,
        repository: &Location,
        branch: &str,
        head: &GitCommit,
    ) -> Answer {
        let view = match self.log.view().await {
            Ok(view) => view,
            Err(error) => return unavailable(&error),
        };
        let targets = targets(&view.state, repository);
        if targets.is_empty() {
            return no_target(repository);
        }
        let followed: Vec<_> = targets
            .iter()
            .filter_map(|id| view.state.targets.get_key_value(id))
            .filter(|(_, target)| target.default_branch == branch)
            .collect();
        if followed.is_empty() {
            return Answer::ignored("it is not the branch that pull requests go into");
        }
        let read = |target: &leviathan_core::state::Target| {
            target.synced.as_ref().is_some_and(|synced| synced.files.git_commit == *head)
        };
        match followed.iter().all(|(_, target)| read(target)) {
            true => Answer::ignored(format!("the files were read at {head} already")),
            false => Answer::ignored(format!("the next tick reads the files at {head}")),
        }
    }

    async fn record(
        &self,
        repository: &Location,
        number: u64,
        status: &PullRequestStatus,
    ) -> Result<Recorded, LogError> {
        let view = self.log.view().await?;
        let mut recorded = Recorded::default();
        for id in targets(&view.state, repository) {
            recorded.targets += 1;
            let mut transaction = Transaction::of("webhook", Principal::program(Role::PrIngest));
            transaction.target = Some(id.clone());
            let status = status.clone();
            let decide = move |state: &State, moment: &Moment| {
                pull_request::news(state, moment, &id, number, &status)
            };
            let outcome = self.log.transact(&transaction, decide).await?;
            recorded.news += usize::from(outcome.answer && outcome.commit.is_some());
        }
        Ok(recorded)
    }
}

/// In how many targets the repository is known, and for how many it was news.
#[derive(Debug, Default)]
struct Recorded {
    targets: usize,
    news: usize,
}

impl Recorded {
    fn answer(&self, repository: &Location, number: u64) -> Answer {
        match (self.targets, self.news) {
            (0, _) => no_target(repository),
            (_, 0) => Answer::ignored(format!(
                "nothing new: pull request {number} is not one of ours that is open, or the log \
                 knows it already"
            )),
            _ => Answer::done(format!("what became of pull request {number} was recorded")),
        }
    }
}

fn status(news: PullRequestNews) -> PullRequestStatus {
    match news {
        PullRequestNews::Open { head } => PullRequestStatus::Open { head },
        PullRequestNews::Merged { commit } => {
            PullRequestStatus::Merged { commit, found_by: "forge" }
        }
        PullRequestNews::Closed => {
            PullRequestStatus::Closed { reason: "closed at GitHub".to_owned() }
        }
    }
}

/// The targets that are this repository: one, unless it was registered for several branches.
fn targets(state: &State, repository: &Location) -> Vec<TargetId> {
    let same = |location: &str| location.parse::<Location>().is_ok_and(|it| it == *repository);
    state
        .targets
        .iter()
        .filter(|(_, target)| same(&target.repository))
        .map(|(id, _)| id.clone())
        .collect()
}

fn no_target(repository: &Location) -> Answer {
    Answer::ignored(format!("{repository} is no target"))
}

/// GitHub shows the delivery as failed, and it can be sent again; the next tick sees the same by
/// itself.
fn unavailable(error: &LogError) -> Answer {
    Answer::refused(503, format!("it could not be recorded, send it again: {error}"))
}
