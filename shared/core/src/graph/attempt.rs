//! The attempts that are shown: one by its id, many newest first, and where their events stand.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

use super::key::{NodeKey, scope_of};
use super::node::{Node, NodeType};
use super::window::Window;
use super::{shown_time, size, text};
use crate::event::{Event, Role};
use crate::timestamp;

/// A place in a list: the time that is told, but never later than it was recorded, and the offset
/// of the event that told it.
pub type Since = (Timestamp, u64);

/// Where one event stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(u64, u64)", into = "(u64, u64)")]
pub struct EventPlace {
    /// The commit that holds it.
    pub seq: u64,
    /// Its position among all events of the log.
    pub offset: u64,
}

impl From<(u64, u64)> for EventPlace {
    fn from((seq, offset): (u64, u64)) -> Self {
        Self { seq, offset }
    }
}

impl From<EventPlace> for (u64, u64) {
    fn from(place: EventPlace) -> Self {
        (place.seq, place.offset)
    }
}

/// One line of the list of attempts (CONTRACT 1.2 and 1.3, A2).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Attempt {
    /// Its place in a list; of one that was not created: when it was named first.
    since: Since,
    node: Option<Node>,
    /// Our scheduler made it, so what a worker of the original says about it changes nothing.
    ours: bool,
    target: Option<String>,
    /// The target that its first event was about.
    scope: Option<String>,
    pr_url: Option<String>,
    pr_number: Value,
    tasks: Vec<NodeKey>,
    produced: Vec<NodeKey>,
    events: Vec<EventPlace>,
    bytes: u64,
}

impl Attempt {
    fn named_by(event: &Event) -> Self {
        Self {
            since: (event.recorded_at, event.offset),
            node: None,
            ours: false,
            target: None,
            scope: Some(scope_of(event)).filter(|scope| !scope.is_empty()),
            pr_url: None,
            pr_number: Value::Null,
            tasks: Vec::new(),
            produced: Vec::new(),
            events: Vec::new(),
            bytes: 0,
        }
    }

    pub(super) fn since(&self) -> Since {
        self.since
    }

    pub(super) fn node(&self) -> Option<&Node> {
        self.node.as_ref()
    }

    pub(super) fn scope(&self) -> Option<&str> {
        self.target.as_deref().or(self.scope.as_deref())
    }

    pub(super) fn events(&self) -> &[EventPlace] {
        &self.events
    }

    pub(super) fn produced(&self) -> &[NodeKey] {
        &self.produced
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) fn task_id(&self) -> Option<String> {
        let task_id = self.node.as_ref()?.text("task_id");
        (!task_id.is_empty()).then(|| task_id.to_owned())
    }

    pub(super) fn target(&self) -> Option<String> {
        self.target.clone()
    }

