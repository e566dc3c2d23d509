//! One node: what is shown of a target, a task, an attempt, an artifact, a pull request, field for
//! field as the original's clients know it (CONTRACT 3.1).

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::event::{Event, Payload};
use crate::timestamp;

/// What a node is. The original knew seven more that nothing ever made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the design's words")]
pub enum NodeType {
    Target,
    Task,
    Attempt,
    Artifact,
    PullRequest,
}

/// One field of a node.
struct Field {
    name: &'static str,
    kind: Kind,
}

/// How a field is read.
enum Kind {
    /// As sent; null where nothing was sent.
    Plain,
    /// As sent; this where nothing was sent.
    Or(&'static str),
    /// A time: shown as Python prints it.
    Time,
}

const fn plain(name: &'static str) -> Field {
    Field { name, kind: Kind::Plain }
}

const fn or(name: &'static str, default: &'static str) -> Field {
    Field { name, kind: Kind::Or(default) }
}

const fn time(name: &'static str) -> Field {
    Field { name, kind: Kind::Time }
}

const TARGET: &[Field] = &[
    plain("name"),
    plain("repo_url"),
    plain("default_branch"),
    plain("contract_sha256"),
    plain("policy_sha256"),
];

const TASK: &[Field] = &[
    plain("target_id"),
    plain("task_id"),
    plain("title"),
    plain("scope"),
    plain("priority"),
    plain("estimated_size"),
    plain("allowed_paths"),
    plain("acceptance_criteria"),
    or("status", "pending"),
];

const ATTEMPT: &[Field] = &[
    plain("attempt_id"),
    plain("task_id"),
    plain("attempt_number"),
    or("status", "created"),
    time("started_at"),
    time("completed_at"),
    plain("exit_code"),
    plain("failure_reason"),
];

const ARTIFACT: &[Field] = &[
    plain("artifact_id"),
    plain("sha256"),
    plain("artifact_type"),
    plain("size_bytes"),
    plain("mime_type"),
    plain("storage_path"),
];

const PULL_REQUEST: &[Field] =
    &[plain("pr_number"), or("pr_url", ""), plain("title"), or("state", "open"), time("merged_at")];

impl NodeType {
    /// The original's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Target => "Target",
            Self::Task => "Task",
            Self::Attempt => "Attempt",
            Self::Artifact => "Artifact",
            Self::PullRequest => "PullRequest",
        }
    }

    fn fields(self) -> &'static [Field] {
        match self {
            Self::Target => TARGET,
            Self::Task => TASK,
            Self::Attempt => ATTEMPT,
            Self::Artifact => ARTIFACT,
            Self::PullRequest => PULL_REQUEST,
        }
    }
}

/// One node, ready to be shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Node {
    /// Its id among nodes of its type in its target.
    pub node_id: String,
    /// What it is.
    pub node_type: NodeType,
    /// `node_id`, `node_type`, `created_at`, `created_by`, and the fields of its type.
    pub properties: Payload,
    /// When it was made, as its event told it.
    pub created_at: Value,
    /// When the last event that changed it was recorded.
    pub updated_at: String,
}

impl Node {
    /// The node that an event makes. Fields that the event lacks are null or have their default.
    pub fn new(node_type: NodeType, node_id: &str, event: &Event) -> Self {
        let created_at = match event.payload.get("created_at") {
            None | Some(Value::Null) => Value::from(super::shown_time(&event.timestamp)),
            Some(sent) => sent.clone(),
        };
        let mut properties = Payload::new();
        properties.insert("node_id".to_owned(), Value::from(node_id));
        properties.insert("node_type".to_owned(), Value::from(node_type.as_str()));
        let shown = read_time(&created_at).unwrap_or_else(|| super::shown_time(&event.timestamp));
        properties.insert("created_at".to_owned(), Value::from(shown));
        properties.insert("created_by".to_owned(), Value::Null);
        for field in node_type.fields() {
            let default = match field.kind {
                Kind::Plain | Kind::Time => Value::Null,
                Kind::Or(default) => Value::from(default),
            };
            properties.insert(field.name.to_owned(), default);
        }
        let node_id = node_id.to_owned();
        let mut node =
            Self { node_id, node_type, properties, created_at, updated_at: String::new() };
        node.merge(event);
        node
    }

    /// Takes over the fields of its type that the event has; unknown ones are dropped.
    pub fn merge(&mut self, event: &Event) {
        self.merge_but(event, &[]);
    }

    /// As [`Node::merge`], but these fields stay as they are.
    pub fn merge_but(&mut self, event: &Event, kept: &[&str]) {
        if let Some(by) = event.payload.get("created_by") {
            self.set("created_by", by.clone());
        }
        for field in self.node_type.fields() {
            let Some(sent) = event.payload.get(field.name) else { continue };
            if kept.contains(&field.name) {
                continue;
            }
            let value = match field.kind {
                Kind::Plain => sent.clone(),
                Kind::Or(_) if sent.is_null() => continue,
                Kind::Or(_) => sent.clone(),
                Kind::Time => read_time(sent).map_or(Value::Null, Value::from),
            };
            self.set(field.name, value);
        }
        self.updated_at = super::shown_time(&event.recorded_at.to_string());
    }

    /// About how many bytes it takes.
    pub(super) fn bytes(&self) -> u64 {
        let told = super::size::of_value(&self.created_at);
        super::size::of_payload(&self.properties).saturating_add(told)
    }

    /// One property.
    pub fn get(&self, field: &str) -> Option<&Value> {
        self.properties.get(field)
    }

    /// One property that is a text; empty where it is none.
    pub fn text(&self, field: &str) -> &str {
        self.get(field).and_then(Value::as_str).unwrap_or_default()
    }

    /// Sets one property.
    pub fn set(&mut self, field: &str, value: Value) {
        self.properties.insert(field.to_owned(), value);
    }
}

fn read_time(value: &Value) -> Option<String> {
    let parsed = match value {
        Value::String(text) => timestamp::parse(text),
        Value::Number(number) => timestamp::parse(number.as_str()),
        _ => return None,
    };
    parsed.ok().map(|time| time.isoformat())
}
