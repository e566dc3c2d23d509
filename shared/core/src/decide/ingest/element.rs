//! One element of a bundle's `events`: an event's envelope, checked (CONTRACT 2.1).

use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::fault::{Fault, at_event};
use super::large;
use crate::chain;
use crate::event::Payload;
use crate::ids::Digest;
use crate::secret_scan::redact;
use crate::timestamp;

/// The longest event id, type, actor and time, in characters. The original's database had the first
/// two; no client comes near.
const MAX_ID: usize = 255;
const MAX_TYPE: usize = 100;
const MAX_TIME: usize = 64;

/// One event as a client sent it, checked and free of secrets.
#[derive(Debug, Clone, PartialEq)]
pub struct Incoming {
    /// As sent; not unique.
    pub event_id: String,
    /// As sent.
    pub event_type: String,
    /// As sent; a number as its digits.
    pub timestamp: String,
    /// As sent.
    pub actor_id: Option<String>,
    /// As sent, without secrets; what is too large for the log is set aside.
    pub payload: Payload,
}

/// One element, read.
#[derive(Debug, Clone, PartialEq)]
pub struct Element {
    /// Its position in the bundle, from 0.
    pub index: usize,
    /// Of its text, without secrets.
    pub digest: Digest,
    /// The event, or what is wrong with it.
    pub event: Result<Incoming, Vec<Fault>>,
    /// Its whole payload, where only a part of it goes into the log: an artifact's bytes.
    pub set_aside: Option<Vec<u8>>,
}

/// Reads one element. It is known to be an object, but its text may hold what no event can: lone
/// surrogates, nesting without end, numbers beyond every float.
pub(super) fn read(index: usize, raw: &RawValue) -> Element {
    match read_fields(index, raw) {
        Ok(mut event) => {
            redact_object(&mut event.payload);
            let set_aside = large::set_aside(&mut event.payload);
            let digest = Digest::of(spelling(&event).as_bytes());
            Element { index, digest, event: Ok(event), set_aside }
        }
        Err(faults) => {
            let digest = Digest::of(redact(raw.get()).as_bytes());
            Element { index, digest, event: Err(faults), set_aside: None }
        }
    }
}

/// What two equal events have in common.
fn spelling(event: &Incoming) -> String {
    let Incoming { event_id, event_type, timestamp, actor_id, payload } = event;
    serde_json::json!([event_id, event_type, timestamp, actor_id, payload]).to_string()
}

fn read_fields(index: usize, raw: &RawValue) -> Result<Incoming, Vec<Fault>> {
    let object: Map<String, Value> = serde_json::from_str(raw.get()).map_err(|problem| {
        let msg = format!("The event can't be read: {}", without_place(&problem));
        vec![Fault::value(at_event(index, None), msg, &Value::Null)]
    })?;
    let whole = Value::Object(object);
    let mut faults = Vec::new();
    let event_id = text(&whole, "event_id", MAX_ID, index, &mut faults);
    let event_type = text(&whole, "event_type", MAX_TYPE, index, &mut faults);
    let timestamp = time(&whole, index, &mut faults);
    let actor_id = match whole.get("actor_id") {
        None | Some(Value::Null) => None,
        Some(_) => text(&whole, "actor_id", MAX_ID, index, &mut faults),
    };
    let payload = payload(&whole, index, &mut faults);
    match (event_id, event_type, timestamp, payload) {
        (Some(event_id), Some(event_type), Some(timestamp), Some(payload)) if faults.is_empty() => {
            Ok(Incoming { event_id, event_type, timestamp, actor_id, payload })
        }
        _ => Err(faults),
    }
}

fn text(
    whole: &Value,
    field: &str,
    most: usize,
    index: usize,
    faults: &mut Vec<Fault>,
) -> Option<String> {
    let loc = at_event(index, Some(field));
    match whole.get(field) {
        None => faults.push(Fault::missing(loc, whole)),
        Some(Value::String(text)) if text.chars().take(most + 1).count() <= most => {
            return Some(text.clone());
        }
        Some(Value::String(text)) => {
            let msg = format!("String should have at most {most} characters");
            faults.push(Fault::new("string_too_long", loc, msg, &Value::from(text.as_str())));
        }
        Some(other) => faults.push(Fault::no_string(loc, other)),
    }
    None
}

fn time(whole: &Value, index: usize, faults: &mut Vec<Fault>) -> Option<String> {
    let loc = at_event(index, Some("timestamp"));
    let sent = match whole.get("timestamp") {
        None => {
            faults.push(Fault::missing(loc, whole));
            return None;
        }
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.as_str().to_owned(),
        Some(other) => {
            faults.push(Fault::new(
                "datetime_type",
                loc,
                "Input should be a valid datetime",
                other,
            ));
            return None;
        }
    };
    let problem = match timestamp::parse(&sent) {
        Ok(_) if sent.len() <= MAX_TIME => return Some(sent),
        Ok(_) => format!("Input should be a valid datetime of at most {MAX_TIME} characters"),
        Err(problem) => format!("Input should be a valid datetime, {}", problem.rule),
    };
    faults.push(Fault::new("datetime_parsing", loc, problem, &Value::from(sent)));
    None
}

fn payload(whole: &Value, index: usize, faults: &mut Vec<Fault>) -> Option<Payload> {
    let loc = at_event(index, Some("payload"));
    let payload = match whole.get("payload") {
        None => {
            faults.push(Fault::missing(loc, whole));
            return None;
        }
        Some(Value::Object(payload)) => payload,
        Some(other) => {
            faults.push(Fault::no_object(loc, other));
            return None;
        }
    };
    if payload.contains_key(large::MARK) {
        let msg = format!("the key {} is Leviathan's own", large::MARK);
        faults.push(Fault::value(loc, msg, &Value::Null));
        return None;
    }
    if let Err(problem) = chain::canonical(payload) {
        faults.push(Fault::value(loc, problem.to_string(), &Value::Null));
        return None;
    }
    Some(payload.clone())
}

/// What the parser says, without the line and column: they count within the element, which nobody
/// sees.
fn without_place(problem: &serde_json::Error) -> String {
    let text = problem.to_string();
    text.split_once(" at line ").map_or(text.as_str(), |(text, _)| text).to_owned()
}

fn redact_object(object: &mut Payload) {
    for value in object.values_mut() {
        redact_value(value);
    }
}

fn redact_value(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let std::borrow::Cow::Owned(redacted) = redact(text) {
                *text = redacted;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(redact_value),
        Value::Object(object) => redact_object(object),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
