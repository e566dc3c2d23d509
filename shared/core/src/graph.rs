//! What the original showed as a graph: targets, tasks, attempts, artifacts and pull requests, and
//! what led to what (CONTRACT 3). A pure fold over events, beside the state and never read by a
//! decision (DECISIONS 4).
//!
//! Ids and rules are the original's. Mended: a repeated `attempt.created` does not reset the
//! attempt; events with missing fields still show what they have; tasks that were completed,
//! blocked or updated, attempts that were invalidated and pull requests that were merged or closed
//! show it; ids of two targets do not collide; no clock is read.
//!
//! What it keeps at hand is bounded by a [`Window`]; what is older leaves it, numbered, and is found
//! among the views. The counts go on counting. Three things follow, for clients of the original only:
//! a node that is made anew, after everything that named it had left, counts twice; what is said of
//! a pull request without its attempt's id, after that attempt had left, is not shown there; and a
//! pull request that comes without a title has none where its task was named too long ago.

mod attempt;
mod departure;
mod failure;
mod key;
mod node;
mod nodes;
mod size;
mod window;

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::event::{Event, Payload};
use crate::timestamp;

pub use attempt::{AttemptRow, EventPlace, Since};
pub use departure::{Aged, Departure, Departures, Row};
pub use failure::Failure;
pub use node::{Node, NodeType};
pub use window::Window;

use attempt::Attempts;
use departure::MOST_AT_ONCE;
use failure::Failures;
use key::{NodeKey, key, pull_request_key, scope_of};
use nodes::Nodes;

/// The format of a graph's bytes, and of what its views say. It rises with each change of what an
/// event does to the graph; `tests/log/golden` forces it.
pub const GRAPH_FORMAT: u32 = 1;

/// How many of the newest events the summary names.
pub const SUMMARY_EVENTS: usize = 20;

/// How one node hangs on another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the field names are the documentation: CONTRACT 1.2")]
pub struct RecentEvent {
    pub event_id: String,
    pub timestamp: String,
    pub event_type: String,
    pub actor_id: Option<String>,
    pub target: Option<String>,
    pub attempt_id: Option<String>,
}

/// The graph after some events. Neither the work per event nor the memory grows with what was
/// folded before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Graph {
    events: u64,
    nodes_by_type: BTreeMap<NodeType, u64>,
    edges_by_type: BTreeMap<EdgeType, u64>,
    recent: VecDeque<RecentEvent>,
    attempts: Attempts,
    nodes: Nodes,
    failures: Failures,
    past: Departures,
    #[serde(skip)]
    window: Window,
}

impl Default for Graph {
    fn default() -> Self {
        Self::new(Window::STANDARD)
    }
}

impl Graph {
    /// The graph before the first event.
    pub fn new(window: Window) -> Self {
        Self {
            events: 0,
            nodes_by_type: BTreeMap::new(),
            edges_by_type: BTreeMap::new(),
            recent: VecDeque::new(),
            attempts: Attempts::default(),
            nodes: Nodes::default(),
            failures: Failures::default(),
            past: Departures::default(),
            window,
        }
    }

    /// One that was read, with the window that it was made with.
    #[must_use]
    pub fn within(self, window: Window) -> Self {
        Self { window, ..self }
    }

    /// The window that it was made with.
    pub fn window(&self) -> Window {
        self.window
    }

    /// Takes one event in. Total: what is foreign only counts.
    pub fn apply(&mut self, event: &Event) {
        self.events = self.events.saturating_add(1);
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
        self.age(text(&event.payload, "attempt_id"));
    }

