//! Where in the text the fields go.

use std::ops::Range;

use super::NewValue;
use crate::yaml::{Entry, Node, Style, Value};

/// A place in the text, and what stands there then.
type Edit = (Range<usize>, String);

/// Texts with the fields set, the most natural first; which of them is right is for the proof.
/// There is more than one only where a text block is the task's last value: whether the empty
/// lines below belong to it depends on how its header is written.
pub(super) fn candidates(
    text: &str,
    task: &Node,
    fields: &[(&'static str, NewValue<'_>)],
) -> Result<Vec<String>, String> {
    let Value::Mapping { entries, flow } = &task.value else {
        return Err("it is an alias; write it out".to_owned());
    };
    if let Some((entry, line)) = task.repeated_key() {
        let key = entry.key.as_text().unwrap_or_default();
        return Err(format!("`{key}` stands there twice, first at line {line}"));
    }
    let Some(last) = entries.last() else { return Err("it is empty".to_owned()) };
    let json = *flow && text.get(last.key.bytes.clone()).is_some_and(|key| key.starts_with('"'));
    let mut edits = Vec::new();
    let mut missing = Vec::new();
    for (key, value) in fields {
        match entries.iter().find(|entry| entry.key.as_text() == Some(*key)) {
            Some(entry) => edits.extend(replace(text, entry, *value, json)?),
            None => missing.push((*key, *value)),
        }
    }
    if missing.is_empty() {
        return Ok(vec![apply(text, edits)]);
    }
    if *flow {
        let added = missing.iter().map(|(key, value)| match json {
            true => format!(", \"{key}\": {}", spelled(*value, true)),
            false => format!(", {key}: {}", spelled(*value, false)),
        });
        let at = end_of_value(text, last);
        edits.push((at..at, added.collect()));
        return Ok(vec![apply(text, edits)]);
    }
    let line_end = line_end_of(text, last.key.bytes.start);
    let indent = " ".repeat(usize::try_from(last.key.column).unwrap_or(0));
    let added: String = missing
        .iter()
        .map(|(key, value)| format!("{indent}{key}: {}{line_end}", spelled(*value, false)))
        .collect();
    let with_lines = |at: usize| {
        let mut edits = edits.clone();
        let open_line = at > 0 && !text.get(..at).is_some_and(|before| before.ends_with('\n'));
        let added = if open_line {
            format!("{line_end}{}", added.trim_end_matches(line_end))
        } else {
            added.clone()
        };
        edits.push((at..at, added));
        apply(text, edits)
    };
    Ok(ends_of_block(text, last).into_iter().map(with_lines).collect())
}

/// The edit that gives an existing key its value; none where it has it.
fn replace(
    text: &str,
    entry: &Entry,
    value: NewValue<'_>,
    json: bool,
) -> Result<Option<Edit>, String> {
    let node = &entry.value;
    if super::proof::has(node, value) {
        return Ok(None);
    }
    let several_lines = match &node.value {
        Value::Scalar { style, .. } => *style == Style::Block,
        Value::Sequence { flow, .. } | Value::Mapping { flow, .. } => !flow,
        Value::Alias(_) => false,
    };
    if several_lines {
        let key = entry.key.as_text().unwrap_or_default();
        return Err(format!("the value of `{key}` is a block; write it on one line"));
    }
    let spelled = spelled(value, json);
    if node.bytes.is_empty() {
        let at = end_of_value(text, entry);
        let colon = at > entry.key.bytes.end;
        let before = if colon { " " } else { ": " };
        return Ok(Some((at..at, format!("{before}{spelled}"))));
    }
    Ok(Some((node.bytes.clone(), spelled)))
}

/// Where the value ends; after the colon where there is none, after the key where even that is
/// missing, as `{a, b}` allows.
fn end_of_value(text: &str, entry: &Entry) -> usize {
    if !entry.value.bytes.is_empty() {
        return entry.value.bytes.end;
    }
    let end = entry.key.bytes.end;
    let rest = text.get(end..).unwrap_or_default();
    let blanks = rest.len().saturating_sub(rest.trim_start_matches([' ', '\t']).len());
    match rest.get(blanks..) {
        Some(rest) if rest.starts_with(':') => end.saturating_add(blanks).saturating_add(1),
        _ => end,
    }
}

