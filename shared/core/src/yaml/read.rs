//! Typed values out of nodes, with one message for each fault.

use super::{Document, Node, Value};
use crate::fact::FileProblem;

/// The largest number that a file may name: nothing here counts further.
pub(crate) const MAX_NUMBER: u64 = 1_000_000_000;
/// Entries of one list.
pub(crate) const MAX_ITEMS: usize = 1_000;

impl Document<'_> {
    /// A text, if there is one.
    pub(crate) fn text(&self, of: &Node, key: &str) -> Result<Option<String>, FileProblem> {
        let Some(node) = of.get(key).filter(|node| !node.is_null()) else { return Ok(None) };
        match node.as_text() {
            Some(text) => Ok(Some(text.to_owned())),
            None => Err(self.wrong(node, key, "a text")),
        }
    }

    /// A truth value, if there is one.
    pub(crate) fn truth(&self, of: &Node, key: &str) -> Result<Option<bool>, FileProblem> {
        let Some(node) = of.get(key).filter(|node| !node.is_null()) else { return Ok(None) };
        match node.as_bool() {
            Some(truth) => Ok(Some(truth)),
            None => Err(self.wrong(node, key, "true or false")),
        }
    }

    /// A whole number of at least `least`, if there is one, with its node.
    pub(crate) fn number<'n>(
        &self,
        of: &'n Node,
        key: &str,
        least: u32,
    ) -> Result<Option<(u64, &'n Node)>, FileProblem> {
        let Some(node) = of.get(key).filter(|node| !node.is_null()) else { return Ok(None) };
        let number = node.as_number().filter(|number| (least.into()..=MAX_NUMBER).contains(number));
        match number {
            Some(number) => Ok(Some((number, node))),
            None => {
                let expected = format!("a whole number from {least} to {MAX_NUMBER}");
                Err(self.wrong(node, key, expected))
            }
        }
    }

    /// A list of texts, each with its node; a single text is a list of one, nothing is an empty one.
    pub(crate) fn texts<'n>(
        &self,
        of: &'n Node,
        key: &str,
    ) -> Result<Vec<(String, &'n Node)>, FileProblem> {
        match of.get(key) {
            Some(node) => self.texts_in(node, key),
            None => Ok(Vec::new()),
        }
    }

    /// As [`Document::texts`], of the node itself, which messages call `key`.
    pub(crate) fn texts_in<'n>(
        &self,
        node: &'n Node,
        key: &str,
    ) -> Result<Vec<(String, &'n Node)>, FileProblem> {
        if node.is_null() {
            return Ok(Vec::new());
        }
        if let Some(text) = node.as_text() {
            return Ok(vec![(text.to_owned(), node)]);
        }
        let Some(items) = node.as_sequence() else {
            return Err(self.wrong(node, key, "a list of texts"));
        };
        if items.len() > MAX_ITEMS {
            let problem = format!("`{key}` has {} entries", items.len());
            return Err(self.problem(node, problem, format!("at most {MAX_ITEMS}")));
        }
        let text = |item: &'n std::rc::Rc<Node>| match item.as_text() {
            Some(text) => Ok((text.to_owned(), item.as_ref())),
            None => Err(self.wrong(item, &format!("{key} (one entry)"), "a text; quote it")),
        };
        items.iter().map(text).collect()
    }

    /// As [`Document::texts`], for prose. An unquoted `key: value` entry is YAML for a mapping, and
    /// people mean the sentence.
    pub(crate) fn sentences(&self, of: &Node, key: &str) -> Result<Vec<String>, FileProblem> {
        let Some(items) = of.get(key).and_then(Node::as_sequence) else {
            return Ok(self.texts(of, key)?.into_iter().map(|(text, _)| text).collect());
        };
        if items.len() > MAX_ITEMS {
            let problem = format!("`{key}` has {} entries", items.len());
            return Err(self.problem(of, problem, format!("at most {MAX_ITEMS}")));
        }
        let sentence = |item: &std::rc::Rc<Node>| {
            let whole = match &item.resolved().value {
                Value::Mapping { entries, .. } => match entries.as_slice() {
                    [one] => one
                        .key
                        .as_text()
                        .zip(one.value.as_text())
                        .map(|(before, after)| format!("{before}: {after}")),
                    _ => None,
                },
                _ => item.as_text().map(str::to_owned),
            };
            whole.ok_or_else(|| self.wrong(item, &format!("{key} (one entry)"), "a text; quote it"))
        };
        items.iter().map(sentence).collect()
    }

    /// A key with a value of another kind than it must have.
    pub(crate) fn wrong(&self, node: &Node, key: &str, expected: impl Into<String>) -> FileProblem {
        let found = match node.as_text() {
            Some(text) => format!("{:?}", text.chars().take(60).collect::<String>()),
            None => node.kind().to_owned(),
        };
        self.problem(node, format!("`{key}` is {found}"), expected)
    }

    /// Refuses a key that stands twice in this mapping.
    pub(crate) fn no_repeated_key(&self, node: &Node) -> Result<(), FileProblem> {
        match node.repeated_key() {
            Some((entry, first)) => {
                let key = entry.key.as_text().unwrap_or_default();
                let problem = format!("`{key}` stands here again, after line {first}");
                Err(self.problem(&entry.key, problem, "each key once"))
            }
            None => Ok(()),
        }
    }
}
