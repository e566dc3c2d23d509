//! Verifies the checked diff once more and opens the pull request (DECISIONS 11).
//!
//! Woken by a queue message. Reads the log and artifacts; writes the log, the receipt's artifact and
//! a forge. Never runs anything of a target, never checks anything out: the change is data.
//!
//! Every step can be repeated. What was recorded first counts: `publish.prepared` fixes the git
//! commit, `pr.created` with `attempt.succeeded` ends the attempt. A second publisher of the same
//! attempt, or the same one after a crash, comes to the same branch and the same pull request.

mod change;
#[cfg(feature = "lambda")]
pub mod config;
mod entry;
mod stop;
mod work;

use std::sync::Arc;

use leviathan_core::decide::{Decision, publish as decide};
use leviathan_core::event::{Principal, Role};
use leviathan_core::fact::{FailureClass, Violation};
use leviathan_core::ids::{AttemptId, Digest, GitCommit};
use leviathan_core::ports::Forge;
use leviathan_core::ports::forge::{NewGitCommit, NewPullRequest, WatchedPullRequest};
use leviathan_core::receipt;
use leviathan_core::state::{AttemptStatus, Prepared, State};
use leviathan_log::artifacts::{self, Artifacts};
use leviathan_log::{Log, LogError, Transaction};

use change::Verified;
use stop::Stop;
use work::Work;

/// What publishing may touch.
pub struct Publish {
    /// The log.
    pub log: Arc<Log>,
    /// Where branches and pull requests are made.
    pub forge: Arc<dyn Forge>,
    /// Where the change and the task's definition are read, and the receipt is kept.
    pub artifacts: Artifacts,
}

/// How far it came. All but `NotWaiting` and `SwitchedOff` are in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Published {
    /// The attempt waits for no pull request: it has one, or has ended. Nothing was done.
    NotWaiting,
    /// The target is switched off: nothing was done, and the attempt goes on waiting.
    SwitchedOff,
    /// The tool had changed nothing: success without a pull request.
    NothingChanged,
    /// There is a pull request.
    Opened {
        /// Its number.
        number: u64,
        /// Where a person looks at it.
        url: String,
        /// Its branch.
        branch: String,
        /// What was pushed.
        git_commit: GitCommit,
    },
    /// The change may not be pushed: the attempt has ended.
    Refused {
        /// Why, for a person.
        reason: String,
    },
    /// It did not work; it is tried again, or has ended after too many tries.
    Failed {
        /// Whose fault it was.
        class: FailureClass,
        /// Why, for a person.
        reason: String,
    },
}

/// What happened could not be recorded: the message goes back to the queue.
#[derive(Debug, thiserror::Error)]
#[error("publishing attempt {attempt}: {source}")]
pub struct PublishError {
    /// The attempt.
    pub attempt: AttemptId,
    /// What is wrong with the log.
    #[source]
    pub source: LogError,
}

/// Publishes one attempt. `epoch` is the message's: one of another life of the log is not served
/// (DECISIONS 9).
///
/// # Errors
/// Only where the log could not be read or appended to; then the same call again goes on.
pub async fn publish(
    context: &Publish,
    attempt: &AttemptId,
    epoch: u64,
) -> Result<Published, PublishError> {
    let failed = |source| PublishError { attempt: attempt.clone(), source };
    let view = context.log.view().await.map_err(failed)?;
    let work = Work::of(&view.state, attempt).filter(|_| view.state.epoch() == epoch);
    let Some(work) = work else { return Ok(Published::NotWaiting) };
    if !work.policy.enabled {
        return Ok(Published::SwitchedOff);
    }
    let ended = match run(context, &work).await {
        Ok(published) => Ok(published),
        Err(Stop::Log(source)) => Err(source),
        Err(Stop::Refused { reason, violations }) => {
            refuse(context, &work, reason, violations).await
        }
        Err(Stop::Failed { class, reason }) => fail(context, &work, class, reason).await,
    };
    ended.map_err(failed)
}

/// The steps of DECISIONS 11, in order.
async fn run(context: &Publish, work: &Work) -> Result<Published, Stop> {
    let Some(diff_digest) = &work.checked.diff_digest else {
        let attempt = work.attempt.clone();
        let decide = move |state: &State| decide::nothing_changed(state, &attempt);
        let ended = context.record(work, decide).await?;
        return Ok(if ended { Published::NothingChanged } else { Published::NotWaiting });
    };
    let verified = change::verify(context, work, diff_digest).await?;
    let Some(prepared) = prepare(context, work, &verified).await? else {
        return Ok(Published::NotWaiting);
    };
    context.forge.create_branch(&work.repository, &prepared.branch, &prepared.git_commit).await?;
    open(context, work, &verified, &prepared).await
}

