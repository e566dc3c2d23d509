//! The nodes at hand that are no attempts: those that an attempt at hand has produced, and the
//! loose ones, which were named last.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use serde::{Deserialize, Serialize, Serializer};

use super::key::NodeKey;
use super::node::Node;
use super::window::Window;
use crate::event::Event;

/// A node, and what holds it here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Held {
    pub(super) key: NodeKey,
    pub(super) node: Node,
    /// Attempts at hand that have produced it; 0: it is loose.
    owners: u64,
    /// The offset of the last event that named it: no event names two.
    touched: u64,
    bytes: u64,
    /// Whether it hangs on its target.
    linked: bool,
}

/// All of them.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(from = "Vec<Held>")]
pub(super) struct Nodes {
    pub(super) by_key: BTreeMap<NodeKey, Held>,
    loose: BTreeMap<u64, NodeKey>,
    loose_bytes: u64,
}

impl Nodes {
    pub(super) fn get(&self, key: &NodeKey) -> Option<&Node> {
        self.by_key.get(key).map(|held| &held.node)
    }

    /// Lets this event change it, where it is there.
    pub(super) fn change(&mut self, key: &NodeKey, event: &Event, change: impl FnOnce(&mut Node)) {
        self.take_out(key);
        if let Some(held) = self.by_key.get_mut(key) {
            change(&mut held.node);
            held.bytes = held.node.bytes();
        }
        self.put_in(key, event.offset);
    }

    /// Puts a node there, in place of what was there. Whether nothing was.
    pub(super) fn upsert(&mut self, key: &NodeKey, event: &Event) -> bool {
        let node = Node::new(key.node_type, &key.node_id, event);
        let bytes = node.bytes();
        self.take_out(key);
        let is_new = match self.by_key.entry(key.clone()) {
            Entry::Occupied(mut entry) => {
                let held = entry.get_mut();
                held.node = node;
                held.bytes = bytes;
                false
            }
            Entry::Vacant(entry) => {
                let key = key.clone();
                entry.insert(Held { key, node, owners: 0, touched: 0, bytes, linked: false });
                true
            }
        };
        self.put_in(key, event.offset);
        is_new
    }

    /// Hangs a task on its target. Whether it was not.
    pub(super) fn link(&mut self, key: &NodeKey) -> bool {
        self.by_key.get_mut(key).is_some_and(|held| !std::mem::replace(&mut held.linked, true))
    }

    /// An attempt at hand has produced it.
    pub(super) fn own(&mut self, key: &NodeKey) {
        self.take_out(key);
        if let Some(held) = self.by_key.get_mut(key) {
            held.owners = held.owners.saturating_add(1);
        }
    }

    /// That attempt leaves; so does the node, where it was the last one.
    pub(super) fn disown(&mut self, key: &NodeKey) -> Option<Node> {
        let held = self.by_key.get_mut(key)?;
        held.owners = held.owners.saturating_sub(1);
        if held.owners > 0 {
            return Some(held.node.clone());
        }
        self.take_out(key);
        self.by_key.remove(key).map(|held| held.node)
    }

    /// Lets the loose ones go that were named longest ago. Nobody asks for them: only their names
    /// counted.
    pub(super) fn age(&mut self, window: &Window) {
        while self.loose.len() > window.loose || self.loose_bytes > window.loose_bytes {
            let Some((_, key)) = self.loose.pop_first() else { return };
            let gone = self.by_key.remove(&key).map_or(0, |held| held.bytes);
            self.loose_bytes = self.loose_bytes.saturating_sub(gone);
        }
    }

    /// Takes it out of the loose ones, where it is one.
    fn take_out(&mut self, key: &NodeKey) {
        if let Some(held) = self.by_key.get(key)
            && self.loose.get(&held.touched) == Some(key)
        {
            self.loose.remove(&held.touched);
            self.loose_bytes = self.loose_bytes.saturating_sub(held.bytes);
        }
    }

    /// Named by the event at this offset.
    fn put_in(&mut self, key: &NodeKey, offset: u64) {
        let Some(held) = self.by_key.get_mut(key) else { return };
        held.touched = offset;
        if held.owners == 0 {
            self.loose.insert(offset, key.clone());
            self.loose_bytes = self.loose_bytes.saturating_add(held.bytes);
        }
    }
}

impl Serialize for Nodes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.by_key.values())
    }
}

impl From<Vec<Held>> for Nodes {
    fn from(all: Vec<Held>) -> Self {
        let mut nodes = Self::default();
        for held in all {
            if held.owners == 0 {
                nodes.loose.insert(held.touched, held.key.clone());
                nodes.loose_bytes = nodes.loose_bytes.saturating_add(held.bytes);
            }
            nodes.by_key.insert(held.key.clone(), held);
        }
        nodes
    }
}
