//! What is only shown: the graph, and the newest commits. Kept beside the state by those who asked
//! for it, at the same position, and fed by the same reading: no commit is fetched for it.

use std::collections::VecDeque;
use std::sync::Arc;

use leviathan_core::event::Event;
use leviathan_core::graph::{AttemptRow, Failure, Graph, Window};

use crate::commit::{Commit, StoredCommit};
use crate::error::LogError;
use crate::log::Log;
use crate::views::graph::{Finder, ShownAttempt};

/// The newest commits that are kept, by their bytes. Older ones are read when asked for.
const KEPT_BYTES: usize = 16 * 1024 * 1024;
const KEPT_COMMITS: usize = 1024;

/// What is shown at one point of the log.
#[derive(Debug, Clone, Default)]
pub struct Shown {
    /// The fold over all events up to there.
    pub graph: Graph,
    next_seq: u64,
    /// Newest last, without a gap, each with its size.
    newest: VecDeque<(Arc<Commit>, usize)>,
    newest_bytes: usize,
}

impl Shown {
    /// What a view tells; this commit is next.
    pub(crate) fn of(graph: Graph, next_seq: u64) -> Self {
        Self { graph, next_seq, ..Self::default() }
    }

    /// Nothing yet.
    pub(crate) fn new(window: Window) -> Self {
        Self::of(Graph::new(window), 0)
    }

    /// The commit after the last one that was taken in.
    pub(crate) fn next_seq(&self) -> u64 {
        self.next_seq
    }

    /// Goes one commit further.
    pub(crate) fn take(&mut self, stored: &StoredCommit) {
        stored.commit.events.iter().for_each(|event| self.graph.apply(event));
        self.next_seq = stored.commit.header.seq.saturating_add(1);
        let bytes = stored.bytes.len();
        self.newest.push_back((Arc::clone(&stored.commit), bytes));
        self.newest_bytes = self.newest_bytes.saturating_add(bytes);
        while self.newest_bytes > KEPT_BYTES || self.newest.len() > KEPT_COMMITS {
            let Some((_, bytes)) = self.newest.pop_front() else { break };
            self.newest_bytes = self.newest_bytes.saturating_sub(bytes);
        }
    }

    /// A commit that is still here.
    pub(crate) fn kept(&self, seq: u64) -> Option<&Arc<Commit>> {
        let (first, _) = self.newest.front()?;
        let index = usize::try_from(seq.checked_sub(first.header.seq)?).ok()?;
        self.newest.get(index).map(|(commit, _)| commit)
    }
}

impl Log {
    /// The same log, keeping what is only shown while it reads: for the api, whose cold start so
    /// begins from a view of the graph, in no round trip of its own.
    #[must_use]
    pub fn showing(self) -> Self {
        self.showing_within(Window::STANDARD)
    }

    /// The same with another window. Programs take the one above; in tests' short logs things have
    /// to leave sooner.
    #[must_use]
    pub fn showing_within(mut self, window: Window) -> Self {
        self.desk_mut().show(window);
        self
    }

    /// What is shown now: caught up with every append that was acknowledged before the call. Without
    /// a data store nothing leaves the graph, and it is folded from commit 0.
    pub async fn shown(&self) -> Result<Arc<Shown>, LogError> {
        let mut desk = self.desk().await;
        let tail = desk.tail(self.access()).await?;
        tail.catch_up(self.access()).await?;
        tail.shown(self.access()).await
    }

    /// One attempt, with its events, whether it is still at hand or a view; `shown` is a recent one.
    pub async fn shown_attempt(&self, shown: &Shown, id: &str) -> Result<ShownAttempt, LogError> {
        self.shown_finder(shown).attempt(id).await
    }

    /// Attempts, newest first, of one target or of all.
    pub async fn shown_attempts(
        &self,
        shown: &Shown,
        target: Option<&str>,
        limit: usize,
    ) -> Result<Vec<AttemptRow>, LogError> {
        self.shown_finder(shown).attempts(target, limit).await
    }

    /// Failures, newest first by the time that they tell.
    pub async fn shown_failures(
        &self,
        shown: &Shown,
        target: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Failure>, LogError> {
        self.shown_finder(shown).failures(target, limit).await
    }

    /// The newest events, newest first.
    pub async fn newest_events(&self, shown: &Shown, limit: usize) -> Result<Vec<Event>, LogError> {
        self.shown_finder(shown).newest_events(limit).await
    }

    fn shown_finder<'a>(&'a self, shown: &'a Shown) -> Finder<'a> {
        Finder { access: self.access(), shown }
    }
}
