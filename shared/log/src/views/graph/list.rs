//! What left the graph, newest first: the departures that it still holds, then the views, some at a
//! time.

use std::cmp::Reverse;
use std::collections::{BTreeSet, VecDeque};

use leviathan_core::graph::{AttemptRow, Failure, Row, Since};

use super::super::blocks::first_missing;
use super::super::{BLOCK, risen};
use super::find::Finder;
use super::{block_key, blocks, target_prefix};
use crate::error::LogError;

/// Views fetched at the same time: most answers need one or two.
const AT_ONCE: usize = 4;

/// Keys asked for in one LIST.
const LIST_PAGE: usize = 1_000;

/// Where the next rows come from.
enum Source {
    /// The departures at hand.
    Here,
    /// Every block below this number.
    Blocks(u64),
    /// The blocks that concern the target, as LISTs name them.
    Target {
        named: VecDeque<String>,
        /// The last key of the last LIST; `None`: there was none yet.
        after: Option<String>,
        /// That was the last one.
        finished: bool,
    },
}

/// A place in that list.
pub(super) struct Left<'a> {
    finder: Finder<'a>,
    target: Option<&'a str>,
    source: Source,
    rows: VecDeque<Row>,
    given_back: Option<(Since, AttemptRow)>,
    /// Attempts of which a newer row says that they were named again.
    later: BTreeSet<String>,
}

impl<'a> Left<'a> {
    /// At its beginning; of one target or of all.
    pub(super) fn of(finder: Finder<'a>, target: Option<&'a str>) -> Self {
        let (source, rows, later) = (Source::Here, VecDeque::new(), BTreeSet::new());
        Self { finder, target, source, rows, given_back: None, later }
    }

    /// Whether events named this attempt after the row that was handed out.
    pub(super) fn was_named_later(&self, attempt_id: &str) -> bool {
        self.later.contains(attempt_id)
    }

    /// The next attempt, with its place.
    pub(super) async fn next_attempt(&mut self) -> Result<Option<(Since, AttemptRow)>, LogError> {
        if let Some(row) = self.given_back.take() {
            return Ok(Some(row));
        }
        loop {
            match self.next().await? {
                None => return Ok(None),
                Some(Row::Attempt { since, row }) => return Ok(Some((since, row))),
                Some(Row::Later { attempt_id }) => {
                    self.later.insert(attempt_id);
                }
                Some(Row::Failure { .. }) => {}
            }
        }
    }

    /// It was not its turn.
    pub(super) fn give_back(&mut self, row: Option<(Since, AttemptRow)>) {
        self.given_back = row;
    }

    /// The next failure.
    pub(super) async fn next_failure(&mut self) -> Result<Option<Failure>, LogError> {
        loop {
            match self.next().await? {
                None => return Ok(None),
                Some(Row::Failure { failure, .. }) => return Ok(Some(failure)),
                Some(_) => {}
            }
        }
    }

    async fn next(&mut self) -> Result<Option<Row>, LogError> {
        loop {
            if let Some(row) = self.rows.pop_front() {
                return Ok(Some(row));
            }
            if !self.read_more().await? {
                return Ok(None);
            }
        }
    }

    /// Whether there was more; it may be of no use.
    async fn read_more(&mut self) -> Result<bool, LogError> {
        let past = self.finder.shown.graph.past();
        let first_kept = past.first_kept();
        let keys: Vec<String> = match &mut self.source {
            Source::Here => {
                let wanted = |target: Option<&str>| self.target.is_none() || target == self.target;
                let here = past.newest().rev().filter(|(_, left)| wanted(left.target()));
                self.rows.extend(here.map(|(_, departure)| departure.row()));
                self.source = match self.target {
                    Some(_) => {
                        let finished = first_kept == 0;
                        Source::Target { named: VecDeque::new(), after: None, finished }
                    }
                    None if first_kept == 0 => Source::Blocks(0),
                    None => Source::Blocks(self.complete(first_kept).await?),
                };
                return Ok(true);
            }
            Source::Blocks(below) => {
                let numbers = (0..*below).rev().take(AT_ONCE);
                let keys: Vec<String> = numbers.map(block_key).collect();
                *below = below.saturating_sub(AT_ONCE as u64);
                keys
            }
            Source::Target { named, after, finished } => {
                let prefix = target_prefix(self.target.unwrap_or_default());
                if named.is_empty() && !*finished {
                    let access = self.finder.access;
                    let page = access.list_data(&prefix, after.as_deref(), LIST_PAGE).await?;
                    *finished = page.len() < LIST_PAGE;
                    *after = page.last().cloned();
                    let first =
                        |key: &String| risen(key.strip_prefix(&prefix)?)?.checked_mul(BLOCK);
                    let wanted = |key: &String| first(key).is_some_and(|n| n < first_kept);
                    named.extend(page.into_iter().filter(wanted));
                }
                let more = !named.is_empty() || !*finished;
                let keys: Vec<String> = named.drain(..named.len().min(AT_ONCE)).collect();
                if keys.is_empty() {
                    return Ok(more);
                }
                keys
            }
        };
        if keys.is_empty() {
            return Ok(false);
        }
        let mut rows: Vec<(u64, Row)> = self.finder.all_lines(keys).await?;
        rows.retain(|(number, _)| *number < first_kept);
        rows.sort_by_key(|(number, _)| Reverse(*number));
        self.rows.extend(rows.into_iter().map(|(_, row)| row));
        Ok(true)
    }

    /// The block below which all are views.
    async fn complete(&self, first_kept: u64) -> Result<u64, LogError> {
        let complete = first_missing(self.finder.access, &blocks()).await?;
        if complete.saturating_mul(BLOCK) < first_kept {
            tracing::warn!("views of the graph are missing: older things are listed after a tick");
        }
        Ok(complete)
    }
}
