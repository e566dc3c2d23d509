//! About how many bytes something takes. No allocator is asked, so every fold of one log agrees.

use serde_json::Value;

use crate::event::Payload;

/// What a value takes beside its text.
const EACH: u64 = 16;

/// A payload, as far as it is kept.
pub(super) fn of_payload(payload: &Payload) -> u64 {
    payload.iter().fold(EACH, |sum, (key, value)| {
        sum.saturating_add(of_text(key)).saturating_add(of_value(value))
    })
}

/// A text.
pub(super) fn of_text(text: &str) -> u64 {
    EACH.saturating_add(text.len() as u64)
}

/// Any value.
pub(super) fn of_value(value: &Value) -> u64 {
    match value {
        Value::Null | Value::Bool(_) => EACH,
        Value::Number(number) => of_text(number.as_str()),
        Value::String(text) => of_text(text),
        // The log nests no deeper than 120.
        Value::Array(list) => {
            list.iter().fold(EACH, |sum, value| sum.saturating_add(of_value(value)))
        }
        Value::Object(object) => of_payload(object),
    }
}
