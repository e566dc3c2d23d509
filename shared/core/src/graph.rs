//! What the original showed as a graph: targets, tasks, attempts, artifacts and pull requests, and
//! what led to what (CONTRACT 3). A pure fold over events, beside the state and never read by a
//! decision (DECISIONS 4).
//!
//! Ids and rules are the original's. Mended: a repeated `attempt.created` does not reset the
//! attempt; events with missing fields still show what they have; tasks that were completed,
//! blocked or updated, attempts that were invalidated and pull requests that were merged or closed
//! show it; ids of two targets do not collide; no clock is read.

mod attempt;
mod failure;
mod key;
mod node;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::Value;

use crate::event::{Event, Payload};
use crate::timestamp;

pub use attempt::{AttemptRow, EventPlace};
pub use failure::Failure;
pub use node::{Node, NodeType};

use attempt::Attempts;
use failure::Failures;
use key::{NodeKey, key, pull_request_key};

/// How many of the newest events the summary names.
pub const SUMMARY_EVENTS: usize = 20;

/// How one node hangs on another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum EdgeType {
    /// Task to target, attempt to task.
    DependsOn,
    /// Attempt to artifact or pull request.
    Produced,
}

impl EdgeType {
    /// The original's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DependsOn => "DEPENDS_ON",
            Self::Produced => "PRODUCED",
        }
    }
}

/// The newest events, as the summary names them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the field names are the documentation: CONTRACT 1.2")]
pub struct RecentEvent {
    pub event_id: String,
    pub timestamp: String,
    pub event_type: String,
    pub actor_id: Option<String>,
    pub target: Option<String>,
    pub attempt_id: Option<String>,
}

/// The graph after some events. Work per event does not grow with what was folded before.
#[derive(Debug, Clone, Default)]
pub struct Graph {
    nodes: BTreeMap<NodeKey, Node>,
    edges: BTreeSet<(NodeKey, EdgeType, NodeKey)>,
    nodes_by_type: BTreeMap<NodeType, u64>,
    edges_by_type: BTreeMap<EdgeType, u64>,
    attempts: Attempts,
    failures: Failures,
    recent: VecDeque<RecentEvent>,
    events: u64,
}

impl Graph {
    /// Takes one event in. Total: what is foreign only counts.
    pub fn apply(&mut self, event: &Event) {
        self.events += 1;
        self.remember(event);
        match event.event_type.as_str() {
            "target.registered" => self.target_registered(event),
            "task.created" => self.task_created(event),
            "task.updated" | "task.completed" | "task.blocked" | "task.unblocked"
            | "task.removed" => self.task_changed(event),
            "artifact.created" => self.artifact_created(event),
            "pr.created" => self.pr_created(event),
            "pr.merged" | "pr.closed" => self.pr_changed(event),
            "attempt.created" => self.attempt_created(event),
            other => {
                if other.starts_with("attempt.") {
                    self.attempts.changed(event);
                }
            }
        }
        self.failures.apply(event, &self.attempts);
    }

    /// Events folded so far.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// How many nodes of each type there are; only types that occur.
    pub fn nodes_by_type(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        self.nodes_by_type.iter().map(|(node_type, count)| (node_type.as_str(), *count))
    }

    /// How many edges of each type there are; only types that occur.
    pub fn edges_by_type(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        self.edges_by_type.iter().map(|(edge_type, count)| (edge_type.as_str(), *count))
    }

    /// The newest events, newest first, at most [`SUMMARY_EVENTS`].
    pub fn recent(&self) -> impl Iterator<Item = &RecentEvent> {
        self.recent.iter().rev()
    }

    /// Attempts, newest first, of one target or of all.
    pub fn attempts(&self, target: Option<&str>, limit: usize) -> Vec<AttemptRow> {
        self.attempts.newest(target, limit)
    }

    /// One attempt's node. Never a task's or a target's of the same id (CONTRACT 1.3, A13).
    pub fn attempt(&self, attempt_id: &str) -> Option<&Node> {
        self.attempts.node(attempt_id)
    }

    /// Where the events stand that name this attempt, oldest first; also of an attempt that was
    /// never created.
    pub fn attempt_events(&self, attempt_id: &str) -> &[EventPlace] {
        self.attempts.events(attempt_id)
    }

    /// What an attempt produced: artifacts and pull requests, oldest first.
    pub fn artifacts(&self, attempt_id: &str) -> Vec<&Node> {
        let produced = self.attempts.produced(attempt_id);
        produced.iter().filter_map(|key| self.nodes.get(key)).collect()
    }

    /// Failures, newest first by the time that the events tell.
    pub fn failures(&self, target: Option<&str>, limit: usize) -> Vec<&Failure> {
        self.failures.newest(target, limit)
    }

    fn remember(&mut self, event: &Event) {
        let text = |key| text(&event.payload, key).map(str::to_owned);
        if self.recent.len() == SUMMARY_EVENTS {
            self.recent.pop_front();
        }
        self.recent.push_back(RecentEvent {
            event_id: event.event_id.clone(),
            timestamp: shown_time(&event.timestamp),
            event_type: event.event_type.clone(),
            actor_id: event.actor_id.clone(),
            target: text("target_id"),
            attempt_id: text("attempt_id"),
        });
        self.attempts.note_event(event);
    }

