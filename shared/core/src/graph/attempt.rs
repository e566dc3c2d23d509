//! The attempts that are shown: one by its id, many newest first, and where their events stand.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::Value;

use super::key::{NodeKey, scope_of};
use super::node::{Node, NodeType};
use super::{shown_time, text};
use crate::event::{Event, Role};
use crate::timestamp;

/// Where one event stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventPlace {
    /// The commit that holds it.
    pub seq: u64,
    /// Its position among all events of the log.
    pub offset: u64,
}

/// One line of the list of attempts (CONTRACT 1.2 and 1.3, A2).
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the field names are the documentation: CONTRACT 1.2")]
pub struct AttemptRow {
    pub attempt_id: String,
    pub task_id: Option<String>,
    pub target: Option<String>,
    pub status: String,
    /// When it was created, as told.
    pub timestamp: String,
    pub pr_url: Option<String>,
    /// A whole number, or null.
    pub pr_number: Value,
}

/// What is known of one attempt.
#[derive(Debug, Clone, Default)]
pub(super) struct Attempt {
    node: Option<Node>,
    /// Our scheduler made it, so what a worker of the original says about it changes nothing.
    ours: bool,
    target: Option<String>,
    pr_url: Option<String>,
    pr_number: Value,
    produced: Vec<NodeKey>,
    events: Vec<EventPlace>,
}

impl Attempt {
    pub(super) fn task_id(&self) -> Option<String> {
        let task_id = self.node.as_ref()?.text("task_id");
        (!task_id.is_empty()).then(|| task_id.to_owned())
    }

    pub(super) fn target(&self) -> Option<String> {
        self.target.clone()
    }

    fn row(&self) -> Option<AttemptRow> {
        let node = self.node.as_ref()?;
        Some(AttemptRow {
            attempt_id: node.node_id.clone(),
            task_id: self.task_id(),
            target: self.target(),
            status: node.text("status").to_owned(),
            timestamp: node.text("created_at").to_owned(),
            pr_url: self.pr_url.clone(),
            pr_number: self.pr_number.clone(),
        })
    }

    /// Whether this event may change what is shown. An end is an end: only the same end again, or
    /// a person's invalidation, may follow. An attempt of the original's may change its end as long
    /// as it has no pull request, because its scheduler did so.
    fn may_change(&self, event: &Event, status: &str) -> bool {
        if self.ours && event.principal.role == Role::Legacy {
            return false;
        }
        let now = self.node.as_ref().map_or("", |node| node.text("status"));
        let ended = is_end(now);
        !ended
            || now == status
            || status == "invalidated"
            || (!self.ours && now != "invalidated" && is_end(status) && self.pr_url.is_none())
    }
}

fn is_end(status: &str) -> bool {
    matches!(status, "succeeded" | "failed" | "timed_out" | "cancelled" | "invalidated")
}

/// The status that an event of this type brings, unless the event names another.
fn status_by(event_type: &str) -> Option<&'static str> {
    Some(match event_type {
        "attempt.submitted" => "submitted",
        "attempt.started" => "running",
        "attempt.checked" => "publishing",
        "attempt.succeeded" => "succeeded",
        "attempt.failed" => "failed",
        "attempt.timed_out" => "timed_out",
        "attempt.cancelled" => "cancelled",
        "attempt.invalidated" => "invalidated",
        _ => return None,
    })
}

/// Whether an `attempt.created` was the first for its id.
pub(super) struct Created {
    pub(super) is_new: bool,
}

/// All attempts.
#[derive(Debug, Clone, Default)]
pub(super) struct Attempts {
    by_id: BTreeMap<String, Attempt>,
    newest: BTreeSet<(Timestamp, u64, String)>,
    by_target: BTreeMap<String, BTreeSet<(Timestamp, u64, String)>>,
}

impl Attempts {
    pub(super) fn note_event(&mut self, event: &Event) {
        if let Some(attempt_id) = text(&event.payload, "attempt_id") {
            let place = EventPlace { seq: event.seq, offset: event.offset };
            self.entry(attempt_id).events.push(place);
        }
    }

    pub(super) fn note_produced(&mut self, attempt_id: &str, key: NodeKey) {
        self.entry(attempt_id).produced.push(key);
    }

