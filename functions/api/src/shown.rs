//! What is only shown: the graph, and the newest commits, kept beside the log and fed from it.
//!
//! Each commit is folded once, so a request costs what is new since the one before, whatever the
//! log's length (CONTRACT 1.3, A15).

use std::collections::VecDeque;
use std::sync::Arc;

use leviathan_core::event::Event;
use leviathan_core::graph::{EventPlace, Graph};
use leviathan_log::{Commit, Log, LogError};
use tokio::sync::{Mutex, MutexGuard};

/// The newest commits that are kept, by their events' bytes. Older ones are read when asked for.
const KEPT_BYTES: usize = 16 * 1024 * 1024;
const KEPT_COMMITS: usize = 1024;

/// The fold, shared by all requests.
#[derive(Default)]
pub(crate) struct Shown(Mutex<Fold>);

/// The fold over all commits before `next_seq`.
#[derive(Default)]
pub(crate) struct Fold {
    pub(crate) graph: Graph,
    next_seq: u64,
    /// Newest last, without a gap.
    newest: VecDeque<(Arc<Commit>, usize)>,
    newest_bytes: usize,
}

impl Shown {
    /// The fold over everything that was acknowledged before the call.
    pub(crate) async fn caught_up(&self, log: &Log) -> Result<MutexGuard<'_, Fold>, LogError> {
        let end = log.view().await?.position.next_seq();
        let mut fold = self.0.lock().await;
        while fold.next_seq < end {
            let commit = log.read(fold.next_seq).await?;
            fold.take(&Arc::new(commit));
        }
        Ok(fold)
    }

    /// Takes in a commit that this process appended, if it is the next one: saves reading it.
    pub(crate) async fn note(&self, commit: &Arc<Commit>) {
        let mut fold = self.0.lock().await;
        if commit.header.seq == fold.next_seq {
            fold.take(commit);
        }
    }

    /// The newest events, newest first.
    pub(crate) async fn recent(&self, log: &Log, limit: usize) -> Result<Vec<Event>, LogError> {
        let mut next = self.caught_up(log).await?.next_seq;
        let mut events = Vec::new();
        while let Some(seq) = next.checked_sub(1).filter(|_| events.len() < limit) {
            let commit = self.commit(log, seq).await?;
            events.extend(commit.events.iter().rev().cloned());
            next = seq;
        }
        events.truncate(limit);
        Ok(events)
    }

    /// The events that stand in these places, in the same order.
    pub(crate) async fn events(
        &self,
        log: &Log,
        places: &[EventPlace],
    ) -> Result<Vec<Event>, LogError> {
        let mut events = Vec::with_capacity(places.len());
        let mut last: Option<Arc<Commit>> = None;
        for place in places {
            let commit = match last.take().filter(|commit| commit.header.seq == place.seq) {
                Some(commit) => commit,
                None => self.commit(log, place.seq).await?,
            };
            events.extend(commit.events.iter().find(|e| e.offset == place.offset).cloned());
            last = Some(commit);
        }
        Ok(events)
    }

    async fn commit(&self, log: &Log, seq: u64) -> Result<Arc<Commit>, LogError> {
        if let Some(commit) = self.0.lock().await.kept(seq) {
            return Ok(commit);
        }
        log.read(seq).await.map(Arc::new)
    }
}

impl Fold {
    fn take(&mut self, commit: &Arc<Commit>) {
        let mut bytes = 0_usize;
        for event in &commit.events {
            self.graph.apply(event);
            // Counting is cheaper than keeping the bytes that were read.
            bytes = bytes.saturating_add(serde_json::to_string(event).map_or(0, |text| text.len()));
        }
        self.next_seq = commit.header.seq.saturating_add(1);
        self.newest.push_back((Arc::clone(commit), bytes));
        self.newest_bytes = self.newest_bytes.saturating_add(bytes);
        while self.newest_bytes > KEPT_BYTES || self.newest.len() > KEPT_COMMITS {
            let Some((_, bytes)) = self.newest.pop_front() else { break };
            self.newest_bytes = self.newest_bytes.saturating_sub(bytes);
        }
    }

    fn kept(&self, seq: u64) -> Option<Arc<Commit>> {
        let (first, _) = self.newest.front()?;
        let index = usize::try_from(seq.checked_sub(first.header.seq)?).ok()?;
        self.newest.get(index).map(|(commit, _)| Arc::clone(commit))
    }
}
