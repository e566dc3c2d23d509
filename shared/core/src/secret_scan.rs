//! Finds what looks like a secret in a text, so that it is neither pushed nor kept.
//!
//! The gate refuses a change that holds one, and every text that goes into the log is redacted
//! first (DECISIONS 6, 14). A finding names rule and line, never the secret. It is a net for
//! accidents: who wants to smuggle a secret out can encode it, and the gate's paths and a person's
//! review stand against that. How much the net misses and how often it cries wolf is counted in
//! `tests.rs`, on a corpus.
//!
//! A whole new content is scanned, not only changed lines: a `Diff` does not hold the old text. So
//! a file that held a secret before cannot be edited by a task until a person has taken it out.

mod rules;
#[cfg(test)]
mod tests;
mod value;

use std::borrow::Cow;
use std::ops::Range;

use self::rules::{Compiled, Place};

/// Where what looks like a secret stands. Holds nothing of the secret.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// From 1; 0: in the file's name.
    pub line: u32,
    /// Which kind of secret: one word, stable.
    pub rule: &'static str,
}

/// The most findings that one scan names; more say nothing new.
const MAX_FINDINGS: usize = 100;

/// What looks like a secret in a file's whole content or in its name: each rule once a line, in
/// order.
pub fn scan(path: &str, content: &[u8]) -> Vec<Finding> {
    let mut findings: Vec<Finding> = spans(path, Place::Name)
        .into_iter()
        .map(|span| Finding { line: 0, rule: span.rule })
        .collect();

    let text = decode(content);
    let mut line = 1_u32;
    let mut counted = 0;
    for span in spans(&text, Place::of_file(path)) {
        let between = text.as_bytes().get(counted..span.range.start).unwrap_or_default();
        let newlines = between.iter().filter(|byte| **byte == b'\n').count();
        line = line.saturating_add(u32::try_from(newlines).unwrap_or(u32::MAX));
        counted = span.range.start;
        findings.push(Finding { line, rule: span.rule });
    }
    findings.sort();
    findings.dedup();
    findings.truncate(MAX_FINDINGS);
    findings
}

/// The text with each thing that looks like a secret replaced by `[redacted:<rule>]`.
pub fn redact(text: &str) -> Cow<'_, str> {
    let mut redacted = Cow::Borrowed(text);
    // What a replacement leaves beside it may now look like a secret by itself; it gets shorter
    // each time, and two rounds have always been enough.
    for _ in 0..3 {
        let spans = spans(&redacted, Place::Log);
        if spans.is_empty() {
            break;
        }
        redacted = Cow::Owned(replace(&redacted, &spans));
    }
    redacted
}

/// What looks like a secret, in a text.
struct Span {
    range: Range<usize>,
    rule: &'static str,
}

/// In order and without overlap: of two that overlap, what the earlier rule of the table says, over
/// the range of both.
fn spans(text: &str, place: Place) -> Vec<Span> {
    let mut found: Vec<(usize, Span)> = Vec::new();
    for (rank, rule) in Compiled::all().iter().enumerate() {
        if rule.looks_in(place) {
            let ranges = rule.find(text);
            found.extend(ranges.map(|range| (rank, Span { range, rule: rule.name() })));
        }
    }
    found.sort_by_key(|(rank, span)| (span.range.start, *rank));

    let mut merged: Vec<(usize, Span)> = Vec::new();
    for (rank, span) in found {
        match merged.last_mut() {
            Some((before, last)) if span.range.start < last.range.end => {
                last.range.end = last.range.end.max(span.range.end);
                if rank < *before {
                    last.rule = span.rule;
                    *before = rank;
                }
            }
            Some(_) | None => merged.push((rank, span)),
        }
    }
    merged.into_iter().map(|(_, span)| span).collect()
}

fn replace(text: &str, spans: &[Span]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut copied = 0;
    for span in spans {
        // Ranges come from matches in this very text, so they stand on its character boundaries.
        out.push_str(text.get(copied..span.range.start).unwrap_or_default());
        out.push_str("[redacted:");
        out.push_str(span.rule);
        out.push(']');
        copied = span.range.end;
    }
    out.push_str(text.get(copied..).unwrap_or_default());
    out
}

/// Bytes as text: UTF-16 where its mark says so (Windows tools write it), else UTF-8 with what is
/// not replaced. Newlines stay what they are.
fn decode(content: &[u8]) -> Cow<'_, str> {
    let units = |rest: &[u8], unit: fn([u8; 2]) -> u16| -> String {
        let pairs = rest.chunks_exact(2).map(|pair| match pair {
            [first, second] => unit([*first, *second]),
            _ => 0,
        });
        char::decode_utf16(pairs).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
    };
    match content {
        [0xff, 0xfe, rest @ ..] => Cow::Owned(units(rest, u16::from_le_bytes)),
        [0xfe, 0xff, rest @ ..] => Cow::Owned(units(rest, u16::from_be_bytes)),
        _ => String::from_utf8_lossy(content),
    }
}
