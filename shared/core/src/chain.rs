//! The original's hash chain: each event's hash covers the one before it, so that nobody can
//! change, drop or reorder what its clients once exported (CONTRACT 2.2).
//!
//! The hash is taken over one spelling of the event, the one that Python gives it. Numbers are
//! spelled from the text that was sent, never by way of a type that could round them; floats alone
//! are read, because Python reads them too.

mod journal;

use std::fmt::Write as _;

use serde_json::{Number, Value};
use sha2::{Digest as _, Sha256};

pub use journal::{JournalLine, JournalProblem, Verifier};

use crate::event::Payload;
use crate::timestamp::{self, TimestampProblem};

/// Lists and objects that may stand inside each other in a payload. The reader of the log takes 127
/// in a whole line; a payload that it could not read back must never be appended.
const MAX_DEPTH: u32 = 120;

/// Why an event can't be hashed. The original accepted some of these and could then not verify its
/// own journal; they are refused before they are appended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChainProblem {
    /// The timestamp can't be read.
    #[error(transparent)]
    Timestamp(#[from] TimestampProblem),
    /// A number that Python reads as infinite.
    #[error("the number {text} is beyond what a float can hold; send it as text")]
    Overflow {
        /// The number as sent, cut to 40 characters.
        text: String,
    },
    /// Too many lists and objects inside each other.
    #[error("the payload is nested more than {MAX_DEPTH} levels deep; flatten it")]
    TooDeep,
}

/// The hash of one event, 64 lower-case hex digits. `prev_hash` is the hash of the event before it,
/// `None` for the first; `timestamp` is the text as sent.
pub fn event_hash(
    prev_hash: Option<&str>,
    event_id: &str,
    event_type: &str,
    timestamp: &str,
    actor_id: Option<&str>,
    payload: &Payload,
) -> Result<String, ChainProblem> {
    let mut text = String::with_capacity(512);
    text.push_str("{\"actor_id\":");
    write_optional(actor_id, &mut text);
    text.push_str(",\"event_id\":");
    write_text(event_id, &mut text);
    text.push_str(",\"event_type\":");
    write_text(event_type, &mut text);
    text.push_str(",\"payload\":");
    write_object(payload, 1, &mut text)?;
    text.push_str(",\"prev_hash\":");
    write_optional(prev_hash, &mut text);
    text.push_str(",\"timestamp\":");
    write_text(&timestamp::parse(timestamp)?.isoformat(), &mut text);
    text.push('}');
    Ok(data_encoding::HEXLOWER.encode(&Sha256::digest(text.as_bytes())))
}

/// One spelling for one value: keys sorted by code point, ASCII only, numbers as Python spells
/// them. Two payloads with the same spelling are the same payload (DECISIONS 6).
pub fn canonical(payload: &Payload) -> Result<String, ChainProblem> {
    let mut text = String::with_capacity(256);
    write_object(payload, 1, &mut text)?;
    Ok(text)
}

fn write_value(value: &Value, depth: u32, out: &mut String) -> Result<(), ChainProblem> {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) => write_number(number, out)?,
        Value::String(text) => write_text(text, out),
        Value::Array(items) => {
            let depth = one_deeper(depth)?;
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_value(item, depth, out)?;
            }
            out.push(']');
        }
        Value::Object(object) => write_object(object, one_deeper(depth)?, out)?,
    }
    Ok(())
}

fn one_deeper(depth: u32) -> Result<u32, ChainProblem> {
    if depth < MAX_DEPTH { Ok(depth + 1) } else { Err(ChainProblem::TooDeep) }
}

fn write_object(object: &Payload, depth: u32, out: &mut String) -> Result<(), ChainProblem> {
    let mut entries: Vec<(&String, &Value)> = object.iter().collect();
    // UTF-8 sorts by code point as its bytes do; UTF-16, as in some other languages, does not.
    entries.sort_unstable_by(|a, b| a.0.cmp(b.0));
    out.push('{');
    for (index, (key, value)) in entries.into_iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        write_text(key, out);
        out.push(':');
        write_value(value, depth, out)?;
    }
    out.push('}');
    Ok(())
}

fn write_optional(text: Option<&str>, out: &mut String) {
    match text {
        Some(text) => write_text(text, out),
        None => out.push_str("null"),
    }
}

fn write_text(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            ' '..='~' => out.push(c),
            _ => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    // Writing into a String never fails.
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
        }
    }
    out.push('"');
}

fn write_number(number: &Number, out: &mut String) -> Result<(), ChainProblem> {
    let text = number.as_str();
    if !text.contains(['.', 'e', 'E']) {
        // Python knows no negative zero among the integers.
        out.push_str(if text == "-0" { "0" } else { text });
        return Ok(());
    }
    match text.parse::<f64>() {
        Ok(float) if float.is_finite() => write_float(float, out),
        Ok(_) | Err(_) => {
            return Err(ChainProblem::Overflow { text: text.chars().take(40).collect() });
        }
    }
    Ok(())
}

/// Python's repr: the fewest digits that read back the same; plain from 1e-4 up to below 1e16,
/// else with an exponent of sign and at least two digits; a whole float keeps its `.0`.
fn write_float(float: f64, out: &mut String) {
    let magnitude = float.abs();
    if float.is_sign_negative() {
        out.push('-');
    }
    if magnitude == 0.0 || (1e-4..1e16).contains(&magnitude) {
        // Display never takes an exponent, and drops the `.0`.
        let plain = format!("{magnitude}");
        out.push_str(&plain);
        if !plain.contains('.') {
            out.push_str(".0");
        }
        return;
    }
    let scientific = format!("{magnitude:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let (sign, exponent) = match exponent.strip_prefix('-') {
        Some(exponent) => ('-', exponent),
        None => ('+', exponent),
    };
    let _ = write!(out, "{digits}e{sign}{exponent:0>2}");
}

#[cfg(test)]
mod tests;
