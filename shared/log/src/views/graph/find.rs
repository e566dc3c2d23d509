//! Finding what is shown: first what is at hand, then among the views.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use leviathan_core::event::Event;
use leviathan_core::graph::{
    Aged, AttemptRow, Departure, EventPlace, Failure, Graph, Node, Since, Window,
};

use super::super::bytes::decode;
use super::super::risen;
use super::attempt_prefix;
use super::list::Left;
use serde::de::DeserializeOwned;

use crate::access::Access;
use crate::commit::{self, Commit};
use crate::error::LogError;
use crate::shown::Shown;
use crate::tail::damaged;

/// Keys asked for in one LIST.
const LIST_PAGE: usize = 1_000;

/// Objects fetched at the same time.
const AT_ONCE: usize = 16;

/// One attempt, as it is shown.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ShownAttempt {
    /// Its node; `None`: it was never created.
    pub node: Option<Node>,
    /// As a list names it.
    pub row: Option<AttemptRow>,
    /// What it produced, oldest first.
    pub produced: Vec<Node>,
    /// The events that name it, oldest first.
    pub events: Vec<Event>,
}

/// Looks for what is shown.
#[derive(Clone, Copy)]
pub(crate) struct Finder<'a> {
    pub(crate) access: &'a Access,
    pub(crate) shown: &'a Shown,
}