/// Where lines may be added after this entry of a block mapping.
fn ends_of_block(text: &str, last: &Entry) -> Vec<usize> {
    match end_of_content(text, last) {
        Ok(end) => vec![after_line(text, end)],
        Err(block) => {
            let column = usize::try_from(last.key.column).unwrap_or(0);
            let (without_blanks, with_blanks) = end_of_text_block(text, block, column);
            vec![without_blanks, with_blanks]
        }
    }
}

/// The last byte's end of an entry; the text block in which that is, if it is in one.
fn end_of_content<'n>(text: &str, entry: &'n Entry) -> Result<usize, &'n Node> {
    match &entry.value.value {
        Value::Mapping { flow: false, .. }
        | Value::Sequence { flow: false, .. }
        | Value::Scalar { style: Style::Block, .. } => end_of_node(text, &entry.value),
        _ => Ok(end_of_value(text, entry)),
    }
}

fn end_of_node<'n>(text: &str, node: &'n Node) -> Result<usize, &'n Node> {
    let inner = match &node.value {
        Value::Mapping { entries, flow: false } => {
            entries.last().map(|last| end_of_content(text, last))
        }
        Value::Sequence { items, flow: false } => items.last().map(|last| end_of_node(text, last)),
        Value::Scalar { style: Style::Block, .. } => Some(Err(node)),
        _ => None,
    };
    inner.unwrap_or(Ok(node.bytes.end))
}

/// The start of the line after this byte, or the end of the text.
fn after_line(text: &str, at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    rest.find('\n').map_or(text.len(), |newline| at.saturating_add(newline).saturating_add(1))
}

/// The end of the block's lines, which are indented more than the key, without and with the empty
/// ones at their end.
fn end_of_text_block(text: &str, block: &Node, column: usize) -> (usize, usize) {
    let before = text.get(..block.bytes.start).unwrap_or_default();
    let start = before.rfind('\n').map_or(0, |newline| newline.saturating_add(1));
    let (mut without_blanks, mut at) = (start, start);
    for line in text.get(start..).unwrap_or_default().split_inclusive('\n') {
        let blank = line.trim().is_empty();
        let indent = line.len().saturating_sub(line.trim_start_matches(' ').len());
        if !blank && indent <= column {
            break;
        }
        at = at.saturating_add(line.len());
        if !blank {
            without_blanks = at;
        }
    }
    (without_blanks, at)
}

/// How this line ends; the text's only line may have no end.
fn line_end_of(text: &str, at: usize) -> &'static str {
    let whole = text.get(..after_line(text, at)).unwrap_or(text);
    let crlf = if whole.ends_with('\n') { whole.ends_with("\r\n") } else { text.contains("\r\n") };
    if crlf { "\r\n" } else { "\n" }
}

/// A value as YAML; as JSON where its neighbours are.
fn spelled(value: NewValue<'_>, json: bool) -> String {
    let text = match value {
        NewValue::False => return "false".to_owned(),
        NewValue::Null => return "null".to_owned(),
        NewValue::Text(text) => text,
    };
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"/_.-".contains(&b))
        && !is_reserved(text);
    if json || text.chars().any(char::is_control) {
        serde_json::Value::from(text).to_string()
    } else if plain {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "''"))
    }
}

/// Words that some reader of YAML takes for something other than a text.
fn is_reserved(text: &str) -> bool {
    let word = text.to_ascii_lowercase();
    matches!(word.as_str(), "true" | "false" | "yes" | "no" | "on" | "off" | "y" | "n" | "null")
}

/// The text with all edits made; none of them overlap.
fn apply(text: &str, mut edits: Vec<Edit>) -> String {
    edits.sort_by_key(|(range, _)| (range.start, range.end));
    let mut edited = text.to_owned();
    for (range, new) in edits.into_iter().rev() {
        if edited.is_char_boundary(range.start) && edited.is_char_boundary(range.end) {
            edited.replace_range(range, &new);
        }
    }
    edited
}
