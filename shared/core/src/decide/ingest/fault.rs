//! What is wrong with a request, entry by entry, as the original's clients know it (CONTRACT 1.1).

use serde::Serialize;
use serde_json::{Value, json};

/// The most bytes of the caller's own input that an entry repeats.
const MAX_INPUT_BYTES: usize = 2 * 1024;

/// One step on the way to the fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Step {
    /// `body`, `query`, or a key.
    Key(String),
    /// A position: in a list, or of a character in broken JSON.
    Index(usize),
}

impl From<&str> for Step {
    fn from(key: &str) -> Self {
        Self::Key(key.to_owned())
    }
}

impl From<usize> for Step {
    fn from(index: usize) -> Self {
        Self::Index(index)
    }
}

/// One fault.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Fault {
    /// One word for machines, such as `missing`, `string_type`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Where, from `body` or `query` on.
    pub loc: Vec<Step>,
    /// What is expected, for a person.
    pub msg: String,
    /// What was there; null when it is long.
    pub input: Value,
    /// The numbers and texts that `msg` speaks of, where the original sent them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ctx: Option<Value>,
}

impl Fault {
    /// A fault at this place.
    pub fn new(kind: &'static str, loc: Vec<Step>, msg: impl Into<String>, input: &Value) -> Self {
        Self { kind, loc, msg: msg.into(), input: short(input), ctx: None }
    }

    /// A field that has to be there. `input` is what lacks it.
    pub fn missing(loc: Vec<Step>, input: &Value) -> Self {
        Self::new("missing", loc, "Field required", input)
    }

    /// Not a text.
    pub fn no_string(loc: Vec<Step>, input: &Value) -> Self {
        Self::new("string_type", loc, "Input should be a valid string", input)
    }

    /// Not a list.
    pub fn no_list(loc: Vec<Step>, input: &Value) -> Self {
        Self::new("list_type", loc, "Input should be a valid list", input)
    }

    /// Not an object.
    pub fn no_object(loc: Vec<Step>, input: &Value) -> Self {
        Self::new("dict_type", loc, "Input should be a valid dictionary", input)
    }

    /// A whole number below the least.
    pub fn too_small(loc: Vec<Step>, least: i64, input: &Value) -> Self {
        let msg = format!("Input should be greater than or equal to {least}");
        let ctx = Some(json!({ "ge": least }));
        Self { ctx, ..Self::new("greater_than_equal", loc, msg, input) }
    }

    /// A rule of ours.
    pub fn value(loc: Vec<Step>, msg: impl Into<String>, input: &Value) -> Self {
        Self::new("value_error", loc, msg, input)
    }
}

/// The way to something in the body.
pub fn body(steps: &[&str]) -> Vec<Step> {
    std::iter::once("body").chain(steps.iter().copied()).map(Step::from).collect()
}

/// The way to something in one of the bundle's events.
pub(super) fn at_event(index: usize, field: Option<&str>) -> Vec<Step> {
    let mut loc = body(&["events"]);
    loc.push(index.into());
    loc.extend(field.map(Step::from));
    loc
}

/// What the caller sent, unless repeating it would make the answer long.
fn short(input: &Value) -> Value {
    if input.to_string().len() > MAX_INPUT_BYTES { Value::Null } else { input.clone() }
}