impl Finder<'_> {
    /// One attempt. At hand it costs the commits of its events that are not; else one LIST more, a
    /// GET for each time that it left, mostly one, and those commits.
    pub(crate) async fn attempt(&self, id: &str) -> Result<ShownAttempt, LogError> {
        let graph = &self.shown.graph;
        let here = graph.attempt_events(id);
        if graph.attempt(id).is_some() || graph.past().departed() == 0 {
            return Ok(of_graph(graph, id, self.events(here.to_vec()).await?));
        }
        let left = self.left(id).await?;
        let places: Vec<EventPlace> =
            left.iter().flat_map(Aged::events).chain(here).copied().collect();
        let events = self.events(places).await?;
        if let ([aged], true) = (left.as_slice(), here.is_empty()) {
            let (node, produced) = (aged.node().cloned(), aged.produced().to_vec());
            return Ok(ShownAttempt { node, row: aged.row(), produced, events });
        }
        // It left and was named again: all of its events together say what it is.
        let mut whole = Graph::new(Window::ENDLESS);
        events.iter().for_each(|event| whole.apply(event));
        let mut found = of_graph(&whole, id, events);
        for node in &mut found.produced {
            let mut titles = left.iter().flat_map(Aged::titles);
            let title = titles.find(|(its, title)| *its == node.node_id && !title.is_empty());
            if let Some((_, title)) = title.filter(|_| node.text("title").is_empty()) {
                node.set("title", title.into());
            }
        }
        Ok(found)
    }

    /// What left of an attempt, oldest first.
    async fn left(&self, id: &str) -> Result<Vec<Aged>, LogError> {
        let past = self.shown.graph.past();
        let mut found: BTreeMap<u64, Aged> = BTreeMap::new();
        for (number, departure) in past.newest() {
            if let Departure::Attempt(aged) = departure
                && aged.attempt_id() == id
            {
                found.insert(number, Aged::clone(aged));
            }
        }
        if past.first_kept() > 0 {
            let prefix = attempt_prefix(id);
            let mut keys: Vec<String> = Vec::new();
            loop {
                let after = keys.last().map(String::as_str);
                let page = self.access.list_data(&prefix, after, LIST_PAGE).await?;
                let last = page.len() < LIST_PAGE;
                keys.extend(page);
                if last {
                    break;
                }
            }
            keys.retain(|key| {
                let number = key.strip_prefix(&prefix).and_then(risen);
                number.is_some_and(|number| number < past.first_kept())
            });
            for (number, departure) in self.all_lines(keys).await? {
                if let Departure::Attempt(aged) = departure {
                    found.insert(number, *aged);
                }
            }
        }
        Ok(found.into_values().collect())
    }

    /// The lines of these views, in this order; of one that is not there, none.
    pub(super) async fn all_lines<D: DeserializeOwned>(
        &self,
        keys: Vec<String>,
    ) -> Result<Vec<(u64, D)>, LogError> {
        let read: Vec<Vec<(u64, D)>> = stream::iter(keys)
            .map(|key| async move {
                match self.access.get_data(&key).await? {
                    Some(bytes) => decode(&key, &bytes),
                    None => Ok(Vec::new()),
                }
            })
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        Ok(read.into_iter().flatten().collect())
    }

    /// Attempts, newest first, of one target or of all.
    pub(crate) async fn attempts(
        &self,
        target: Option<&str>,
        limit: usize,
    ) -> Result<Vec<AttemptRow>, LogError> {
        let graph = &self.shown.graph;
        let last = graph.past().last_attempt();
        let mut here: VecDeque<(Since, AttemptRow)> = graph.attempts(target).take(limit).collect();
        let mut found = Vec::new();
        while let Some((_, row)) =
            here.pop_front_if(|(since, _)| last.is_none_or(|last| *since > last))
        {
            found.push(row);
        }
        if last.is_none() || found.len() >= limit {
            return Ok(found);
        }
        // From here on what is at hand and what left may take turns.
        let mut seen: BTreeSet<String> = found.iter().map(|row| row.attempt_id.clone()).collect();
        let mut left = Left::of(*self, target);
        while found.len() < limit {
            let next = left.next_attempt().await?;
            let newer = |since| next.as_ref().is_none_or(|(next, _)| since > *next);
            if let Some((_, row)) = here.pop_front_if(|(since, _)| newer(*since)) {
                if seen.insert(row.attempt_id.clone()) {
                    found.push(row);
                }
                left.give_back(next);
                continue;
            }
            let Some((_, row)) = next else { break };
            if !seen.insert(row.attempt_id.clone()) {
                continue;
            }
            let id = &row.attempt_id;
            let is_old = left.was_named_later(id) || graph.knows_attempt(id);
            let now = if is_old { self.attempt(id).await?.row } else { None };
            found.push(now.unwrap_or(row));
        }
        Ok(found)
    }

    /// Failures, newest first.
    pub(crate) async fn failures(
        &self,
        target: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Failure>, LogError> {
        // Whatever left is older than all at hand: of these the oldest leave.
        let graph = &self.shown.graph;
        let mut found: Vec<Failure> = graph.failures(target).take(limit).cloned().collect();
        if graph.past().last_failure().is_some() {
            let mut left = Left::of(*self, target);
            while found.len() < limit
                && let Some(failure) = left.next_failure().await?
            {
                found.push(failure);
            }
        }
        Ok(found)
    }

    /// The newest events, newest first.
    pub(crate) async fn newest_events(&self, limit: usize) -> Result<Vec<Event>, LogError> {
        let mut next = self.shown.next_seq();
        let mut events = Vec::new();
        while let Some(seq) = next.checked_sub(1).filter(|_| events.len() < limit) {
            let commit = self.commit(seq).await?;
            events.extend(commit.events.iter().rev().cloned());
            next = seq;
        }
        events.truncate(limit);
        Ok(events)
    }

    /// The events that stand in these places, in the same order.
    async fn events(&self, places: Vec<EventPlace>) -> Result<Vec<Event>, LogError> {
        let mut seqs: Vec<u64> = places.iter().map(|place| place.seq).collect();
        seqs.sort_unstable();
        seqs.dedup();
        let mut commits = stream::iter(seqs).map(|seq| self.commit(seq)).buffered(AT_ONCE);
        let mut events = Vec::with_capacity(places.len());
        let mut last: Option<Arc<Commit>> = None;
        for place in places {
            while last.as_ref().is_none_or(|commit| commit.header.seq < place.seq) {
                let Some(commit) = commits.try_next().await? else { break };
                last = Some(commit);
            }
            let found = last.iter().flat_map(|commit| &commit.events);
            events.extend(found.filter(|event| event.offset == place.offset).cloned());
        }
        Ok(events)
    }

    async fn commit(&self, seq: u64) -> Result<Arc<Commit>, LogError> {
        if let Some(commit) = self.shown.kept(seq) {
            return Ok(Arc::clone(commit));
        }
        let got = self.access.get(seq).await?.ok_or(LogError::NoSuchCommit { seq })?;
        let stored = commit::decode(seq, got.object.bytes).map_err(|fault| damaged(seq, fault))?;
        Ok(stored.commit)
    }
}

fn of_graph(graph: &Graph, id: &str, events: Vec<Event>) -> ShownAttempt {
    ShownAttempt {
        node: graph.attempt(id).cloned(),
        row: graph.attempt_row(id),
        produced: graph.artifacts(id).into_iter().cloned().collect(),
        events,
    }
}