/// Makes the git commit and records it; what was recorded first is what will be pushed.
async fn prepare(
    context: &Publish,
    work: &Work,
    verified: &Verified,
) -> Result<Option<Prepared>, Stop> {
    let commit = context.log.read(work.checked_seq).await?;
    let checked_at = commit.header.recorded_at;
    let entry = entry::entry(context, work, verified, checked_at).await?;
    let mut changes = verified.passed.diff().files.clone();
    changes.extend(entry.change);
    let facts = work.receipt(verified, diff_digest(work)?, &work.branch, &entry.said);
    let commit = NewGitCommit {
        base: work.base.clone(),
        changes,
        message: receipt::render(&facts).git_commit_message,
        unix_seconds: checked_at.as_second(),
    };
    let git_commit = context.forge.create_commit(&work.repository, &commit).await?;
    let (attempt, branch) = (work.attempt.clone(), work.branch.clone());
    let decide =
        move |state: &State| decide::prepared(state, &attempt, &git_commit, &branch, &entry.said);
    Ok(context.record(work, decide).await?)
}

/// Opens the pull request and records it together with the attempt's success.
async fn open(
    context: &Publish,
    work: &Work,
    verified: &Verified,
    prepared: &Prepared,
) -> Result<Published, Stop> {
    let facts = work.receipt(verified, diff_digest(work)?, &prepared.branch, &prepared.write_back);
    let text = receipt::render(&facts);
    let request = NewPullRequest {
        head: prepared.branch.clone(),
        base: work.repository.default_branch.clone(),
        title: text.title.clone(),
        body: text.body.clone(),
        draft: text.draft,
    };
    let pull_request = context.forge.open_pull_request(&work.repository, &request).await?;
    let size = u64::try_from(text.body.len()).unwrap_or(u64::MAX);
    let digest = context.artifacts.put(text.body).await?;
    let key = artifacts::key(&digest);
    let url = pull_request.url.clone();
    let opened = decide::Opened {
        pull_request,
        title: text.title,
        draft: text.draft,
        receipt: (digest, size, key),
    };
    let attempt = work.attempt.clone();
    let decide = move |state: &State| decide::succeeded(state, &attempt, &opened);
    match context.record(work, decide).await? {
        Some(number) => Ok(Published::Opened {
            number,
            url,
            branch: prepared.branch.clone(),
            git_commit: prepared.git_commit.clone(),
        }),
        None => {
            withdraw(context, work).await?;
            Ok(Published::NotWaiting)
        }
    }
}

fn diff_digest(work: &Work) -> Result<&Digest, Stop> {
    work.checked.diff_digest.as_ref().ok_or_else(|| Stop::refused("the attempt has no diff"))
}

async fn refuse(
    context: &Publish,
    work: &Work,
    reason: String,
    violations: Vec<Violation>,
) -> Result<Published, LogError> {
    let (attempt, why) = (work.attempt.clone(), reason.clone());
    let decide = move |state: &State| decide::refused(state, &attempt, &why, &violations);
    if !context.record(work, decide).await? {
        return Ok(Published::NotWaiting);
    }
    withdraw(context, work).await?;
    Ok(Published::Refused { reason })
}

async fn fail(
    context: &Publish,
    work: &Work,
    class: FailureClass,
    reason: String,
) -> Result<Published, LogError> {
    let (attempt, why) = (work.attempt.clone(), reason.clone());
    let decide = move |state: &State| decide::failed(state, &attempt, class, &why);
    if !context.record(work, decide).await? {
        return Ok(Published::NotWaiting);
    }
    withdraw(context, work).await?;
    Ok(Published::Failed { class, reason })
}

/// Takes a branch back that no pull request will be opened for: its attempt ended without success
/// after the branch was prepared. A branch that somebody pushed to stays.
async fn withdraw(context: &Publish, work: &Work) -> Result<(), LogError> {
    let view = context.log.view().await?;
    let Some(attempt) = view.state.attempts.get(&work.attempt) else { return Ok(()) };
    let ended = attempt.status.is_terminal() && attempt.status != AttemptStatus::Succeeded;
    let Some(prepared) = attempt.prepared.as_ref().filter(|_| ended) else { return Ok(()) };
    let watched = WatchedPullRequest {
        number: 0,
        head: prepared.branch.clone(),
        head_commit: prepared.git_commit.clone(),
        base_commit: work.base.clone(),
        attempt: work.attempt.to_string(),
    };
    if let Err(error) = context.forge.close(&work.repository, &watched).await {
        tracing::warn!(attempt_id = %work.attempt, "a branch without pull request stays: {error}");
    }
    Ok(())
}

impl Publish {
    /// Appends what is decided on the newest state; its answer.
    async fn record<A: Send + 'static>(
        &self,
        work: &Work,
        mut decide: impl FnMut(&State) -> Decision<A> + Send + 'static,
    ) -> Result<A, LogError> {
        let principal = Principal::program(Role::Publish);
        let mut transaction = Transaction::of("publish", principal);
        transaction.target = Some(work.target.clone());
        let outcome = self.log.transact(&transaction, move |state, _| decide(state)).await?;
        Ok(outcome.answer)
    }
}