    /// Lets leave what no longer has a place in the window.
    fn age(&mut self, named: Option<&str>) {
        for _ in 0..MOST_AT_ONCE {
            let departure = if let Some((id, attempt)) = self.attempts.leave(named, &self.window) {
                let produced = attempt.produced().iter();
                let produced = produced.filter_map(|key| self.nodes.disown(key)).collect();
                Departure::of_attempt(id, attempt, produced)
            } else if let Some(failure) = self.failures.leave(&self.window) {
                Departure::Failure(failure)
            } else {
                break;
            };
            self.past.depart(departure, &self.window);
        }
        self.nodes.age(&self.window);
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

    /// What left.
    pub fn past(&self) -> &Departures {
        &self.past
    }

    /// Attempts at hand, newest first, of one target or of all, with their places in a list.
    pub fn attempts(&self, target: Option<&str>) -> impl Iterator<Item = (Since, AttemptRow)> {
        self.attempts.newest(target)
    }

    /// One attempt as a list names it.
    pub fn attempt_row(&self, attempt_id: &str) -> Option<AttemptRow> {
        self.attempts.row(attempt_id)
    }

    /// Whether an event named this attempt lately, created or not.
    pub fn knows_attempt(&self, attempt_id: &str) -> bool {
        self.attempts.knows(attempt_id)
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

    /// Failures at hand, newest first by the time that the events tell.
    pub fn failures(&self, target: Option<&str>) -> impl Iterator<Item = &Failure> {
        self.failures.newest(target)
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
            self.upsert(&NodeKey { target, ..key }, event);
        }
    }

    fn task_created(&mut self, event: &Event) {
        let Some(key) = key(NodeType::Task, "task_id", event) else { return };
        self.upsert(&key, event);
        if text(&event.payload, "target_id").is_some() && self.nodes.link(&key) {
            self.count_edge(EdgeType::DependsOn);
        }
    }

    fn task_changed(&mut self, event: &Event) {
        let Some(key) = key(NodeType::Task, "task_id", event) else { return };
        let status = match event.event_type.as_str() {
            "task.completed" if !event.payload.contains_key("status") => Some("completed"),
            "task.blocked" => Some("blocked"),
            "task.unblocked" => Some("pending"),
            "task.removed" => Some("removed"),
            _ => None,
        };
        self.nodes.change(&key, event, |node| {
            node.merge(event);
            if let Some(status) = status {
                node.set("status", Value::from(status));
            }
        });
    }

    fn attempt_created(&mut self, event: &Event) {
        let Some(created) = self.attempts.created(event) else { return };
        if created.is_new {
            self.count_node(NodeType::Attempt);
        }
        if let (Some(attempt_id), Some(task)) =
            (text(&event.payload, "attempt_id"), key(NodeType::Task, "task_id", event))
            && self.attempts.note_task(attempt_id, task)
        {
            self.count_edge(EdgeType::DependsOn);
        }
    }

    fn artifact_created(&mut self, event: &Event) {
        let Some(key) = key(NodeType::Artifact, "artifact_id", event) else { return };
        self.upsert(&key, event);
        self.produced(&key, event);
    }

    fn pr_created(&mut self, event: &Event) {
        let key = pull_request_key(event);
        let title = text(&event.payload, "task_id")
            .or_else(|| self.attempts.task_of(text(&event.payload, "attempt_id")?))
            .and_then(|task_id| {
                let (target, node_id) = (scope_of(event), task_id.to_owned());
                let task =
                    self.nodes.get(&NodeKey { node_type: NodeType::Task, target, node_id })?;
                Some(task.text("title").to_owned())
            });
        self.upsert(&key, event);
        self.nodes.change(&key, event, |node| {
            if node.get("title").is_none_or(Value::is_null) {
                node.set("title", Value::from(title.unwrap_or_default()));
            }
        });
        self.attempts.note_pull_request(event);
        self.produced(&key, event);
    }

    fn pr_changed(&mut self, event: &Event) {
        self.nodes.change(&pull_request_key(event), event, |node| {
            node.merge(event);
            if event.event_type != "pr.merged" {
                node.set("state", Value::from("closed"));
                return;
            }
            node.set("state", Value::from("merged"));
            if node.get("merged_at").is_none_or(Value::is_null) {
                node.set("merged_at", Value::from(shown_time(&event.timestamp)));
            }
        });
    }

    fn produced(&mut self, key: &NodeKey, event: &Event) {
        if self.attempts.note_produced(event, key) {
            self.nodes.own(key);
            self.count_edge(EdgeType::Produced);
        }
    }

    /// Puts a node there, in place of what was there.
    fn upsert(&mut self, key: &NodeKey, event: &Event) {
        if self.nodes.upsert(key, event) {
            self.count_node(key.node_type);
        }
    }

    fn count_node(&mut self, node_type: NodeType) {
        let count = self.nodes_by_type.entry(node_type).or_default();
        *count = count.saturating_add(1);
    }

    fn count_edge(&mut self, edge_type: EdgeType) {
        let count = self.edges_by_type.entry(edge_type).or_default();
        *count = count.saturating_add(1);
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
