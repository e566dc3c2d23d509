//! A bundle as it comes in: its envelope, which is accepted or refused whole, and its elements,
//! each read by itself (CONTRACT 1.2, DECISIONS 6).

use std::collections::BTreeMap;

use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::element::{self, Element};
use super::fault::{Fault, Step, body};
use crate::ids::{Digest, TargetId};

/// The longest target and bundle id, in bytes.
const MAX_NAME: usize = 255;

/// A bundle whose envelope is sound.
#[derive(Debug, Clone, PartialEq)]
pub struct Bundle {
    /// As sent.
    pub target: String,
    /// As sent. Many bundles of one worker may share it.
    pub bundle_id: String,
    /// In their order.
    pub elements: Vec<Element>,
}

impl Bundle {
    /// What makes two bundles of one id the same or not.
    pub fn content(&self) -> Digest {
        let digests: Vec<&str> = self.elements.iter().map(|e| e.digest.as_str()).collect();
        Digest::of(digests.join("\n").as_bytes())
    }

    /// The target, where its name is one that we can have. The original's clients may use others.
    pub fn target_id(&self) -> Option<TargetId> {
        self.target.parse().ok()
    }

    /// How many of its elements are events.
    pub fn sound(&self) -> u64 {
        self.elements.iter().map(|element| u64::from(element.event.is_ok())).sum()
    }

    /// What is wrong with its elements.
    pub fn faults(&self) -> Vec<Fault> {
        self.elements.iter().filter_map(|e| e.event.as_ref().err()).flatten().cloned().collect()
    }
}

/// Reads a request's body of one text field, such as `reason`, of at most `most` bytes.
pub fn read_text(body_text: &str, field: &str, most: usize) -> Result<String, Vec<Fault>> {
    let fields = fields(body_text)?;
    let mut faults = Vec::new();
    match name(&fields, field, most, &short_value(body_text), &mut faults) {
        Some(text) => Ok(text),
        None => Err(faults),
    }
}

type Fields<'a> = BTreeMap<String, &'a RawValue>;

/// Reads a request's body. Every fault of the envelope is named.
pub fn read(text: &str) -> Result<Bundle, Vec<Fault>> {
    let fields = fields(text)?;
    let whole = short_value(text);
    let mut faults = Vec::new();
    let target = name(&fields, "target", MAX_NAME, &whole, &mut faults);
    let bundle_id = name(&fields, "bundle_id", MAX_NAME, &whole, &mut faults);
    let events = match fields.get("events") {
        Some(raw) => objects(raw, "events", &mut faults),
        None => {
            faults.push(Fault::missing(body(&["events"]), &whole));
            Vec::new()
        }
    };
    if let Some(raw) = fields.get("artifacts").filter(|raw| raw.get() != "null") {
        for (index, artifact) in objects(raw, "artifacts", &mut faults).into_iter().enumerate() {
            check_artifact(index, artifact, &mut faults);
        }
    }
    let (Some(target), Some(bundle_id), true) = (target, bundle_id, faults.is_empty()) else {
        return Err(faults);
    };
    let elements = events.into_iter().enumerate().map(|(i, raw)| element::read(i, raw)).collect();
    Ok(Bundle { target, bundle_id, elements })
}

fn fields(text: &str) -> Result<Fields<'_>, Vec<Fault>> {
    // Only checks that it is JSON, whatever its depth: what is in it is read piece by piece.
    let raw: &RawValue = serde_json::from_str(text).map_err(|problem| {
        let at = offset(text, problem.line(), problem.column());
        let loc = vec![Step::from("body"), Step::from(at)];
        let ctx = Some(json!({ "error": problem.to_string() }));
        vec![Fault { ctx, ..Fault::new("json_invalid", loc, "JSON decode error", &json!({})) }]
    })?;
    if raw.get() == "null" {
        return Err(vec![Fault::missing(body(&[]), &Value::Null)]);
    }
    serde_json::from_str(raw.get()).map_err(|_| vec![not_an_object(&short_value(text))])
}