    pub(super) fn note_pull_request(&mut self, event: &Event) {
        let Some(attempt_id) = text(&event.payload, "attempt_id") else { return };
        let attempt = self.entry(attempt_id);
        if let Some(url) = text(&event.payload, "pr_url") {
            attempt.pr_url = Some(url.to_owned());
        }
        if let Some(number @ Value::Number(_)) = event.payload.get("pr_number") {
            attempt.pr_number = number.clone();
        }
    }

    /// An attempt that is there already keeps its status and times: the original's workers repeat
    /// the event (CONTRACT 3.2).
    pub(super) fn created(&mut self, event: &Event) -> Option<Created> {
        let attempt_id = text(&event.payload, "attempt_id")?;
        let target = Some(scope_of(event)).filter(|target| !target.is_empty());
        let attempt = self.entry(attempt_id);
        if let Some(node) = &mut attempt.node {
            if !attempt.ours || event.principal.role != Role::Legacy {
                node.merge_but(event, &["status", "started_at", "completed_at"]);
            }
            return Some(Created { is_new: false });
        }
        let node = Node::new(NodeType::Attempt, attempt_id, event);
        let moment = timestamp::parse(node.text("created_at"))
            .map_or(event.recorded_at, |time| time.instant());
        attempt.node = Some(node);
        attempt.ours = event.principal.role == Role::Tick;
        attempt.target.clone_from(&target);
        let place = (moment, event.offset, attempt_id.to_owned());
        if let Some(target) = target {
            self.by_target.entry(target).or_default().insert(place.clone());
        }
        self.newest.insert(place);
        Some(Created { is_new: true })
    }

    /// Any other event about an attempt. One that was never created is not shown.
    pub(super) fn changed(&mut self, event: &Event) {
        let Some(default) = status_by(&event.event_type) else { return };
        let Some(attempt_id) = text(&event.payload, "attempt_id") else { return };
        let Some(attempt) = self.by_id.get_mut(attempt_id) else { return };
        let status = text(&event.payload, "status").unwrap_or(default);
        if !attempt.may_change(event, status) {
            return;
        }
        let Some(node) = &mut attempt.node else { return };
        node.merge(event);
        node.set("status", Value::from(status));
        let time = Value::from(shown_time(&event.timestamp));
        if status == "invalidated" {
            let reason = event.payload.get("reason").cloned().unwrap_or_default();
            node.set("invalidation_reason", reason);
            node.set("invalidated_at", time.clone());
        }
        if attempt.ours {
            // Our own events carry these times on the event alone.
            let field = match status {
                "running" => Some("started_at"),
                end if is_end(end) => Some("completed_at"),
                _ => None,
            };
            if let Some(field) = field.filter(|f| node.get(f).is_none_or(Value::is_null)) {
                node.set(field, time);
            }
        }
        if default == "succeeded" {
            self.note_pull_request(event);
        }
    }

    pub(super) fn newest(&self, target: Option<&str>, limit: usize) -> Vec<AttemptRow> {
        let order = match target {
            None => Some(&self.newest),
            Some(target) => self.by_target.get(target),
        };
        let ids = order.into_iter().flat_map(|order| order.iter().rev());
        ids.filter_map(|(_, _, id)| self.by_id.get(id)?.row()).take(limit).collect()
    }

    pub(super) fn node(&self, attempt_id: &str) -> Option<&Node> {
        self.by_id.get(attempt_id)?.node.as_ref()
    }

    pub(super) fn events(&self, attempt_id: &str) -> &[EventPlace] {
        self.by_id.get(attempt_id).map_or(&[], |attempt| &attempt.events)
    }

    pub(super) fn produced(&self, attempt_id: &str) -> &[NodeKey] {
        self.by_id.get(attempt_id).map_or(&[], |attempt| &attempt.produced)
    }

    pub(super) fn task_of(&self, attempt_id: &str) -> Option<&str> {
        Some(self.node(attempt_id)?.text("task_id"))
    }

    /// What is known of an attempt that our scheduler made.
    pub(super) fn ours(&self, attempt_id: &str) -> Option<&Attempt> {
        self.by_id.get(attempt_id).filter(|attempt| attempt.ours)
    }

    fn entry(&mut self, attempt_id: &str) -> &mut Attempt {
        self.by_id.entry(attempt_id.to_owned()).or_default()
    }
}
