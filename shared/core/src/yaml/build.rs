//! From the parser's events to the tree, without recursion, within the limits.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::rc::Rc;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span, Tag};

use super::extent;
use super::node::{Entry, Node, Style, Value};
use super::{MAX_BYTES, MAX_DEPTH, MAX_EXPANDED_BYTES};

/// Why a text gives no tree.
#[derive(Debug)]
pub(super) struct Fault {
    /// From 1; 0 for the whole file.
    pub(super) line: u32,
    pub(super) problem: String,
    pub(super) expected: &'static str,
}

/// A collection whose end has not come yet.
struct Open {
    anchor: usize,
    node: Node,
    /// A mapping's key that waits for its value.
    key: Option<Rc<Node>>,
}

struct Builder<'a> {
    text: &'a str,
    /// Byte offset of each character, and of the end.
    offsets: Vec<usize>,
    open: Vec<Open>,
    anchors: BTreeMap<usize, Rc<Node>>,
    root: Option<Rc<Node>>,
    documents: u32,
}

/// The one document of this text; a null for an empty one.
pub(super) fn build(text: &str) -> Result<Node, Fault> {
    if text.len() > MAX_BYTES {
        return Err(Fault {
            line: 0,
            problem: format!("the file has {} bytes", text.len()),
            expected: "at most 1 MiB (1,048,576 bytes)",
        });
    }
    let offsets = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    let (open, anchors) = (Vec::new(), BTreeMap::new());
    let mut builder = Builder { text, offsets, open, anchors, root: None, documents: 0 };
    let mut parser = Parser::new_from_str(text);
    while let Some(event) = parser.next_event() {
        let (event, span) = event.map_err(|error| not_yaml(text, &error))?;
        builder.take(event, span)?;
    }
    let root = builder.root.take();
    drop(builder);
    Ok(root.map_or_else(nothing, |root| {
        Rc::try_unwrap(root).unwrap_or_else(|shared| (*shared).clone())
    }))
}

fn not_yaml(text: &str, error: &ScanError) -> Fault {
    let near = error.marker().line();
    let indents = |line: &str| line.trim_start_matches(' ').starts_with('\t');
    let mut lines = text.lines().enumerate().skip(near.saturating_sub(1)).take(2);
    if let Some((before, _)) = lines.find(|(_, line)| indents(line)) {
        return Fault {
            line: line_of(before.saturating_add(1)),
            problem: "this is not YAML: a tab indents this line".to_owned(),
            expected: "spaces",
        };
    }
    Fault {
        line: line_of(error.marker().line()),
        problem: format!("this is not YAML: {}", error.info()),
        expected: "YAML; look at indentation, quotes and colons on this line and the one above",
    }
}

/// What an empty file holds.
fn nothing() -> Node {
    let value = Value::Scalar { text: String::new(), style: Style::Plain };
    Node { value, tag: None, bytes: 0..0, line: 1, column: 0, height: 1, weight: 0 }
}

fn line_of(line: usize) -> u32 {
    u32::try_from(line).unwrap_or(u32::MAX)
}

impl Builder<'_> {
    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), Fault> {
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
            Event::DocumentStart(_) => {
                self.documents = self.documents.saturating_add(1);
                if self.documents > 1 {
                    return Err(Fault {
                        line: line_of(span.start.line()),
                        problem: "a second document begins here".to_owned(),
                        expected: "one document: no second `---`",
                    });
                }
                Ok(())
            }
            Event::Scalar(text, style, anchor, tag) => {
                let style = match style {
                    ScalarStyle::Plain => Style::Plain,
                    ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => Style::Quoted,
                    ScalarStyle::Literal | ScalarStyle::Folded => Style::Block,
                };
                let value = Value::Scalar { text: text.into_owned(), style };
                let node = self.node(value, tag, span);
                self.place(node, anchor)
            }
            Event::Alias(id) => {
                let Some(target) = self.anchors.get(&id).map(Rc::clone) else {
                    return Err(Fault {
                        line: line_of(span.start.line()),
                        problem: "this alias refers to something that holds it".to_owned(),
                        expected: "an alias of something that ended further up",
                    });
                };
                let node = self.node(Value::Alias(target), None, span);
                self.place(node, 0)
            }
            Event::SequenceStart(anchor, tag) => {
                let flow = extent::opens(self.text, self.byte(span.start.index()), '[');
                let node = self.node(Value::Sequence { items: Vec::new(), flow }, tag, span);
                self.begin(node, anchor)
            }
            Event::MappingStart(anchor, tag) => {
                let flow = extent::opens(self.text, self.byte(span.start.index()), '{');
                let node = self.node(Value::Mapping { entries: Vec::new(), flow }, tag, span);
                self.begin(node, anchor)
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(mut ended) = self.open.pop() else { return Ok(()) };
                ended.node.bytes.end = self.byte(span.end.index());
                extent::mend(self.text, &mut ended.node);
                self.place(ended.node, ended.anchor)
            }
        }
    }

    fn byte(&self, character: usize) -> usize {
        self.offsets.get(character).copied().unwrap_or(self.text.len())
    }

    fn node(&self, value: Value, tag: Option<Cow<'_, Tag>>, span: Span) -> Node {
        let (height, weight) = match &value {
            Value::Scalar { text, .. } => (1, text.len() as u64 + 1),
            Value::Alias(target) => (target.height.saturating_add(1), target.weight),
            Value::Sequence { .. } | Value::Mapping { .. } => (1, 1),
        };
        let mut node = Node {
            value,
            tag: tag.map(|tag| format!("{}{}", tag.handle, tag.suffix)),
            bytes: self.byte(span.start.index())..self.byte(span.end.index()),
            line: line_of(span.start.line()),
            column: u32::try_from(span.start.col()).unwrap_or(u32::MAX),
            height,
            weight,
        };
        extent::mend(self.text, &mut node);
        node
    }

    /// A collection begins.
    fn begin(&mut self, node: Node, anchor: usize) -> Result<(), Fault> {
        if self.open.len() as u64 >= u64::from(MAX_DEPTH) {
            return Err(too_deep(node.line));
        }
        self.open.push(Open { anchor, node, key: None });
        Ok(())
    }

    /// A whole node goes where it belongs.
    fn place(&mut self, node: Node, anchor: usize) -> Result<(), Fault> {
        if node.height > MAX_DEPTH {
            return Err(too_deep(node.line));
        }
        if node.weight > MAX_EXPANDED_BYTES {
            return Err(Fault {
                line: node.line,
                problem: "with its aliases written out, this is larger than 8 MiB".to_owned(),
                expected: "fewer aliases of large things",
            });
        }
        let node = Rc::new(node);
        if anchor > 0 {
            self.anchors.insert(anchor, Rc::clone(&node));
        }
        let Some(parent) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        parent.node.height = parent.node.height.max(node.height.saturating_add(1));
        parent.node.weight = parent.node.weight.saturating_add(node.weight);
        match &mut parent.node.value {
            Value::Sequence { items, .. } => items.push(node),
            Value::Mapping { entries, .. } => match parent.key.take() {
                None => parent.key = Some(node),
                Some(key) => entries.push(Entry { key, value: node }),
            },
            Value::Scalar { .. } | Value::Alias(_) => {}
        }
        Ok(())
    }
}

fn too_deep(line: u32) -> Fault {
    Fault {
        line,
        problem: "lists and mappings stand too deep inside each other".to_owned(),
        expected: "at most 64 levels",
    }
}
