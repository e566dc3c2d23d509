//! Where a node really ends. The parser's spans run on: over the blanks and the comment after quotes
//! and brackets, and where no value stands, over what comes next.

use super::node::{Node, Style, Value};

/// Sets the end of a node's bytes to its last character.
pub(super) fn mend(text: &str, node: &mut Node) {
    let start = after_properties(text, node.bytes.start);
    let end = match &node.value {
        Value::Scalar { text: value, style: Style::Plain } if value.is_empty() => {
            // An anchor or a tag without a value behind it is all that there is.
            if start == node.bytes.start { Some(start) } else { None }
        }
        Value::Scalar { style: Style::Quoted, .. } => end_of_quotes(text, start),
        Value::Sequence { items, flow: true } => {
            end_of_brackets(text, start, items.last().map(|item| item.bytes.end))
        }
        Value::Mapping { entries, flow: true } => {
            end_of_brackets(text, start, entries.last().map(|last| last.value.bytes.end))
        }
        _ => None,
    };
    if let Some(end) = end {
        node.bytes.end = end;
    }
}

/// Whether the node that starts here is written with this bracket.
pub(super) fn opens(text: &str, start: usize, bracket: char) -> bool {
    let start = after_properties(text, start);
    text.get(start..).is_some_and(|rest| rest.starts_with(bracket))
}

/// Past an anchor and a tag.
fn after_properties(text: &str, start: usize) -> usize {
    let mut rest = text.get(start..).unwrap_or_default();
    while rest.starts_with(['&', '!']) {
        rest = rest.split_once([' ', '\t']).map_or("", |(_, after)| after.trim_start());
    }
    text.len().saturating_sub(rest.len())
}

fn end_of_quotes(text: &str, start: usize) -> Option<usize> {
    let quoted = text.get(start..)?;
    let quote = quoted.chars().next()?;
    let mut escaped = false;
    let mut characters = quoted.char_indices().skip(1).peekable();
    while let Some((at, c)) = characters.next() {
        if escaped {
            escaped = false;
        } else if quote == '"' && c == '\\' {
            escaped = true;
        } else if c == quote {
            // Two single quotes are one in the text.
            let doubled =
                quote == '\'' && characters.peek().is_some_and(|(_, next)| *next == quote);
            if !doubled {
                return start.checked_add(at)?.checked_add(1);
            }
            characters.next();
        }
    }
    None
}

/// The closing bracket comes after the last thing inside, blanks, commas and comments.
fn end_of_brackets(text: &str, start: usize, last: Option<usize>) -> Option<usize> {
    let from = last.unwrap_or_else(|| start.saturating_add(1));
    let mut comment = false;
    for (at, c) in text.get(from..)?.char_indices() {
        match c {
            '\n' => comment = false,
            ']' | '}' if !comment => return from.checked_add(at)?.checked_add(1),
            '#' => comment = true,
            _ => {}
        }
    }
    None
}
