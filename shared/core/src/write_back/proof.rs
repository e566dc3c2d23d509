//! That an edit did what it should and nothing else.

use std::rc::Rc;

use super::NewValue;
use crate::backlog::tasks_of;
use crate::yaml::{Document, Entry, Node, Style, Value};

/// Whether both files say the same but for the fields of the one task, and those are set: existing
/// keys where they were, missing ones after them in the given order.
pub(super) fn holds(
    before: &Document<'_>,
    after: &Document<'_>,
    index: usize,
    fields: &[(&'static str, NewValue<'_>)],
) -> bool {
    let (Ok(old), Ok(new)) = (tasks_of(before), tasks_of(after)) else { return false };
    let around = match (&before.root.value, &after.root.value) {
        (Value::Mapping { entries: old, .. }, Value::Mapping { entries: new, .. }) => {
            same_but_tasks(old, new)
        }
        (Value::Sequence { .. }, Value::Sequence { .. }) => true,
        _ => false,
    };
    around
        && old.len() == new.len()
        && old.iter().zip(new).enumerate().all(|(at, (old, new))| match at == index {
            true => completed(old, new, fields),
            false => old.says_the_same(new),
        })
}

fn same_but_tasks(old: &[Entry], new: &[Entry]) -> bool {
    old.len() == new.len()
        && old.iter().zip(new).all(|(old, new)| {
            let tasks = old.key.as_text() == Some("tasks");
            old.key.says_the_same(&new.key)
                && if tasks { same_kind(&old.value, &new.value) } else { old.says_the_same(new) }
        })
}

/// The list of tasks is compared item by item; here only that it is one still.
fn same_kind(old: &Rc<Node>, new: &Rc<Node>) -> bool {
    old.tag == new.tag && std::mem::discriminant(&old.value) == std::mem::discriminant(&new.value)
}

fn completed(old: &Node, new: &Node, fields: &[(&'static str, NewValue<'_>)]) -> bool {
    let (Value::Mapping { entries: old_entries, .. }, Value::Mapping { entries: new_entries, .. }) =
        (&old.value, &new.value)
    else {
        return false;
    };
    let (kept, added) = new_entries.split_at(old_entries.len().min(new_entries.len()));
    let value_of = |entry: &Entry| {
        let key = entry.key.as_text()?;
        fields.iter().find(|(field, _)| *field == key).map(|(_, value)| *value)
    };
    let missing: Vec<_> = fields
        .iter()
        .filter(|(field, _)| !old_entries.iter().any(|old| old.key.as_text() == Some(*field)))
        .collect();
    old.tag == new.tag
        && kept.len() == old_entries.len()
        && old_entries.iter().zip(kept).all(|(old, new)| match value_of(old) {
            Some(value) => old.key.says_the_same(&new.key) && has(&new.value, value),
            None => old.says_the_same(new),
        })
        && added.len() == missing.len()
        && added.iter().zip(missing).all(|(entry, (field, value))| {
            entry.key.as_text() == Some(*field) && has(&entry.value, *value)
        })
}

/// Whether a node is this value, for every reader of YAML.
pub(super) fn has(node: &Node, value: NewValue<'_>) -> bool {
    let Value::Scalar { text, style } = &node.value else { return false };
    match value {
        NewValue::Text(wanted) => text == wanted && !node.is_null() && node.tag.is_none(),
        NewValue::False => text == "false" && *style == Style::Plain && node.tag.is_none(),
        NewValue::Null => node.is_null(),
    }
}