    pub(super) fn row(&self) -> Option<AttemptRow> {
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

    /// Whether our scheduler still waits for its end: the configured limits bound how many.
    pub(super) fn is_live(&self) -> bool {
        self.ours && !is_end(self.node.as_ref().map_or("", |node| node.text("status")))
    }

    /// Whether it is so large that it leaves however new it is.
    pub(super) fn is_large(&self, window: &Window) -> bool {
        self.events.len() >= window.events_of_one || self.bytes >= window.bytes_of_one
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

/// What one event's place takes.
const PLACE: u64 = 32;

/// The attempts at hand.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(from = "Vec<(String, Attempt)>")]
pub(super) struct Attempts {
    pub(super) by_id: BTreeMap<String, Attempt>,
    pub(super) order: BTreeSet<(Since, String)>,
    pub(super) by_target: BTreeMap<String, BTreeSet<(Since, String)>>,
    pub(super) bytes: u64,
}

impl Attempts {
    pub(super) fn note_event(&mut self, event: &Event) {
        let Some(attempt_id) = text(&event.payload, "attempt_id") else { return };
        if !self.by_id.contains_key(attempt_id) {
            let attempt = Attempt::named_by(event);
            self.order.insert((attempt.since, attempt_id.to_owned()));
            self.by_id.insert(attempt_id.to_owned(), attempt);
            self.weigh(attempt_id, size::of_text(attempt_id));
        }
        let place = EventPlace { seq: event.seq, offset: event.offset };
        if let Some(attempt) = self.by_id.get_mut(attempt_id) {
            attempt.events.push(place);
        }
        self.weigh(attempt_id, PLACE);
    }

    /// Whether it was not known to have produced this.
    pub(super) fn note_produced(&mut self, event: &Event, key: &NodeKey) -> bool {
        let Some(attempt_id) = text(&event.payload, "attempt_id") else { return false };
        self.weigh(attempt_id, size::of_payload(&event.payload));
        let Some(attempt) = self.by_id.get_mut(attempt_id) else { return false };
        let is_new = !attempt.produced.contains(key);
        if is_new {
            attempt.produced.push(key.clone());
        }
        is_new
    }

    /// Whether it was not known to be of this task.
    pub(super) fn note_task(&mut self, attempt_id: &str, key: NodeKey) -> bool {
        let Some(attempt) = self.by_id.get_mut(attempt_id) else { return false };
        let is_new = !attempt.tasks.contains(&key);
        if is_new {
            attempt.tasks.push(key);
        }
        is_new
    }

    pub(super) fn note_pull_request(&mut self, event: &Event) {
        let Some(attempt_id) = text(&event.payload, "attempt_id") else { return };
        let Some(attempt) = self.by_id.get_mut(attempt_id) else { return };
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
        self.weigh(attempt_id, size::of_payload(&event.payload));
        let target = Some(scope_of(event)).filter(|target| !target.is_empty());
        let attempt = self.by_id.get_mut(attempt_id)?;
        if let Some(node) = &mut attempt.node {
            if !attempt.ours || event.principal.role != Role::Legacy {
                node.merge_but(event, &["status", "started_at", "completed_at"]);
            }
            return Some(Created { is_new: false });
        }
        let node = Node::new(NodeType::Attempt, attempt_id, event);
        let moment = timestamp::parse(node.text("created_at"))
            .map_or(event.recorded_at, |time| time.instant().min(event.recorded_at));
        self.order.remove(&(attempt.since, attempt_id.to_owned()));
        attempt.since = (moment, event.offset);
        attempt.node = Some(node);
        attempt.ours = event.principal.role == Role::Tick;
        attempt.target.clone_from(&target);
        let place = (attempt.since, attempt_id.to_owned());
        if let Some(target) = target {
            self.by_target.entry(target).or_default().insert(place.clone());
        }
        self.order.insert(place);
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
        self.weigh(attempt_id, size::of_payload(&event.payload));
    }

    /// The next one to leave, for the attempt that this event names and for the window's bounds.
    pub(super) fn leave(
        &mut self,
        named: Option<&str>,
        window: &Window,
    ) -> Option<(String, Attempt)> {
        let large = named.filter(|id| self.by_id.get(*id).is_some_and(|a| a.is_large(window)));
        let id = match large {
            Some(id) => id.to_owned(),
            None if self.by_id.len() > window.attempts || self.bytes > window.attempt_bytes => {
                let live = |id: &str| self.by_id.get(id).is_some_and(Attempt::is_live);
                self.order.iter().map(|(_, id)| id).find(|id| !live(id))?.clone()
            }
            None => return None,
        };
        let attempt = self.by_id.remove(&id)?;
        let place = (attempt.since, id);
        self.order.remove(&place);
        if let Some(target) = &attempt.target
            && let Some(of_target) = self.by_target.get_mut(target)
        {
            of_target.remove(&place);
            if of_target.is_empty() {
                self.by_target.remove(target);
            }
        }
        self.bytes = self.bytes.saturating_sub(attempt.bytes);
        Some((place.1, attempt))
    }

    /// Those that were created, the newest first, with their places.
    pub(super) fn newest(&self, target: Option<&str>) -> impl Iterator<Item = (Since, AttemptRow)> {
        let order = match target {
            None => Some(&self.order),
            Some(target) => self.by_target.get(target),
        };
        let places = order.into_iter().flat_map(|order| order.iter().rev());
        places.filter_map(|(since, id)| Some((*since, self.by_id.get(id)?.row()?)))
    }

    pub(super) fn row(&self, attempt_id: &str) -> Option<AttemptRow> {
        self.by_id.get(attempt_id)?.row()
    }

    pub(super) fn knows(&self, attempt_id: &str) -> bool {
        self.by_id.contains_key(attempt_id)
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

    fn weigh(&mut self, attempt_id: &str, bytes: u64) {
        if let Some(attempt) = self.by_id.get_mut(attempt_id) {
            attempt.bytes = attempt.bytes.saturating_add(bytes);
            self.bytes = self.bytes.saturating_add(bytes);
        }
    }
}

impl Serialize for Attempts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(&self.by_id)
    }
}

impl From<Vec<(String, Attempt)>> for Attempts {
    fn from(all: Vec<(String, Attempt)>) -> Self {
        let mut attempts = Self::default();
        for (id, attempt) in all {
            let place = (attempt.since, id.clone());
            if let Some(target) = attempt.target.clone().filter(|_| attempt.node.is_some()) {
                attempts.by_target.entry(target).or_default().insert(place.clone());
            }
            attempts.order.insert(place);
            attempts.bytes = attempts.bytes.saturating_add(attempt.bytes);
            attempts.by_id.insert(id, attempt);
        }
        attempts
    }
}