/// The body is no object that fields could be taken from.
pub fn not_an_object(input: &Value) -> Fault {
    let msg = "Input should be a valid dictionary or object to extract fields from";
    Fault::new("model_attributes_type", body(&[]), msg, input)
}

/// Where the parser stopped, in characters from the start.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let before: usize =
        text.split_inclusive('\n').take(line.saturating_sub(1)).map(|l| l.chars().count()).sum();
    before.saturating_add(column.saturating_sub(1))
}

/// A text as a value, to be repeated in a fault; null where it is long or can't be one.
fn short_value(text: &str) -> Value {
    let short = text.len() <= 16 * 1024;
    short.then(|| serde_json::from_str(text).ok()).flatten().unwrap_or_default()
}

fn name(
    fields: &Fields<'_>,
    field: &str,
    most: usize,
    whole: &Value,
    faults: &mut Vec<Fault>,
) -> Option<String> {
    let loc = body(&[field]);
    let Some(raw) = fields.get(field) else {
        faults.push(Fault::missing(loc, whole));
        return None;
    };
    match short_value(raw.get()) {
        Value::String(text) if text.len() <= most => return Some(text),
        Value::String(_) => {
            let msg = format!("String should have at most {most} characters");
            faults.push(Fault::new("string_too_long", loc, msg, &Value::Null));
        }
        other => faults.push(Fault::no_string(loc, &other)),
    }
    None
}

fn objects<'a>(raw: &'a RawValue, field: &str, faults: &mut Vec<Fault>) -> Vec<&'a RawValue> {
    let Ok(items) = serde_json::from_str::<Vec<&RawValue>>(raw.get()) else {
        faults.push(Fault::no_list(body(&[field]), &short_value(raw.get())));
        return Vec::new();
    };
    for (index, item) in items.iter().enumerate() {
        if !item.get().starts_with('{') {
            let mut loc = body(&[field]);
            loc.push(index.into());
            faults.push(Fault::no_object(loc, &short_value(item.get())));
        }
    }
    items
}

/// Artifacts are announced here and sent elsewhere; the original only logged them.
fn check_artifact(index: usize, raw: &RawValue, faults: &mut Vec<Fault>) {
    let artifact = short_value(raw.get());
    if !artifact.is_object() {
        return;
    }
    for field in ["sha256", "kind", "uri", "size"] {
        let mut loc = body(&["artifacts"]);
        loc.extend([Step::from(index), Step::from(field)]);
        match (field, artifact.get(field)) {
            (_, None) => faults.push(Fault::missing(loc, &artifact)),
            ("size", Some(size)) => {
                faults.extend(whole_number(loc, size).err().map(|fault| *fault))
            }
            (_, Some(Value::String(_))) => {}
            (_, Some(other)) => faults.push(Fault::no_string(loc, other)),
        }
    }
}

/// A whole number, also one sent as text; large ones count as the largest.
pub fn whole_number(loc: Vec<Step>, value: &Value) -> Result<i64, Box<Fault>> {
    let digits = match value {
        Value::Bool(yes) => return Ok(i64::from(*yes)),
        Value::Number(number) => number.as_str(),
        Value::String(text) => text.trim(),
        other => {
            let msg = "Input should be a valid integer";
            return Err(Box::new(Fault::new("int_type", loc, msg, other)));
        }
    };
    // `1.0` counts as 1.
    let whole = digits.split_once('.').map_or(digits, |(whole, zeros)| {
        if zeros.bytes().all(|b| b == b'0') && !zeros.is_empty() { whole } else { digits }
    });
    let unsigned = whole.strip_prefix(['-', '+']).unwrap_or(whole);
    if !unsigned.is_empty() && unsigned.bytes().all(|b| b.is_ascii_digit()) {
        let beyond = if whole.starts_with('-') { i64::MIN } else { i64::MAX };
        return Ok(whole.parse().unwrap_or(beyond));
    }
    let (kind, msg) = if value.is_number() {
        ("int_from_float", "Input should be a valid integer, got a number with a fractional part")
    } else {
        ("int_parsing", "Input should be a valid integer, unable to parse string as an integer")
    };
    Err(Box::new(Fault::new(kind, loc, msg, value)))
}
