//! What a target's `.leviathan/` says on its default branch.

use std::sync::{Arc, PoisonError};

use leviathan_core::backlog;
use leviathan_core::decide::Moment;
use leviathan_core::decide::sync::{self, Observed, Progress};
use leviathan_core::fact::FileProblem;
use leviathan_core::ids::{Digest, GitCommit, TargetId};
use leviathan_core::policy_file::{self, PolicySource};
use leviathan_core::ports::forge::Repository;
use leviathan_core::state::{State, Target};

use crate::{TextFile, Tick, Trouble, repository, transaction};

/// The backlog's place in a target.
pub const BACKLOG: &str = ".leviathan/backlog.yaml";

/// The policy's place in a target.
pub const POLICY: &str = ".leviathan/policy.yaml";

impl Tick {
    /// Appends what is new in the target's files, if its default branch moved since this process
    /// read them. Whether anything was.
    pub(crate) async fn follow_files(
        &self,
        id: &TargetId,
        target: &Target,
    ) -> Result<bool, Trouble> {
        let repository = repository(target);
        let head = self.forge.head(&repository).await?;
        let Some(head) = head else { return Ok(false) };
        if self.read_last(id).as_ref() == Some(&head) {
            return Ok(false);
        }
        let news = match self.observe(id, &repository, &head).await? {
            Ok(observed) => self.take_up(id, observed).await?,
            Err(problem) => self.refuse(id, &head, problem).await?,
        };
        self.remember(id, head);
        Ok(news)
    }

    /// Reads and parses; the inner error is the file's fault and goes into the log.
    async fn observe(
        &self,
        id: &TargetId,
        repository: &Repository,
        head: &GitCommit,
    ) -> Result<Result<Observed, FileProblem>, Trouble> {
        let stand_in = self.stand_ins.get(id);
        let (backlog, policy) = match stand_in {
            Some(files) => (Some(files.backlog.clone()), Some(files.policy.clone())),
            None => (
                self.text(repository, head, BACKLOG).await?,
                self.text(repository, head, POLICY).await?,
            ),
        };
        let source = if stand_in.is_some() { "state folder" } else { "repository" };
        let Some(backlog) = backlog else {
            return Ok(Err(missing(&repository.default_branch)));
        };
        Ok(self.parse(head, &backlog, policy.as_ref(), source))
    }

    fn parse(
        &self,
        head: &GitCommit,
        backlog: &TextFile,
        policy: Option<&TextFile>,
        source: &str,
    ) -> Result<Observed, FileProblem> {
        let organisation = self.organisation_policy.as_ref().map(policy_source);
        let effective = policy_file::effective(organisation, policy.map(policy_source))?;
        for note in &effective.notes {
            tracing::warn!("{note}");
        }
        Ok(Observed {
            git_commit: head.clone(),
            backlog_digest: Digest::of(backlog.text.as_bytes()),
            backlog: backlog::parse(&backlog.name, &backlog.text)?,
            policy: effective.policy,
            source: source.to_owned(),
        })
    }

    async fn text(
        &self,
        repository: &Repository,
        head: &GitCommit,
        path: &str,
    ) -> Result<Option<TextFile>, Trouble> {
        let file = self.forge.file(repository, head, path).await?;
        Ok(file.map(|file| TextFile {
            name: path.to_owned(),
            // A byte that is not UTF-8 shows up in the parser's message, with its line.
            text: String::from_utf8_lossy(&file.bytes).into_owned(),
        }))
    }

    /// Definitions go into the store before the events that name them.
    async fn take_up(&self, id: &TargetId, observed: Observed) -> Result<bool, Trouble> {
        let view = self.log.view().await?;
        let known = view.state.targets.get(id);
        for task in &observed.backlog.tasks {
            let definition = &task.definition;
            let task = known.and_then(|target| target.tasks.get(&definition.id));
            if task.is_none_or(|task| task.wish.definition != definition.digest()) {
                self.artifacts.put(definition.to_json().into_bytes()).await?;
            }
        }
        let mut news = false;
        let observed = Arc::new(observed);
        loop {
            let transaction = transaction("sync", Some(id));
            let (id, observed) = (id.clone(), Arc::clone(&observed));
            let decide =
                move |state: &State, moment: &Moment| sync::sync(state, moment, &id, &observed);
            let outcome = self.log.transact(&transaction, decide).await?;
            if let Some(commit) = &outcome.commit {
                news = true;
                self.send_effects(commit).await;
            }
            if outcome.answer == Progress::Done {
                return Ok(news);
            }
        }
    }

    async fn refuse(
        &self,
        id: &TargetId,
        head: &GitCommit,
        problem: FileProblem,
    ) -> Result<bool, Trouble> {
        let transaction = transaction("sync", Some(id));
        let (id, head) = (id.clone(), head.clone());
        let decide = move |state: &State, _: &Moment| sync::refuse(state, &id, &head, &problem);
        Ok(self.log.transact(&transaction, decide).await?.commit.is_some())
    }

    fn read_last(&self, id: &TargetId) -> Option<GitCommit> {
        let read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        read.get(id).cloned()
    }

    fn remember(&self, id: &TargetId, head: GitCommit) {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        read.insert(id.clone(), head);
    }
}

fn policy_source(file: &TextFile) -> PolicySource<'_> {
    PolicySource { file: &file.name, text: &file.text }
}

fn missing(branch: &str) -> FileProblem {
    FileProblem {
        file: BACKLOG.to_owned(),
        line: 0,
        task_id: None,
        problem: format!("it does not exist on branch {branch}"),
        expected: "a backlog: `leviathanctl init` proposes one, `leviathanctl try` needs none"
            .to_owned(),
    }
}
