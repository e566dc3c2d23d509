//! How a node is named: as the original named it, and apart from equal names of other targets.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::node::NodeType;
use super::text;
use crate::event::Event;
use crate::ids::{Digest, TargetId};

/// Which node, over all targets: two targets may use the same task id and pull request number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "(NodeType, String, String)", into = "(NodeType, String, String)")]
pub(super) struct NodeKey {
    pub(super) node_type: NodeType,
    pub(super) target: String,
    pub(super) node_id: String,
}

impl From<(NodeType, String, String)> for NodeKey {
    fn from((node_type, target, node_id): (NodeType, String, String)) -> Self {
        Self { node_type, target, node_id }
    }
}

impl From<NodeKey> for (NodeType, String, String) {
    fn from(NodeKey { node_type, target, node_id }: NodeKey) -> Self {
        (node_type, target, node_id)
    }
}

/// What tells equal ids of two targets apart.
pub(super) fn scope_of(event: &Event) -> String {
    text(&event.payload, "target_id")
        .or_else(|| event.target.as_ref().map(TargetId::as_str))
        .unwrap_or_default()
        .to_owned()
}

pub(super) fn key(node_type: NodeType, id: &str, event: &Event) -> Option<NodeKey> {
    let node_id = text(&event.payload, id)?.to_owned();
    Some(NodeKey { node_type, target: scope_of(event), node_id })
}

/// `pr-` and the number; without one, the beginning of the url's digest; without that, of the
/// event's id.
pub(super) fn pull_request_key(event: &Event) -> NodeKey {
    let number = event.payload.get("pr_number").and_then(|number| match number {
        Value::Number(number) => Some(number.to_string()),
        Value::String(number) if !number.is_empty() => Some(number.clone()),
        _ => None,
    });
    let node_id = number
        .or_else(|| {
            let url = text(&event.payload, "pr_url")?;
            Some(Digest::of(url.as_bytes()).as_str().chars().take(12).collect())
        })
        .unwrap_or_else(|| event.event_id.chars().take(12).collect());
    NodeKey {
        node_type: NodeType::PullRequest,
        target: scope_of(event),
        node_id: format!("pr-{node_id}"),
    }
}
