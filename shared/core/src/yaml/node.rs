//! One node, and what it can be read as.

use std::ops::Range;
use std::rc::Rc;

/// A value of the file.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    /// What it is.
    pub(crate) value: Value,
    /// An explicit type, such as `!!str`, as the parser resolved it.
    pub(crate) tag: Option<String>,
    /// Its bytes in the text, with anchor and tag. Of a block collection only the start is exact: it
    /// ends where the next thing begins. After `|` or `>`, the content, without the header.
    pub(crate) bytes: Range<usize>,
    /// From 1.
    pub(crate) line: u32,
    /// In characters, from 0.
    pub(crate) column: u32,
    /// Nodes from here down to the deepest, aliases followed.
    pub(super) height: u32,
    /// Bytes of the texts below, aliases followed.
    pub(super) weight: u64,
}

/// What a node is.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    /// A text, a number, a truth value, nothing: as written.
    Scalar { text: String, style: Style },
    /// A list.
    Sequence { items: Vec<Rc<Node>>, flow: bool },
    /// Keys with values, in the file's order.
    Mapping { entries: Vec<Entry>, flow: bool },
    /// A reference to a node further up.
    Alias(Rc<Node>),
}

/// How a scalar is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// Without quotes: may be a number, a truth value or null.
    Plain,
    /// In quotes: a text.
    Quoted,
    /// After `|` or `>`: a text.
    Block,
}

/// One key of a mapping with its value.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// The key.
    pub(crate) key: Rc<Node>,
    /// The value.
    pub(crate) value: Rc<Node>,
}

impl Node {
    /// The node itself, or what an alias refers to.
    pub(crate) fn resolved(&self) -> &Self {
        match &self.value {
            Value::Alias(node) => node.resolved(),
            _ => self,
        }
    }

    /// A scalar's text as written, numbers and truth values too; `None` for null and collections.
    pub(crate) fn as_text(&self) -> Option<&str> {
        match &self.resolved().value {
            Value::Scalar { text, .. } if !self.is_null() => Some(text),
            _ => None,
        }
    }

    /// Nothing: `null`, `~`, or no value at all.
    pub(crate) fn is_null(&self) -> bool {
        let node = self.resolved();
        let plain = matches!(&node.value, Value::Scalar { text, style: Style::Plain }
            if matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL"));
        plain && node.tag.is_none()
    }

    /// What people mean by true and false: the words of YAML 1.1 too, quoted or not.
    pub(crate) fn as_bool(&self) -> Option<bool> {
        let word = self.as_text()?.trim().to_ascii_lowercase();
        match word.as_str() {
            "true" | "yes" | "on" => Some(true),
            "false" | "no" | "off" => Some(false),
            _ => None,
        }
    }

    /// A whole number that is not negative.
    pub(crate) fn as_number(&self) -> Option<u64> {
        self.as_text()?.trim().parse().ok()
    }

    /// A list's items.
    pub(crate) fn as_sequence(&self) -> Option<&[Rc<Node>]> {
        match &self.resolved().value {
            Value::Sequence { items, .. } => Some(items),
            _ => None,
        }
    }

    /// A mapping's own entries, without merged ones.
    pub(crate) fn as_mapping(&self) -> Option<&[Entry]> {
        match &self.resolved().value {
            Value::Mapping { entries, .. } => Some(entries),
            _ => None,
        }
    }

    /// The value of a key; of the last one where the key stands twice. A key that is not there may
    /// come from `<<`, the merge key of YAML 1.1.
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        let entries = self.as_mapping()?;
        let own = entries.iter().rev().find(|entry| entry.key.as_text() == Some(key));
        if let Some(entry) = own {
            return Some(&entry.value);
        }
        let merged = entries.iter().rev().find(|entry| entry.key.as_text() == Some("<<"))?;
        match merged.value.as_sequence() {
            Some(sources) => sources.iter().find_map(|source| source.get(key)),
            None => merged.value.get(key),
        }
    }

    /// The first key that stands twice: its second place, and the line of the first.
    pub(crate) fn repeated_key(&self) -> Option<(&Entry, u32)> {
        let mut seen = std::collections::BTreeMap::new();
        self.as_mapping()?.iter().find_map(|entry| {
            let key = entry.key.as_text()?;
            seen.insert(key, entry.key.line).map(|line| (entry, line))
        })
    }

    /// The kind in plain words, for messages.
    pub(crate) fn kind(&self) -> &'static str {
        match &self.resolved().value {
            Value::Scalar { .. } if self.is_null() => "nothing",
            Value::Scalar { .. } => "a single value",
            Value::Sequence { .. } => "a list",
            Value::Mapping { .. } => "a mapping",
            Value::Alias(_) => "a reference",
        }
    }

    /// Whether both say the same: kinds, texts, types and order, not where or in which layout.
    pub(crate) fn says_the_same(&self, other: &Self) -> bool {
        if self.tag != other.tag {
            return false;
        }
        match (&self.value, &other.value) {
            (Value::Scalar { text: one, style: how }, Value::Scalar { text: two, style: so }) => {
                one == two && (*how == Style::Plain) == (*so == Style::Plain)
            }
            (Value::Sequence { items: one, .. }, Value::Sequence { items: two, .. }) => {
                one.len() == two.len()
                    && one.iter().zip(two).all(|(one, two)| one.says_the_same(two))
            }
            (Value::Mapping { entries: one, .. }, Value::Mapping { entries: two, .. }) => {
                one.len() == two.len()
                    && one.iter().zip(two).all(|(one, two)| one.says_the_same(two))
            }
            (Value::Alias(one), Value::Alias(two)) => one.says_the_same(two),
            _ => false,
        }
    }
}

impl Entry {
    /// Whether both say the same.
    pub(crate) fn says_the_same(&self, other: &Self) -> bool {
        self.key.says_the_same(&other.key) && self.value.says_the_same(&other.value)
    }
}