    fn target_registered(&mut self, event: &Event) {
        if let Some(key) = key(NodeType::Target, "target_id", event) {
            let target = key.node_id.clone();
            self.upsert(NodeKey { target, ..key }, event);
        }
    }

    fn task_created(&mut self, event: &Event) {
        let Some(key) = key(NodeType::Task, "task_id", event) else { return };
        self.upsert(key.clone(), event);
        if let Some(target) = text(&event.payload, "target_id") {
            let to = NodeKey {
                node_type: NodeType::Target,
                target: target.to_owned(),
                node_id: target.to_owned(),
            };
            self.link(key, EdgeType::DependsOn, to);
        }
    }

    fn task_changed(&mut self, event: &Event) {
        let node = key(NodeType::Task, "task_id", event).and_then(|key| self.nodes.get_mut(&key));
        let Some(node) = node else { return };
        node.merge(event);
        let status = match event.event_type.as_str() {
            "task.completed" if !event.payload.contains_key("status") => "completed",
            "task.blocked" => "blocked",
            "task.unblocked" => "pending",
            "task.removed" => "removed",
            _ => return,
        };
        node.set("status", Value::from(status));
    }

    fn attempt_created(&mut self, event: &Event) {
        let Some(created) = self.attempts.created(event) else { return };
        if created.is_new {
            *self.nodes_by_type.entry(NodeType::Attempt).or_default() += 1;
        }
        if let (Some(from), Some(to)) =
            (key(NodeType::Attempt, "attempt_id", event), key(NodeType::Task, "task_id", event))
        {
            self.link(NodeKey { target: String::new(), ..from }, EdgeType::DependsOn, to);
        }
    }

    fn artifact_created(&mut self, event: &Event) {
        let Some(key) = key(NodeType::Artifact, "artifact_id", event) else { return };
        self.upsert(key.clone(), event);
        self.produced(key, event);
    }

    fn pr_created(&mut self, event: &Event) {
        let key = pull_request_key(event);
        let title = text(&event.payload, "task_id")
            .or_else(|| self.attempts.task_of(text(&event.payload, "attempt_id")?))
            .and_then(|task_id| {
                let (target, node_id) = (key.target.clone(), task_id.to_owned());
                let task =
                    self.nodes.get(&NodeKey { node_type: NodeType::Task, target, node_id })?;
                Some(task.text("title").to_owned())
            });
        let node = self.upsert(key.clone(), event);
        if node.get("title").is_none_or(Value::is_null) {
            node.set("title", Value::from(title.unwrap_or_default()));
        }
        self.attempts.note_pull_request(event);
        self.produced(key, event);
    }

    fn pr_changed(&mut self, event: &Event) {
        let Some(node) = self.nodes.get_mut(&pull_request_key(event)) else { return };
        node.merge(event);
        if event.event_type == "pr.merged" {
            node.set("state", Value::from("merged"));
            if node.get("merged_at").is_none_or(Value::is_null) {
                node.set("merged_at", Value::from(shown_time(&event.timestamp)));
            }
        } else {
            node.set("state", Value::from("closed"));
        }
    }

    fn produced(&mut self, to: NodeKey, event: &Event) {
        let Some(attempt_id) = text(&event.payload, "attempt_id") else { return };
        let from = NodeKey {
            node_type: NodeType::Attempt,
            target: String::new(),
            node_id: attempt_id.to_owned(),
        };
        if self.link(from, EdgeType::Produced, to.clone()) {
            self.attempts.note_produced(attempt_id, to);
        }
    }

    /// Puts a node there, in place of what was there.
    fn upsert(&mut self, key: NodeKey, event: &Event) -> &mut Node {
        let node = Node::new(key.node_type, &key.node_id, event);
        match self.nodes.entry(key) {
            std::collections::btree_map::Entry::Occupied(mut entry) => {
                entry.insert(node);
                entry.into_mut()
            }
            std::collections::btree_map::Entry::Vacant(entry) => {
                *self.nodes_by_type.entry(entry.key().node_type).or_default() += 1;
                entry.insert(node)
            }
        }
    }

    /// Whether the edge is new.
    fn link(&mut self, from: NodeKey, edge_type: EdgeType, to: NodeKey) -> bool {
        let is_new = self.edges.insert((from, edge_type, to));
        if is_new {
            *self.edges_by_type.entry(edge_type).or_default() += 1;
        }
        is_new
    }
}

/// A non-empty text of the payload.
fn text<'a>(payload: &'a Payload, key: &str) -> Option<&'a str> {
    payload.get(key).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// The time that an event tells, as answers spell it; as sent where it is no time.
fn shown_time(sent: &str) -> String {
    timestamp::parse(sent).map_or_else(|_| sent.to_owned(), |time| time.isoformat())
}

#[cfg(test)]
mod tests;
